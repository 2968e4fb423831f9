/**
 * One node's clock: what it reads at a time of the world, apart by an offset, going wrong by a drift, and set to another time now and then.
 * Whole ms, and nothing but sums, products and floors of integers below 2^53: the same on every machine.
 */
export class NodeClock {
  #sinceMs: number
  #baseMs: number
  #driftPpm: number

  /** @param driftPpm how many millionths it goes too fast; negative: too slow; above -1,000,000 */
  constructor(startMs: number, offsetMs = 0, driftPpm = 0) {
    this.#sinceMs = startMs
    this.#baseMs = startMs + offsetMs
    this.#driftPpm = checked(driftPpm)
  }

  read(worldMs: number): number {
    const passedMs = worldMs - this.#sinceMs
    return this.#baseMs + passedMs + Math.floor((passedMs * this.#driftPpm) / 1_000_000)
  }

  /** How long the world waits until this clock has gone on by `ms`, rounded up. */
  waitMs(ms: number): number {
    return Math.max(0, Math.ceil((ms * 1_000_000) / (1_000_000 + this.#driftPpm)))
  }

  /** Somebody sets it: it reads so much more from now on, or less. */
  jump(worldMs: number, ms: number): void {
    this.#baseMs = this.read(worldMs) + ms
    this.#sinceMs = worldMs
  }

  drift(worldMs: number, driftPpm: number): void {
    this.jump(worldMs, 0)
    this.#driftPpm = checked(driftPpm)
  }
}

function checked(driftPpm: number): number {
  if (driftPpm <= -1_000_000) throw new RangeError('a clock does not run backwards')
  return driftPpm
}
