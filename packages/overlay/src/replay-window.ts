const WINDOW = 2_048

/** Which counters of a session were seen (RFC 6479): reordering within 2,048 packets is fine, a counter counts once. */
export class ReplayWindow {
  readonly #words = new Uint32Array(WINDOW / 32)
  #highest = -1

  /** Whether a packet with this counter may still be new. Changes nothing: call `mark` when its tag proved right. */
  isFresh(counter: number): boolean {
    if (counter > this.#highest) return true
    if (counter <= this.#highest - WINDOW) return false
    return ((this.#words[(counter % WINDOW) >>> 5] ?? 0) & (1 << (counter & 31))) === 0
  }

  mark(counter: number): void {
    if (counter > this.#highest) {
      const cleared = Math.min(counter - this.#highest, WINDOW)
      for (let i = 0; i < cleared; i++) this.#set(counter - i, false)
      this.#highest = counter
    }
    this.#set(counter, true)
  }

  #set(counter: number, isSeen: boolean): void {
    const [at, bit] = [(((counter % WINDOW) + WINDOW) % WINDOW) >>> 5, 1 << (counter & 31)]
    const word = this.#words[at] ?? 0
    this.#words[at] = isSeen ? word | bit : word & ~bit
  }
}
