/**
 * Performs the effects of one machine one after another: a `persist` is on disk before the `send` behind it is acted on, however
 * many events came meanwhile. A machine that can't persist must not go on: the first failure stops the queue for good.
 */
export class EffectQueue<E> {
  readonly #perform: (effect: E) => Promise<void> | void
  readonly #failed: (error: unknown) => void
  readonly #waiting: E[] = []
  #running = false
  #stopped = false
  #idle: (() => void)[] = []

  constructor(perform: (effect: E) => Promise<void> | void, failed: (error: unknown) => void) {
    this.#perform = perform
    this.#failed = failed
  }

  add(effects: readonly E[]): void {
    if (this.#stopped) return
    this.#waiting.push(...effects)
    if (!this.#running) void this.#run()
  }

  /** Takes no more effects; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.length = 0
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
        const done = this.#perform(effect)
        if (done !== undefined) await done
      }
    } catch (error) {
      this.#stopped = true
      this.#waiting.length = 0
      this.#failed(error)
    } finally {
      this.#running = false
      for (const resolve of this.#idle.splice(0)) resolve()
    }
  }
}
