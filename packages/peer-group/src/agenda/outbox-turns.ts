import { keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { concatBytes, hexOf, sameBytes } from '@interpeer/wire-codec'
import type { Agenda, OutboxEntry } from './agenda.js'
import type { OutboxReport } from './outbox-messages.js'
import { withEntry } from './plan.js'

/**
 * A drawn member's turn has three parts of this length. In the first it begins, once a state of this turn is final there; it stops sending after the second, at the
 * latest; and the third is for the group to order its report, before the next one is drawn.
 */
const PART_MS = 8_000
export const OUTBOX_BEGIN_MS = PART_MS
export const OUTBOX_SEND_MS = PART_MS
export const OUTBOX_TURN_MS = 3 * PART_MS
/** So long a report that came here, and is not ordered, keeps other members from sending the same: its sender makes it anew with each turn, and one that is gone must not keep a request from going out. */
export const OUTBOX_HEARD_MS = 3 * OUTBOX_TURN_MS
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

/** When a turn begins, if nobody reports before. */
export const turnStartsMs = ({ turn, turnMs }: OutboxEntry, at: number): number => turnMs + (at - turn) * OUTBOX_TURN_MS

/** When the turn, or the pause before it, is over. */
export const turnEndsMs = (entry: OutboxEntry, timeMs: number): number =>
  timeMs < entry.turnMs ? entry.turnMs : turnStartsMs(entry, turnAt(entry, timeMs) + 1)

/** Whether a member is drawn at a time: not in a pause between two rounds, and not once it is given up. */
export const isDrawn = ({ turnMs, untilMs }: OutboxEntry, timeMs: number): boolean => timeMs >= turnMs && timeMs < untilMs

/** The member that is to send a request at a time; undefined in a pause between two rounds, and once it is given up. */
export function senderOf(entry: OutboxEntry, members: readonly PeerId[], timeMs: number): PeerId | undefined {
  if (!isDrawn(entry, timeMs)) return undefined
  return orderOf(entry.key, members)[turnAt(entry, timeMs) % members.length]
}

export const entryOf = ({ outbox }: Agenda, key: Uint8Array): OutboxEntry | undefined => outbox.find((one) => sameBytes(one.key, key))

/** What a member's word about an entry comes to, and the agenda after it. `ignored`: it is gone already, or that member was not drawn. */
export type Reported =
  | { readonly type: 'ignored' }
  | { readonly type: 'declined'; readonly agenda: Agenda }
  | { readonly type: 'ended'; readonly agenda: Agenda; readonly entry: OutboxEntry }
export type OutboxWord = Pick<OutboxReport, 'key' | 'turn' | 'outcome'> & { readonly from: PeerId }

/**
 * A member says, in a batch of this time, how it went with what it was drawn for. That it sent something, or may have, is heard late too, from whoever was drawn up to
 * then: the mail is out. That it can't, or that nobody can, counts in the very turn that it speaks of: a report of an old one ends no new one. A member that lies can do
 * no more than not to send what it was drawn for.
 */
export function reportOn(agenda: Agenda, word: OutboxWord, timeMs: number, members: readonly PeerId[]): Reported {
  const { key, from, turn, outcome } = word
  const entry = entryOf(agenda, key)
  if (entry === undefined) return IGNORED
  const order = orderOf(key, members)
  const seat = order.indexOf(from)
  const isPause = timeMs < entry.turnMs
  const now = turnAt(entry, timeMs)
  const last = isPause ? now - 1 : now // in a pause, and after a whole round, all were drawn before
  if (seat < 0 || seat > last || turn > last) return IGNORED
  const isOut = outcome === 'sent' || outcome === 'unknown'
  if (!isOut && (isPause || turn !== now || order[turn % members.length] !== from)) return IGNORED
  // one member's name server is not everybody's: a name that is not found ends nothing before each of them had a turn to look for it
  return outcome === 'declined' || (outcome === 'name' && now < members.length)
    ? declined(agenda, entry, timeMs, members)
    : { type: 'ended', entry, agenda: withEntry(agenda, key, undefined) }
}

function declined(agenda: Agenda, entry: OutboxEntry, timeMs: number, members: readonly PeerId[]): Reported {
  const next = turnAt(entry, timeMs) + 1
  const rounds = Math.floor(next / members.length)
  // also where some of them let their turns pass: whoever declines first in a round ends the one before
  const isNewRound = rounds > Math.floor(entry.turn / members.length)
  const pauseMs = isNewRound ? OUTBOX_PAUSE_MS * 2 ** (Math.min(rounds, OUTBOX_ROUNDS_MAX) - 1) : 0
  const untilMs = rounds >= OUTBOX_ROUNDS_MAX ? Math.min(entry.untilMs, timeMs) : entry.untilMs
  return { type: 'declined', agenda: withEntry(agenda, entry.key, { ...entry, turn: next, turnMs: timeMs + pauseMs, untilMs }) }
}

const IGNORED: Reported = { type: 'ignored' }
