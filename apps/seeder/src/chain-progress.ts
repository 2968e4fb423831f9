/** A command that is done within this time says nothing of how far it is. */
const SAY_MS = 5_000

/** Where the chain begins, and how many milliseconds there are between its blocks. */
export interface Timetable {
  readonly startMs: number
  readonly cycleMs: number
}

/**
 * How far a chain is that is being followed: a line now and then, or nothing. Where it would be by its timetable is a guess: nobody's word is taken for it, and a chain that stood still is
 * shorter.
 */
export function progressOf({ startMs, cycleMs }: Timetable, begunMs: number): (height: number, nowMs: number) => string | undefined {
  let saidMs = begunMs
  return (height, nowMs) => {
    if (nowMs < saidMs + SAY_MS) return undefined
    saidMs = nowMs
    const most = Math.max(height, Math.floor((nowMs - startMs) / cycleMs))
    return `block ${height} of ${most} at the most`
  }
}
