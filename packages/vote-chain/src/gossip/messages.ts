import { bytes, bytesMax, type Infer, list, message, nullable, oneOf, struct, uint8, uint32, uint53 } from '@interpeer/wire-codec'
import { VOTE_BYTES_MAX } from '../block.js'

/**
 * What neighbours tell each other. None is signed: the session that it came over says who sent it, and what it carries is signed by
 * whoever made it.
 */

/** What is passed on whole; a larger transaction is offered. */
export const PUSHED_TRANSACTION_BYTES = 4096
const OFFERED_MAX = 64
/** Of a vote's name, in a list of what a peer has. */
export const SHORT_NAME_BYTES = 8
/** Votes that one list names: two rounds of all steps. */
export const HELD_MAX = 4096

const [hash, key, proof] = [bytes(32), bytes(32), bytes(80)]

/** Asks to be a neighbour; says that it is one; that it is none, or no more. */
export const linkMessage = message('chain-link', 95, 1, { says: oneOf('ask', 'accept', 'end') }, { maxBytes: 16 })

/** Votes in their envelopes, and transactions: checked by the sender, new to it. */
export const gossipMessage = message(
  'chain-gossip',
  96,
  1,
  { votes: list(bytesMax(VOTE_BYTES_MAX), 64), transactions: list(bytesMax(PUSHED_TRANSACTION_BYTES), 64) },
  { maxBytes: 32_768 },
)

/** Where a peer stands in a height, so that its neighbour can send what it lacks. */
export const haveMessage = message(
  'chain-have',
  97,
  1,
  {
    height: uint53,
    round: uint32,
    /** Bundles that it has for this round: 1 soft votes, 2 next votes for a block, 4 next votes for none. */
    reasons: uint8,
    /** The lot of the best proposal of this round. */
    lot: nullable(hash),
    /** The first eight bytes of each vote's name, of this round and the one before. */
    votes: bytesMax(SHORT_NAME_BYTES * HELD_MAX),
  },
  { maxBytes: SHORT_NAME_BYTES * HELD_MAX + 128 },
)
export type Have = Infer<typeof haveMessage>

/** What is too large to be passed on unasked: a proposal, by what its lot is computed from; transactions by their hashes. */
export const offerMessage = message(
  'chain-offer',
  98,
  1,
  {
    proposal: nullable(struct({ height: uint53, round: uint32, leader: key, proof })),
    transactions: list(hash, OFFERED_MAX),
  },
  { maxBytes: 4096 },
)
export type Offer = Infer<typeof offerMessage>

/** Asks for what was offered. */
export const wantMessage = message(
  'chain-want',
  99,
  1,
  { proposal: nullable(struct({ height: uint53, round: uint32 })), transactions: list(hash, OFFERED_MAX) },
  { maxBytes: 4096 },
)
export type Want = Infer<typeof wantMessage>

export const NEIGHBOUR_MESSAGES = [linkMessage, gossipMessage, haveMessage, offerMessage, wantMessage] as const
const NUMBERS: readonly number[] = NEIGHBOUR_MESSAGES.map(({ number }) => number)
/** The number of a message that neighbours send each other; undefined: it is another. */
export function numberOfNeighbours([head = 0, width, number = 0]: Uint8Array): number | undefined {
  return head > 0x80 && head < 0x97 && width === 0x18 && NUMBERS.includes(number) ? number : undefined
}
