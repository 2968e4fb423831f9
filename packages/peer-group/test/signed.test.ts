import { readFileSync } from 'node:fs'
import { contentIdOfBytes, jobIdOf, openMessage, parseNetworkId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { factsOfRule } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { createVerifier } from '../src/verifier.js'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/peer-group.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))
const codeOf = (open: () => unknown): string => {
  try {
    open()
    return 'ok'
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}

/** As members open it: the codes are fewer there. */
function asMember(message: Message<never>, good: Uint8Array, bytes: Uint8Array): string {
  const { job, epoch } = message.decode(peekPayload(good) as Uint8Array) as { readonly job: Uint8Array; readonly epoch: number }
  const members = [signed.key, signed.otherKey].map((key) => peerIdOfKey(bytesOfHex(key)))
  const opened = createVerifier({ network, job: jobIdOf(contentIdOfBytes(job)), epoch, members }).open(message, bytes)
  return typeof opened === 'string' ? opened : 'ok'
}

test('each signed message has envelopes', () => {
  const named = contract.filter(({ name }) => typeof factsOfRule(name, cddl).signer === 'string').map(({ name }) => name)
  expect(signed.messages.map(({ rule }) => rule).sort()).toEqual(named.sort())
})
test.each(signed.messages)('envelopes of $rule', ({ rule, number, version, signer, cases }) => {
  const message = contract.find(({ name }) => name === rule) as unknown as Message<Readonly<Record<string, Uint8Array>>>
  expect([message.number, message.version]).toEqual([number, version])
  const signerOf = (value: Readonly<Record<string, Uint8Array>>) => peerIdOfKey(value[signer] as Uint8Array)
  for (const { name, expect: code, hex } of cases) {
    const bytes = bytesOfHex(hex)
    expect(
      codeOf(() => openMessage(message, bytes, network, signerOf)),
      name,
    ).toBe(code)
    if (!rule.startsWith('group-') || name === 'the smallest') continue
    const good = bytesOfHex(cases[0]?.hex ?? '')
    const seen = asMember(message as unknown as Message<never>, good, bytes)
    const changed = /^(job|epoch) changed/.exec(name)?.[1]
    if (changed !== undefined) expect(seen, name).toBe(`OTHER_${changed.toUpperCase()}`)
    else expect(seen, name).toBe(code === 'ok' || code === 'SIGNATURE_WRONG' ? code : 'MESSAGE_UNREADABLE')
  }
})
