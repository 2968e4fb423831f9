import { readFileSync } from 'node:fs'
import { contentIdOfBytes, openMessage, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { factsOfRule } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/content-store.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))
const codeOf = (open: () => unknown): string => {
  try {
    open()
    return 'ok'
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
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
  }
})
