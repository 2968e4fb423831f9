/** The time that a script sees: the agreed time of its request, one microsecond more at each reading; sleeping moves it on. */
export class VirtualClock {
  #micros: number

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
    if (ms > 0) this.#micros += Math.round(ms * 1000)
  }
}
