import type { Planned } from './dev-plan.js'

/** Looked at this often too: a clock may be set, or a machine sleep. */
const LOOK_MS_MAX = 30_000

export interface PlannedRunsParts {
  readonly nextMs: () => number
  /** What is due now; undefined: nothing. */
  readonly next: (timeMs: number) => Planned | undefined
  readonly run: (planned: Planned) => Promise<void>
}

/** Runs what is planned when it is due, one after another. */
export class PlannedRuns {
  readonly #parts: PlannedRunsParts
  readonly #answers: Planned[] = []
  #timer: NodeJS.Timeout | undefined
  #isRunning = false
  #isClosed = false

  constructor(parts: PlannedRunsParts) {
    this.#parts = parts
  }

  /** To be run as soon as what is running has ended. */
  add(planned: Planned): void {
    this.#answers.push(planned)
    this.look()
  }

  /** Something else may be due first. */
  look(): void {
    clearTimeout(this.#timer)
    if (this.#isClosed || this.#isRunning) return
    const inMs = this.#answers.length > 0 ? 0 : Math.max(0, this.#parts.nextMs() - Date.now())
    this.#timer = setTimeout(() => void this.#runDue(), Math.min(inMs, LOOK_MS_MAX))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #runDue(): Promise<void> {
    this.#isRunning = true
    for (;;) {
      const planned = this.#isClosed ? undefined : (this.#answers.shift() ?? this.#parts.next(Date.now()))
      if (planned === undefined) break
      await this.#parts.run(planned)
    }
    this.#isRunning = false
    this.look()
  }
}
