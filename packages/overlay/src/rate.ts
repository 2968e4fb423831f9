/** Allows `perSecond` things a second, and as many at once after a quiet second. */
export class Rate {
  readonly #perSecond: number
  #left: number
  #atMs = Number.NEGATIVE_INFINITY

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
  }

  allows(nowMs: number): boolean {
    const refilled = this.#left + (Math.max(0, nowMs - this.#atMs) * this.#perSecond) / 1_000
    this.#left = Math.min(this.#perSecond, refilled)
    this.#atMs = nowMs
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
