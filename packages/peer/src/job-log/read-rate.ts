/** Reads of one log that come at once, and how many more each second. */
const BURST = 20
const PER_SECOND = 5

/** A bucket of reads: what one reader can cost a member is bounded. Times are in ms, any clock that only goes forward. */
export class ReadRate {
  #left = BURST
  #atMs = Number.NEGATIVE_INFINITY

  /** Whether one more is allowed now. */
  take(nowMs: number): boolean {
    const sinceMs = Math.max(0, nowMs - this.#atMs)
    this.#left = Math.min(BURST, this.#left + (sinceMs / 1000) * PER_SECOND)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
