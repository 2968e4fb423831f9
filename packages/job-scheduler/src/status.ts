import type { PeerId } from '@interpeer/crypto-ids'
import type { Job } from './job.js'
import { seatUntilMs } from './timetable.js'

export interface SeatStatus {
  readonly seat: number
  readonly peer: PeerId
  readonly sinceMs: number
  /** When the seat changes next, by the timetable. */
  readonly untilMs: number
}
/** A job's seats with their times, for pages that people read. */
export function seatsOf({ epoch, timetable }: Job, nowMs: number): readonly SeatStatus[] {
  return epoch.members.map((peer, seat) => {
    const sinceMs = epoch.sinceMs[seat] as number
    return { seat, peer, sinceMs, untilMs: seatUntilMs(timetable, seat, Math.max(nowMs, sinceMs)) }
  })
}
