import { expect, test } from 'vitest'
import { certificateVotesMax, encodeBody, VOTE_BYTES_MAX } from '../src/block.js'
import { quorumOf } from '../src/index.js'

const bodyBytes = (votes: number) => {
  const vote = new Uint8Array(VOTE_BYTES_MAX)
  const certificate = { height: 1, round: 0, block: new Uint8Array(32), votes: Array<Uint8Array>(votes).fill(vote) }
  return encodeBody({ certificate, transactions: [] }).length
}

test('a certificate never fills the body of the next block, or that block could not be made', () => {
  const small = 16_384
  expect(bodyBytes(71)).toBeGreaterThan(small) // all of the largest group that a genesis with such blocks may have
  expect(certificateVotesMax(small)).toBe(quorumOf(71))
  for (const bytes of [small, 65_536, 262_144]) expect(bodyBytes(certificateVotesMax(bytes))).toBeLessThan(bytes * 0.76)
  expect(certificateVotesMax(524_288)).toBe(1_572) // of a group of 2,000 a quorum, and two hundred more
})
