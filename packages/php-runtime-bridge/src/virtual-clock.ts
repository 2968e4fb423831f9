/** A script that sleeps longer wakes up: its time stays within what numbers, and the calendar of its request, can hold. */
export const SLEEP_MS_MAX = 24 * 3_600_000

/** The time that a script sees: the agreed time of its request, one microsecond more at each reading; sleeping moves it on, by a day in all. */
export class VirtualClock {
  #micros: number
  #polls = 0
  #pollsFrom = 0
  #sleepLeftMicros = SLEEP_MS_MAX * 1000

  /** @param timeMs integer milliseconds since 1970 */
  constructor(timeMs: number) {
    this.#micros = timeMs * 1000
  }

  /** Whole microseconds since 1970. Each call is one later than the last, so that no two readings are the same. */
  readMicros(): number {
    this.#polls = 0
    return this.#micros++
  }

  /**
   * For the C library, which sleeps by looking until the time has come: looks in a row move the clock by more and more, by a 64th of what has passed
   * since the first, so that seven hundred make a second and fifteen hundred a day.
   */
  pollMicros(): number {
    const now = this.#micros
    if (this.#polls++ === 0) this.#pollsFrom = now
    this.#micros += 1
    this.#moveOn(Math.floor((now - this.#pollsFrom) / 64))
    return now
  }

  /** For file times: whole seconds; looking at it does not move it. */
  get seconds(): number {
    return Math.floor(this.#micros / 1_000_000)
  }

  sleep(ms: number): void {
    this.#polls = 0
    if (ms > 0) this.#moveOn(Math.round(ms * 1000))
  }

  #moveOn(micros: number): void {
    const slept = Math.min(micros, this.#sleepLeftMicros)
    this.#sleepLeftMicros -= slept
    this.#micros += slept
  }
}
