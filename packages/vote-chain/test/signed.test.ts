import { readFileSync } from 'node:fs'
import { contentIdOfBytes, createOpener, parseNetworkId, peerIdOfKey } from '@interpeer/crypto-ids'
import { codeOf, faultsOfEnvelopes } from '@interpeer/crypto-ids/test-vectors'
import { bytesOfHex, type Message } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { openFrom, openVote } from '../src/messages.js'
import { openPresent } from '../src/present.js'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/vote-chain.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))
const opener = createOpener({ network, cacheEntriesMax: 8 })
const from = peerIdOfKey(bytesOfHex(signed.key))

test('all signed messages have envelopes, which are opened, or refused by their codes', () => {
  expect(faultsOfEnvelopes(contract, cddl, signed)).toEqual([])
})
test.each(signed.messages)('as electors open envelopes of $rule', ({ rule, signer, cases }) => {
  const message = contract.find(({ name }) => name === rule) as unknown as Message<{ readonly sender: Uint8Array }>
  for (const { name, expect: code, hex } of cases) {
    const bytes = bytesOfHex(hex)
    const opens: (() => unknown)[] = []
    if (rule === 'chain-vote') opens.push(() => openVote(bytes, opener))
    if (rule === 'peer-present') opens.push(() => openPresent(bytes, network))
    if (signer === 'sender' && !name.startsWith('sender')) opens.push(() => openFrom(message, bytes, network, from))
    for (const open of opens) expect(codeOf(open), name).toBe(code)
  }
})
