interface EffectOrder<E> {
  /** Effects that only write: their order among themselves is that of their beginnings. */
  readonly isWrite: (effect: E) => boolean
  /** Effects that need nothing that stands before them: begun at once, so that the disk is not waited for once for each. */
  readonly isEarly?: (effect: E) => boolean
  /** Effects that nothing behind them needs: begun in their turn, and not waited for. */
  readonly isAside?: (effect: E) => boolean
}
const never = (): boolean => false

/**
 * Performs the effects of one machine one after another: a `persist` is on disk before the `send` behind it is acted on, however
 * many events came meanwhile. Writes that follow each other are begun together, so that the disk is waited for once. A machine that
 * can't persist must not go on: the first failure stops the queue for good.
 */
export class EffectQueue<E> {
  readonly #perform: (effect: E) => Promise<void> | void
  readonly #failed: (error: unknown) => void
  readonly #isWrite: (effect: E) => boolean
  readonly #isEarly: (effect: E) => boolean
  readonly #isAside: (effect: E) => boolean
  readonly #waiting: E[] = []
  /** What was begun before its turn: its turn only waits for it. */
  readonly #begun = new Map<E, Promise<void> | undefined>()
  readonly #aside = new Set<Promise<void>>()
  #underWay = 0
  #running = false
  #stopped = false
  #hasFailed = false
  #idle: (() => void)[] = []
  /** Who waits for the effects that stood before them, by how many are to be performed first. */
  #waiters: { left: number; readonly resolve: () => void }[] = []

  constructor(perform: (effect: E) => Promise<void> | void, failed: (error: unknown) => void, order: EffectOrder<E>) {
    this.#perform = perform
    this.#failed = failed
    this.#isWrite = order.isWrite
    this.#isEarly = order.isEarly ?? never
    this.#isAside = order.isAside ?? never
  }

  add(effects: readonly E[]): void {
    if (this.#stopped) return
    for (const effect of effects) if (this.#isEarly(effect)) this.#beginEarly(effect)
    this.#waiting.push(...effects)
    if (!this.#running) void this.#run()
  }

  /** How many effects wait. */
  get length(): number {
    return this.#waiting.length
  }

  /** Resolves when what was added so far has been performed, or never will be. */
  performed(): Promise<void> {
    const left = this.#waiting.length + this.#underWay
    if (left === 0 || this.#stopped) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ left, resolve }))
  }

  /** Takes no more effects; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#waiting.length = 0
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve))
    await Promise.allSettled([...this.#begun.values(), ...this.#aside])
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
        const begun = this.#begin(effect)
        const done = [this.#isAside(effect) ? this.#leave(begun) : begun]
        if (this.#isWrite(effect)) {
          for (let next = this.#nextWrite(); next !== undefined; next = this.#nextWrite()) done.push(this.#begin(next))
        }
        if (done.some((one) => one !== undefined)) await Promise.all(done)
        this.#underWay = 0
        this.#tell(done.length)
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#running = false
      this.#underWay = 0
      if (this.#stopped) this.#tell(Number.POSITIVE_INFINITY)
      for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  #begin(effect: E): Promise<void> | void {
    this.#underWay++
    if (!this.#begun.has(effect)) return this.#perform(effect)
    const begun = this.#begun.get(effect)
    this.#begun.delete(effect)
    return begun
  }

  #beginEarly(effect: E): void {
    const begun = Promise.resolve(this.#perform(effect))
    begun.catch(() => {}) // its turn tells
    this.#begun.set(effect, begun)
  }

  #leave(begun: Promise<void> | void): undefined {
    if (begun === undefined) return
    const ended = begun.catch((error: unknown) => this.#fail(error)).finally(() => this.#aside.delete(ended))
    this.#aside.add(ended)
  }

  #fail(error: unknown): void {
    const isFirst = !this.#hasFailed
    this.#hasFailed = true
    this.#stopped = true
    this.#waiting.length = 0
    if (isFirst) this.#failed(error)
  }

  #tell(performed: number): void {
    for (const waiter of this.#waiters) waiter.left -= performed
    for (const { resolve } of this.#waiters.filter(({ left }) => left <= 0)) resolve()
    this.#waiters = this.#waiters.filter(({ left }) => left > 0)
  }

  #nextWrite(): E | undefined {
    const next = this.#waiting[0]
    return next !== undefined && this.#isWrite(next) ? this.#waiting.shift() : undefined
  }
}
