import type { PeerId } from '@interpeer/crypto-ids'
import { shuffledIndex } from './shuffle.js'

/** One seat among all seats of the network, and what draws its peer. */
export interface SeatDraw {
  /** 32 bytes, from a block later than the list of tickets. */
  readonly seed: Uint8Array
  /** The owner of each ticket, in an order that all agree on. */
  readonly tickets: readonly PeerId[]
  /** This seat's place among all seats: 0 to seats - 1. */
  readonly seat: number
  readonly seats: number
}

/**
 * The tickets that a seat falls to, best first: the winner π(seat), its backups π(seat + k × seats), and past the last ticket all
 * from π(0) on. A ticket may come twice.
 */
export function* ticketsFor({ seed, tickets, seat, seats }: SeatDraw): Generator<PeerId> {
  const count = tickets.length
  for (let at = seat; at < count; at += seats) yield tickets[shuffledIndex(at, count, seed)] as PeerId
  for (let at = 0; at < count; at++) yield tickets[shuffledIndex(at, count, seed)] as PeerId
}

/**
 * Who takes a seat: the first that may. Members that stay, and peers that may not be drawn, are skipped; the leaver follows itself
 * only if nobody else may. Undefined where nobody may.
 */
export function drawPeer(
  draw: SeatDraw,
  { staying, leaver, eligible }: { staying: readonly PeerId[]; leaver?: PeerId | undefined; eligible: (peer: PeerId) => boolean },
): PeerId | undefined {
  for (const peer of ticketsFor(draw)) if (peer !== leaver && !staying.includes(peer) && eligible(peer)) return peer
  return leaver
}
