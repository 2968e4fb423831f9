import { readFileSync } from 'node:fs'
import { contentIdOfBytes, createOpener, openMessage, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { factsOfRule } from '@interpeer/wire-codec/cddl'
import { expect, test } from 'vitest'
import { openFrom, openVote } from '../src/messages.js'
import { openPresent } from '../src/present.js'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/vote-chain.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))
const codeOf = (open: () => unknown): string => {
  try {
    open()
    return 'ok'
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}
const opener = createOpener({ network, cacheEntriesMax: 8 })
const from = peerIdOfKey(bytesOfHex(signed.key))

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
    if (rule === 'chain-vote')
      expect(
        codeOf(() => openVote(bytes, opener)),
        name,
      ).toBe(code)
    if (rule === 'peer-present')
      expect(
        codeOf(() => openPresent(bytes, network)),
        name,
      ).toBe(code)
    if (signer !== 'sender' || name.startsWith('sender')) continue
    expect(
      codeOf(() => openFrom(message as unknown as Message<{ readonly sender: Uint8Array }>, bytes, network, from)),
      name,
    ).toBe(code)
  }
})
