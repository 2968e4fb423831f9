import type { PeerId } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import type { Agenda, OutboxEntry } from './agenda.js'
import { OUTBOX_BEGIN_MS, OUTBOX_SEND_MS, type OutboxWord, reportOn, senderOf, turnAt, turnEndsMs, turnStartsMs } from './outbox-turns.js'

/** The last final state of the epoch that is open at this member. What is only provisional may never have been asked for. */
export interface OutboxView {
  readonly agenda: Agenda
  readonly members: readonly PeerId[]
  /** Of the batch that made the state: not of a later one that named it final. */
  readonly timeMs: number
  /** Of the last batch before this epoch. */
  readonly sinceMs: number
  /** When the epoch closes, where that is known. */
  readonly closesMs: number | undefined
  /** What members that were drawn have said, as far as it came here, and the group may not have ordered yet. */
  readonly heard?: readonly OutboxWord[]
}
/** What one member has begun to send, in this life of its process: the turn of each, by key in hexadecimal. After a crash it may begin again: the key tells. */
export type OutboxDuty = ReadonlyMap<string, number>
export interface OutboxTask {
  readonly entry: OutboxEntry
  /** To be said in the report. */
  readonly turn: number
  /** Sending stops then: what has no answer yet is declined, or not known. */
  readonly endsMs: number
}
export interface OutboxDue {
  readonly duty: OutboxDuty
  /** To be sent, or declined, and then reported. */
  readonly begin: readonly OutboxTask[]
  /** When to ask again, if the state is the same then. */
  readonly wakeAtMs: number | undefined
}

/** What is begun so shortly before the epoch closes could not be reported in it: the next epoch's members are drawn in another order. */
export const OUTBOX_CLOSING_MS = 3_000

/**
 * What a member is to send now; `nowMs`: network time. It begins only in the first part of its turn, and on a state of this turn, in this epoch: so whoever is cut off,
 * frozen or behind does not send what others have sent, for it would not have heard of that; nor does it send what it has heard is out, though that still waits to be ordered. The group makes a batch for each turn that begins.
 */
export function outboxDue(duty: OutboxDuty, view: OutboxView, self: PeerId, nowMs: number): OutboxDue {
  const { agenda, members, timeMs, sinceMs, closesMs = Number.POSITIVE_INFINITY, heard = [] } = view
  const begin: OutboxTask[] = []
  const kept = new Map<string, number>()
  let wakeAtMs = Number.POSITIVE_INFINITY
  for (const entry of agenda.outbox) {
    if (nowMs >= entry.untilMs) continue
    const name = hexOf(entry.key)
    const [turn, begun] = [turnAt(entry, nowMs), duty.get(name)]
    const startsMs = turnStartsMs(entry, turn)
    wakeAtMs = Math.min(wakeAtMs, turnEndsMs(entry, nowMs))
    const isMine = senderOf(entry, members, nowMs) === self && begun !== turn
    const isFresh = timeMs >= startsMs && startsMs >= sinceMs
    const isTime = nowMs < startsMs + OUTBOX_BEGIN_MS && nowMs + OUTBOX_CLOSING_MS <= closesMs
    const isOut = heard.some((word) => sameBytes(word.key, entry.key) && reportOn(agenda, word, nowMs, members).type === 'ended')
    const begins = isMine && isFresh && isTime && !isOut
    if (begins) begin.push({ entry, turn, endsMs: nowMs + OUTBOX_SEND_MS })
    if (begins || begun !== undefined) kept.set(name, begins ? turn : (begun as number))
  }
  return { duty: kept, begin, wakeAtMs: wakeAtMs === Number.POSITIVE_INFINITY ? undefined : wakeAtMs }
}
