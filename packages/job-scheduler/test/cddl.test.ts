import { readFileSync } from 'node:fs'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { closeMessage, manifestMessage, publishMessage } from '../src/index.js'

const cddl = readFileSync(new URL('../src/jobs.cddl', import.meta.url), 'utf8')
test.each([manifestMessage, publishMessage, closeMessage].map((message) => [message.name, message] as const))(
  '%s: the CDDL says what the code does',
  (_, message) => {
    expect(checkCddl(message as never, cddl)).toEqual([])
  },
)
