/** When a job's seats change: §6.4 of the white paper, staggered so that one seat changes at a time. Times are network time in ms. */
export interface Timetable {
  readonly startMs: number
  readonly seats: number
  /** How long a peer keeps a seat; a multiple of seats × cycle. */
  readonly tenureMs: number
}
/** Change n, from 1 on, is of seat n mod seats: seat i changes at start + (k + i/N) × tenure. */
export interface SeatChange {
  readonly change: number
  readonly seat: number
  readonly atMs: number
}

/** The tenure nearest to the one wanted for which seats change on whole cycles, at least two cycles apart. */
export function tenureFor(seats: number, wantedMs: number, cycleMs: number): number {
  return seats * cycleMs * Math.max(2, Math.round(wantedMs / (seats * cycleMs)))
}
export function changeOf({ startMs, seats, tenureMs }: Timetable, change: number): SeatChange {
  return { change, seat: change % seats, atMs: startMs + change * (tenureMs / seats) }
}
/** The first change that is not before a time. */
export function firstChangeFrom(timetable: Timetable, fromMs: number): SeatChange {
  const { startMs, seats, tenureMs } = timetable
  return changeOf(timetable, Math.max(1, Math.ceil((fromMs - startMs) / (tenureMs / seats))))
}
/** When a seat changes next after a time. */
export function seatUntilMs(timetable: Timetable, seat: number, afterMs: number): number {
  const { startMs, seats, tenureMs } = timetable
  const first = startMs + (seat === 0 ? seats : seat) * (tenureMs / seats) // whole cycles: no fraction comes in
  return afterMs < first ? first : first + (Math.floor((afterMs - first) / tenureMs) + 1) * tenureMs
}
