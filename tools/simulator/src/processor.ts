/** What a piece of work cost, and what comes of it once that time has passed. */
export interface Worked {
  readonly costUs: number
  readonly done?: () => void
}
export interface ProcessorWorld {
  readonly nowMs: number
  readonly after: (ms: number, act: () => void) => void
}

/**
 * One node's processor: one piece of work at a time, in the order in which it came; while one is charged, the others queue. Costs are in
 * microseconds and add up, though time goes in whole ms.
 */
export class Processor {
  readonly #world: ProcessorWorld
  readonly #queueMax: number
  #queue: (() => Worked)[] = []
  #freeAtUs = 0
  #isBusy = false
  #life = 0
  /** Everything takes so many times as long. */
  slowness = 1
  /** In all lives. */
  busyUs = 0
  /** Work refused because the queue was full. */
  refused = 0

  constructor(world: ProcessorWorld, queueMax = 10_000) {
    this.#world = world
    this.#queueMax = queueMax
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** False: the queue is full, and this was dropped. */
  do(work: () => Worked): boolean {
    if (this.#queue.length >= this.#queueMax) {
      this.refused++
      return false
    }
    this.#queue.push(work)
    if (!this.#isBusy) this.#go()
    return true
  }

  /** Nothing is done for so long, as if the machine stood still. */
  stall(ms: number): void {
    this.#freeAtUs = Math.max(this.#freeAtUs, this.#world.nowMs * 1000) + ms * 1000
    if (!this.#isBusy) this.#rest(() => this.#go())
  }

  /** What waited is lost, and what was under way comes to nothing. */
  crash(): void {
    this.#life++
    this.#queue = []
    this.#freeAtUs = 0
    this.#isBusy = false
  }

  #go(): void {
    const life = this.#life
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) {
      this.#isBusy = true
      const { costUs, done } = work()
      if (this.#life !== life) return
      const chargedUs = costUs * this.slowness
      this.busyUs += chargedUs
      this.#freeAtUs = Math.max(this.#freeAtUs, this.#world.nowMs * 1000) + chargedUs
      if (this.#freeAtUs >= (this.#world.nowMs + 1) * 1000) {
        this.#rest(() => {
          done?.()
          if (this.#life === life) this.#go()
        })
        return
      }
      done?.()
      if (this.#life !== life) return
    }
    this.#isBusy = false
  }

  #rest(next: () => void): void {
    this.#isBusy = true
    const life = this.#life
    const again = (): void => {
      if (this.#life !== life) return
      const leftMs = Math.floor(this.#freeAtUs / 1000) - this.#world.nowMs
      if (leftMs > 0) this.#world.after(leftMs, again)
      else next()
    }
    again()
  }
}
