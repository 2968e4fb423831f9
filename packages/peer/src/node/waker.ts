/** Of a longer one Node makes a short one. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/** One timer that follows a machine's `wake` effects: the latest one counts. It never wakes before its time by `now`. */
export class Waker {
  readonly #now: () => number
  readonly #wake: () => void
  #atMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(now: () => number, wake: () => void) {
    this.#now = now
    this.#wake = wake
  }

  at(atMs: number): void {
    this.#atMs = atMs
    clearTimeout(this.#timer)
    const inMs = Math.min(Math.max(0, atMs - this.#now()), LONGEST_TIMER_MS)
    this.#timer = setTimeout(() => this.#onTimer(), inMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Timers run by another clock, and only so long: a machine that is woken early has nothing to do, and would not ask again. */
  #onTimer(): void {
    if (this.#now() < this.#atMs) this.at(this.#atMs)
    else this.#wake()
  }
}
