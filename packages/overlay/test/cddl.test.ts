import { readFileSync } from 'node:fs'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import * as messages from '../src/messages.js'

const text = readFileSync(new URL('../src/messages.cddl', import.meta.url), 'utf8')
const declared = Object.values(messages).filter((one) => typeof one === 'object')

test.each(declared.map((one) => [one.name, one] as const))('%s: code and CDDL agree', (_, one) => {
  expect(checkCddl(one, text)).toEqual([])
  expect(one.number).toBeGreaterThanOrEqual(16)
  expect(one.number).toBeLessThanOrEqual(31)
})
