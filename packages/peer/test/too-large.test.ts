import { signMessage } from '@interpeer/crypto-ids'
import { disputeMessage, showMessage } from '@interpeer/peer-group'
import { transactionBytesMax } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import { Ledgerless, signers } from './network-world.js'

const [member] = signers as [(typeof signers)[number]]
const world = new Ledgerless({ blockBytesMax: 16_384, rootGroupSize: 20 })
const job = new Uint8Array(36).fill(1)
const refusalOf = (transaction: Uint8Array): readonly string[] => world.block(transaction).map(({ code }) => code)
/** A show of so many bytes, about: its signature holds, what it says is nothing. */
function showOf(bytes: number): Uint8Array {
  const step = { certificate: new Uint8Array(bytes / 2), batch: new Uint8Array(bytes / 2), dissents: [] }
  const value = { job, epoch: 0, from: member.publicKey, steps: [step], bound: null, boundBatch: null, reveal: null, seen: 0 }
  return signMessage(showMessage, value, member, world.genesis.network)
}

test('a show that no block of the network can carry is refused for its size, by every peer, and a smaller one for what it says', () => {
  expect(transactionBytesMax(16_384)).toBeLessThan(16_384)
  expect(refusalOf(showOf(16_400))).toEqual(['SHOW_TOO_LARGE'])
  expect(refusalOf(showOf(16_000))).not.toEqual(['SHOW_TOO_LARGE'])
  expect(refusalOf(showOf(16_000))).toHaveLength(1)
})

test('so is a dispute', () => {
  const disputeOf = (base: number) => {
    const evidence = { type: 'objection' as const, statements: [] }
    const value = { job, epoch: 0, step: 1, batch: new Uint8Array(32), base: new Uint8Array(base), steps: [], evidence }
    return disputeMessage.encode(value)
  }
  expect(refusalOf(disputeOf(16_400))).toEqual(['DISPUTE_TOO_LARGE'])
  expect(refusalOf(disputeOf(16_000))).toEqual(['CONTENT_ID_BYTES'])
})
