import type { PeerId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Agenda, OutboxEntry } from './agenda.js'
import { senderOf, turnAt, turnEndsMs } from './outbox-turns.js'

/** What one member has begun to send, in this life of its process: the turn of each, by key in hexadecimal. After a crash it may begin again: the key tells. */
export type OutboxDuty = ReadonlyMap<string, number>
export interface OutboxDue {
  readonly duty: OutboxDuty
  /** To be sent, or declined, and then reported. */
  readonly begin: readonly OutboxEntry[]
  /** When to ask again, if the agenda is the same then. */
  readonly wakeAtMs: number | undefined
}

/**
 * What a member is to send now. `agenda`: of the last final state, and of no other: what is only provisional may never have been asked for. `nowMs`: network time.
 */
export function outboxDue(duty: OutboxDuty, { outbox }: Agenda, self: PeerId, members: readonly PeerId[], nowMs: number): OutboxDue {
  const begin: OutboxEntry[] = []
  const kept = new Map<string, number>()
  let wakeAtMs = Number.POSITIVE_INFINITY
  for (const entry of outbox) {
    if (nowMs >= entry.untilMs) continue
    const name = hexOf(entry.key)
    const [turn, begun] = [turnAt(entry, nowMs), duty.get(name)]
    wakeAtMs = Math.min(wakeAtMs, turnEndsMs(entry, nowMs))
    const isMine = senderOf(entry, members, nowMs) === self && begun !== turn
    if (isMine) begin.push(entry)
    if (isMine || begun !== undefined) kept.set(name, isMine ? turn : (begun as number))
  }
  return { duty: kept, begin, wakeAtMs: wakeAtMs === Number.POSITIVE_INFINITY ? undefined : wakeAtMs }
}
