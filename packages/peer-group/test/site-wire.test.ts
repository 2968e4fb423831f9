import { readFileSync } from 'node:fs'
import type { Message } from '@interpeer/wire-codec'
import { checkCddl } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { siteReply, siteRequest } from '../src/index.js'

test.each([siteRequest, siteReply].map((message) => [message.name, message as unknown as Message<never>] as const))(
  '%s: code and CDDL agree',
  (name, message) => {
    expect(checkCddl(message, readFileSync(new URL(`../src/${name}.cddl`, import.meta.url), 'utf8'))).toEqual([])
  },
)

test('a reply has no field for a batch: its proof leads to the seed, and so to the tokens of others', () => {
  expect(siteReply.cddl()).not.toContain('batch')
})
