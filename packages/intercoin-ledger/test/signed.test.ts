import { readFileSync } from 'node:fs'
import { contentIdOfBytes, parseNetworkId } from '@interpeer/crypto-ids'
import { codeOf, faultsOfEnvelopes } from '@interpeer/crypto-ids/test-vectors'
import { bytesOfHex } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { openTransfer } from '../src/index.js'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/intercoin-ledger.cddl', import.meta.url), 'utf8')
const network = parseNetworkId(contentIdOfBytes(bytesOfHex(signed.network)))

test('all signed messages have envelopes, which are opened, or refused by their codes', () => {
  expect(faultsOfEnvelopes(contract, cddl, signed)).toEqual([])
})
test.each(signed.messages.flatMap(({ cases }) => cases))('a transfer: $name: $expect', ({ expect: code, hex }) => {
  expect(codeOf(() => openTransfer(bytesOfHex(hex), network))).toBe(code)
})
