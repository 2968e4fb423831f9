/** What happened, as lines that people read; of more than `linesMax` the last ones. */
export class Trace {
  readonly #lines: string[] = []
  readonly #linesMax: number
  #startMs = 0
  #next = 0
  /** How many lines are gone. */
  dropped = 0

  constructor(linesMax = 20_000) {
    this.#linesMax = linesMax
  }

  /** Times are told from here on. */
  begin(startMs: number): void {
    this.#startMs = startMs
  }

  /** @param who a node, or undefined for the world */
  note(nowMs: number, who: number | undefined, what: string): void {
    const line = `${((nowMs - this.#startMs) / 1000).toFixed(3).padStart(9)} ${who === undefined ? 'world'.padEnd(7) : `node ${who}`.padEnd(7)} ${what}`
    if (this.#lines.length < this.#linesMax) this.#lines.push(line)
    else {
      this.#lines[this.#next] = line
      this.#next = (this.#next + 1) % this.#linesMax
      this.dropped++
    }
  }

  /** The last `count` lines, oldest first. */
  last(count: number = this.#linesMax): readonly string[] {
    return [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)].slice(-count)
  }
}
