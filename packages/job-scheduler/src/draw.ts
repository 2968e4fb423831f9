import type { PeerId } from '@interpeer/crypto-ids'
import { type Shuffle, shuffleOf } from './shuffle.js'

/**
 * All tickets and all seats of the network as they were in the block before, shuffled by the seed of this one: nobody could choose a key
 * or a job for a seed that nobody knew (docs/protocol/assignment.md).
 */
export interface Lottery {
  /** π over ticket numbers: tickets are counted in the order of their owners' keys. */
  readonly shuffle: Shuffle
  /** How many seats all jobs have: they are counted in the order of JobIds. */
  readonly seats: number
  readonly ownerOf: (ticket: number) => PeerId
}
/** More tickets than that are not drawn from: a shuffle has 32 bits. */
const TICKETS_MAX = 2 ** 32 - 1
/** Most tickets that one draw looks at. So one draw costs the same in any network; half of all peers barred, it falls short once in 2^1024. */
export const TRIES_MAX = 1_024

export function lotteryOf(seed: Uint8Array, given: { tickets: number; seats: number; ownerOf: (ticket: number) => PeerId }): Lottery {
  return { shuffle: shuffleOf(Math.min(given.tickets, TICKETS_MAX), seed), seats: given.seats, ownerOf: given.ownerOf }
}

/**
 * The tickets that a seat falls to, best first: the winner π(seat), its backups π(seat + k × seats), and past the last ticket all from
 * π(0) on. The same owner may come again and again; at most `TRIES_MAX` tickets.
 * @param seat its place among all seats: 0 to seats - 1
 */
export function* ticketsTried({ shuffle, seats }: Pick<Lottery, 'shuffle' | 'seats'>, seat: number): Generator<number> {
  const { count } = shuffle
  let tries = 0
  for (let place = seat; place < count && tries < TRIES_MAX; place += seats, tries++) yield shuffle.at(place)
  for (let place = 0; place < count && tries < TRIES_MAX; place++, tries++) yield shuffle.at(place)
}

/** The seat that a ticket fell to first, and as which backup: 0 is the winner. What a peer computes of each of its tickets, alone. */
export function seatOfTicket(
  { shuffle, seats }: Pick<Lottery, 'shuffle' | 'seats'>,
  ticket: number,
): { readonly seat: number; readonly backup: number } {
  const place = shuffle.placeOf(ticket)
  return { seat: place % seats, backup: Math.floor(place / seats) }
}

/** Who a draw passes over. */
export interface DrawRules {
  /** Members of the group, those drawn before for it among them: nobody sits in it twice. */
  readonly staying: readonly PeerId[]
  /** Follows itself only if nobody else may. */
  readonly leaver?: PeerId | undefined
  readonly eligible: (peer: PeerId) => boolean
}
export const isPassedOver = (peer: PeerId, { staying, leaver, eligible }: DrawRules): boolean =>
  peer === leaver || staying.includes(peer) || !eligible(peer)

/** Who takes a seat: the owner of the first ticket that is not passed over; else the leaver; undefined where nobody may. */
export function drawPeer(lottery: Lottery, seat: number, rules: DrawRules): PeerId | undefined {
  const known = new Map<PeerId, boolean>()
  for (const ticket of ticketsTried(lottery, seat)) {
    const peer = lottery.ownerOf(ticket)
    const isOut = known.get(peer) ?? isPassedOver(peer, rules)
    if (!isOut) return peer
    known.set(peer, isOut)
  }
  return rules.leaver
}
