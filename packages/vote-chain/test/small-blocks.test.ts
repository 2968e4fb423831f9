import { decodeWith, encodeWith, MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { certificateVotesMax, encodeBody, HEADER_BYTES_MAX, STORED_BLOCK_BYTES_MAX, VOTE_BYTES_MAX } from '../src/block.js'
import { proposalMessage } from '../src/messages.js'
import { RECORD_BYTES_MAX, recordSchema } from '../src/record.js'
import { SETTINGS } from '../src/settings.js'

const { min, usual, max } = SETTINGS.blockBytesMax
const full = (length: number) => new Uint8Array(length).fill(0xff)
const votesOf = (count: number) => Array<Uint8Array>(count).fill(full(VOTE_BYTES_MAX))
const block = full(32)
const HIGH = Number.MAX_SAFE_INTEGER

/** A proposal as large as any that an honest peer signs or votes for. */
function largest(bytes: number) {
  const votes = votesOf(certificateVotesMax(bytes))
  const certificate = { height: HIGH, round: 0xffffffff, block, votes }
  const bundle = { round: 0xffffffff, kind: 'next' as const, attempt: 0xffffffff, block, votes }
  const place = { height: HIGH, round: 0xffffffff, leader: block, proof: full(80) }
  return {
    certificate,
    bundle,
    bytes: proposalMessage.encode({ ...place, header: full(HEADER_BYTES_MAX), body: full(bytes), certificate, bundle }),
  }
}

test.each([min, usual, max])(
  'a full body of %i bytes, a certificate and a bundle fit one message, a stored block, and a record of seven proposals',
  (bytes) => {
    const { certificate, bundle, bytes: proposal } = largest(bytes)
    expect(proposal.length).toBeLessThan(MESSAGE_MAX_BYTES - 256) // and its envelope
    const envelope = full(proposal.length + 128)
    const decided = { round: 1, kind: 'next' as const, attempt: 1, block, vote: full(VOTE_BYTES_MAX) }
    const more = { decided: Array<typeof decided>(16).fill(decided), closed: true, proposed: { round: 1, envelope }, ownBlock: block }
    const record = { height: HIGH, round: 1, ...more, bundles: [bundle, bundle, bundle], candidates: Array<Uint8Array>(6).fill(envelope) }
    const encoded = encodeWith(recordSchema, record, RECORD_BYTES_MAX)
    expect(decodeWith(recordSchema, encoded, RECORD_BYTES_MAX).candidates.length).toBe(6)
    expect(certificate.votes.length * VOTE_BYTES_MAX + bytes).toBeLessThan(STORED_BLOCK_BYTES_MAX)
  },
)

test('who certified never fills the body of the next block, or that block could not be made', () => {
  for (const bytes of [min, usual, max]) {
    const certifiers = Array.from({ length: certificateVotesMax(bytes) }, (_, i) => 0xffff_0000 + i)
    expect(encodeBody({ certifiers, transactions: [] }).length).toBeLessThan((bytes * 3) / 4) // a part of a show has a quarter
  }
  expect(certificateVotesMax(usual)).toBe(1_435) // of a group of 2,000 a quorum is 1,371
})
