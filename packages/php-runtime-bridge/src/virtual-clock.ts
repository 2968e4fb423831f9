/** The time that a script sees: the agreed time of its request, one microsecond more at each reading; sleeping moves it on. */
export class VirtualClock {
  #micros: number
  #polls = 0
  #pollsFrom = 0

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
   * since the first, so that seven hundred make a second and two thousand a year.
   */
  pollMicros(): number {
    const now = this.#micros
    if (this.#polls++ === 0) this.#pollsFrom = now
    this.#micros += 1 + Math.floor((now - this.#pollsFrom) / 64)
    return now
  }

  /** For file times: whole seconds; looking at it does not move it. */
  get seconds(): number {
    return Math.floor(this.#micros / 1_000_000)
  }

  sleep(ms: number): void {
    this.#polls = 0
    if (ms > 0) this.#micros += Math.round(ms * 1000)
  }
}
