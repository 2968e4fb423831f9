/** Checks that wait, of all askers and of one, each at most 1.1 MiB; more are dropped. */
const WAITING_MAX = 32
const WAITING_OF_ONE_MAX = 4
/** After a check the runtime belongs to visitors for so many times what the check took: checks take at most a tenth of its time. */
const REST_TIMES = 9

interface Waiting {
  readonly asker: string
  readonly run: () => Promise<void>
  readonly drop: () => void
}
export interface QueueClock {
  /** Monotonic, in ms. */
  readonly nowMs: () => number
  /** Calls back after so many ms, once; the function returned ends the wait. */
  readonly after: (ms: number, wake: () => void) => () => void
}

/**
 * The checks that others ask this peer for, one at a time and seldom enough. Askers take turns, each in its own order: one that floods waits behind
 * itself, and what it asks for beyond that is dropped.
 */
export class ReadCheckQueue {
  readonly #clock: QueueClock
  readonly #count: (code: string) => void
  #waiting: readonly Waiting[] = []
  /** Who was served lately, the last one last. */
  #served: readonly string[] = []
  #isBusy = false
  #isClosed = false
  #endRest: () => void = () => {}

  constructor(clock: QueueClock, count: (code: string) => void) {
    this.#clock = clock
    this.#count = count
  }

  /** Does `work` when its turn comes. Undefined: it was dropped, or failed. */
  add<T>(asker: string, work: () => Promise<T>): Promise<T | undefined> {
    const ofOne = this.#waiting.filter((one) => one.asker === asker).length
    if (this.#isClosed || ofOne >= WAITING_OF_ONE_MAX || this.#waiting.length >= WAITING_MAX) {
      this.#count('READ_CHECK_DROPPED')
      return Promise.resolve(undefined)
    }
    return new Promise((resolve) => {
      const run = async (): Promise<void> => {
        try {
          resolve(await work())
        } catch {
          this.#count('READ_CHECK_FAILED') // a broken disk or runtime: others tell of it
          resolve(undefined)
        }
      }
      this.#waiting = [...this.#waiting, { asker, run, drop: () => resolve(undefined) }]
      void this.#next()
    })
  }

  close(): void {
    this.#isClosed = true
    this.#endRest()
    for (const one of this.#waiting) one.drop()
    this.#waiting = []
  }

  async #next(): Promise<void> {
    if (this.#isBusy) return
    const turn = ({ asker }: Waiting) => this.#served.indexOf(asker) // who was not served lately comes first
    const [first] = [...this.#waiting].sort((a, b) => turn(a) - turn(b)) // of one asker, what it asked for first
    if (first === undefined) return
    this.#waiting = this.#waiting.filter((one) => one !== first)
    this.#served = [...this.#served.filter((asker) => asker !== first.asker), first.asker].slice(-WAITING_MAX)
    this.#isBusy = true
    const beganMs = this.#clock.nowMs()
    await first.run()
    if (this.#isClosed) return
    this.#endRest = this.#clock.after(REST_TIMES * (this.#clock.nowMs() - beganMs), () => {
      this.#isBusy = false
      void this.#next()
    })
  }
}
