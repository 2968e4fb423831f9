import { readFileSync } from 'node:fs'
import { contentIdOfBytes, jobIdOf, parseNetworkId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { faultsOfEnvelopes } from '@interpeer/crypto-ids/test-vectors'
import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { createVerifier } from '../src/verifier.js'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/peer-group.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))

/** As members open it: the codes are fewer there. */
function asMember(message: Message<never>, good: Uint8Array, bytes: Uint8Array): string {
  const { job, epoch } = message.decode(peekPayload(good) as Uint8Array) as { readonly job: Uint8Array; readonly epoch: number }
  const members = [signed.key, signed.otherKey].map((key) => peerIdOfKey(bytesOfHex(key)))
  const opened = createVerifier({ network, job: jobIdOf(contentIdOfBytes(job)), epoch, members }).open(message, bytes)
  return typeof opened === 'string' ? opened : 'ok'
}

test('all signed messages have envelopes, which are opened, or refused by their codes', () => {
  expect(faultsOfEnvelopes(contract, cddl, signed)).toEqual([])
})
test.each(signed.messages.filter(({ rule }) => rule.startsWith('group-')))('as members open envelopes of $rule', ({ rule, cases }) => {
  const message = contract.find(({ name }) => name === rule) as unknown as Message<never>
  for (const { name, expect: code, hex } of cases) {
    if (name === 'the smallest') continue
    const seen = asMember(message, bytesOfHex(cases[0]?.hex ?? ''), bytesOfHex(hex))
    const changed = /^(job|epoch) changed/.exec(name)?.[1]
    if (changed !== undefined) expect(seen, name).toBe(`OTHER_${changed.toUpperCase()}`)
    else expect(seen, name).toBe(code === 'ok' || code === 'SIGNATURE_WRONG' ? code : 'MESSAGE_UNREADABLE')
  }
})
