/** A script that sleeps longer wakes up: its time stays within what numbers, and the calendar of its request, can hold. */
export const SLEEP_MS_MAX = 24 * 3_600_000

/** The time that a script sees: the agreed time of its request, one microsecond more at each reading; sleeping moves it on, by a day in all. */
export class VirtualClock {
  #micros: number
  #sleepLeftMs = SLEEP_MS_MAX

  /** @param timeMs integer milliseconds since 1970 */
  constructor(timeMs: number) {
    this.#micros = timeMs * 1000
  }

  /** Whole microseconds since 1970. Each call is one later than the last, so that no two readings are the same. */
  readMicros(): number {
    return this.#micros++
  }

  /** For file times: whole seconds; looking at it does not move it. */
  get seconds(): number {
    return Math.floor(this.#micros / 1_000_000)
  }

  sleep(ms: number): void {
    if (!(ms > 0)) return
    const sleptMs = Math.min(ms, this.#sleepLeftMs)
    this.#sleepLeftMs -= sleptMs
    this.#micros += Math.round(sleptMs * 1000)
  }
}
