import { keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { concatBytes, hexOf, sameBytes } from '@interpeer/wire-codec'
import type { Agenda, OutboxEntry } from './agenda.js'
import { withEntry } from './plan.js'

/** How long a drawn member has for sending and for saying so, before the next one is drawn too. */
export const OUTBOX_TURN_MS = 15_000
/** A request that nobody sent is given up then. */
export const OUTBOX_KEPT_MS = 86_400_000
/** When all members declined they are drawn again after a pause, which doubles from this each time; after so many rounds the request is given up. */
export const OUTBOX_PAUSE_MS = 30_000
export const OUTBOX_ROUNDS_MAX = 8

/** The seats in the order in which they are drawn for one request: nobody chooses it, since the key follows from the batch's seed. */
function orderOf(key: Uint8Array, members: readonly PeerId[]): readonly PeerId[] {
  const drawn = members.map((peer) => ({ peer, at: hexOf(sha256(concatBytes(key, keyOfPeerId(peer)))) }))
  return drawn.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ peer }) => peer)
}

/** How many members have been drawn before the one whose turn it is; each that stays silent loses its turn. */
export function turnAt({ turn, turnMs }: OutboxEntry, timeMs: number): number {
  return turn + Math.max(0, Math.floor((timeMs - turnMs) / OUTBOX_TURN_MS))
}

/** When that member's turn, or the pause before it, is over. */
export function turnEndsMs(entry: OutboxEntry, timeMs: number): number {
  const { turn, turnMs } = entry
  return timeMs < turnMs ? turnMs : turnMs + (turnAt(entry, timeMs) - turn + 1) * OUTBOX_TURN_MS
}

/** The member that is to send a request at a time; undefined in a pause between two rounds, and once it is given up. */
export function senderOf(entry: OutboxEntry, members: readonly PeerId[], timeMs: number): PeerId | undefined {
  if (timeMs < entry.turnMs || timeMs >= entry.untilMs) return undefined
  return orderOf(entry.key, members)[turnAt(entry, timeMs) % members.length]
}

export const entryOf = ({ outbox }: Agenda, key: Uint8Array): OutboxEntry | undefined => outbox.find((one) => sameBytes(one.key, key))

/** What a member's word about an entry comes to, and the agenda after it. `ignored`: it is gone already, or that member was not drawn. */
export type Reported =
  | { readonly type: 'ignored' }
  | { readonly type: 'declined'; readonly agenda: Agenda }
  | { readonly type: 'sent'; readonly agenda: Agenda; readonly entry: OutboxEntry }

/**
 * A member says, in a batch of this time, that it sent a request, or that it can't. Only who was drawn is heard: of a sent one also late, since the mail is out; a
 * member that lies about it can do no more than not to send what it was drawn for.
 */
export function reportOn(
  agenda: Agenda,
  key: Uint8Array,
  from: PeerId,
  didSend: boolean,
  timeMs: number,
  members: readonly PeerId[],
): Reported {
  const entry = entryOf(agenda, key)
  if (entry === undefined) return IGNORED
  const order = orderOf(key, members)
  const seat = order.indexOf(from)
  const isPause = timeMs < entry.turnMs
  const turn = turnAt(entry, timeMs)
  if (didSend) {
    // in a pause, and after a whole round, all were drawn before
    const wasDrawn = seat >= 0 && (isPause ? seat < entry.turn : seat <= turn)
    return wasDrawn ? { type: 'sent', entry, agenda: withEntry(agenda, key, undefined) } : IGNORED
  }
  if (isPause || order[turn % members.length] !== from) return IGNORED
  const next = turn + 1
  const rounds = Math.floor(next / members.length)
  // also where some of them let their turns pass: whoever declines first in a round ends the one before
  const isNewRound = rounds > Math.floor(entry.turn / members.length)
  const pauseMs = isNewRound ? OUTBOX_PAUSE_MS * 2 ** (Math.min(rounds, OUTBOX_ROUNDS_MAX) - 1) : 0
  const untilMs = rounds >= OUTBOX_ROUNDS_MAX ? Math.min(entry.untilMs, timeMs) : entry.untilMs
  return { type: 'declined', agenda: withEntry(agenda, key, { ...entry, turn: next, turnMs: timeMs + pauseMs, untilMs }) }
}

const IGNORED: Reported = { type: 'ignored' }
