const LONGEST_TIMER_MS = 2 ** 31 - 1

/** One timer that follows a machine's `wake` effects: the latest one counts. */
export class Waker {
  readonly #now: () => number
  readonly #wake: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(now: () => number, wake: () => void) {
    this.#now = now
    this.#wake = wake
  }

  at(atMs: number): void {
    clearTimeout(this.#timer)
    const inMs = Math.min(Math.max(0, atMs - this.#now()), LONGEST_TIMER_MS)
    this.#timer = setTimeout(this.#wake, inMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
