/** A read's changes are nobody's: any number may run at a time. A write's are the site's: one runs at a time. */
export type RunKind = 'read' | 'write'

/** Of each kind: what waits for a worker. More is refused. */
export const RUNS_WAITING_MAX = 1024

/** Of so many workers: how many may run reads at a time. */
export function readersOf(workers: number): number {
  return Math.max(1, workers - 1)
}

/**
 * What waits for workers, and how much runs: each kind in the order it came. Of two workers or more one is never given to a read, so that a write waits
 * for nothing but writes. One alone is given to both in turn, where both wait.
 */
export class RunQueue<T> {
  readonly #workers: number
  readonly #waiting = { read: [] as T[], write: [] as T[] }
  readonly #running = { read: 0, write: 0 }
  #last: RunKind = 'read'

  constructor(workers: number) {
    this.#workers = workers
  }

  /** @returns false where too many of the kind wait already */
  offer(kind: RunKind, item: T): boolean {
    if (this.#waiting[kind].length >= RUNS_WAITING_MAX) return false
    this.#waiting[kind].push(item)
    return true
  }

  /** What may start now; it runs until `ended`. undefined where nothing may. */
  take(): { readonly kind: RunKind; readonly item: T } | undefined {
    if (this.#running.read + this.#running.write >= this.#workers) return undefined
    const kind = this.#next()
    if (kind === undefined) return undefined
    this.#running[kind]++
    this.#last = kind
    return { kind, item: this.#waiting[kind].shift() as T }
  }

  ended(kind: RunKind): void {
    this.#running[kind]--
  }

  /** Empties what waits. */
  drain(): T[] {
    return [...this.#waiting.write.splice(0), ...this.#waiting.read.splice(0)]
  }

  #next(): RunKind | undefined {
    const write = this.#waiting.write.length > 0 && this.#running.write === 0
    const read = this.#waiting.read.length > 0 && this.#running.read < readersOf(this.#workers)
    if (write && read) return this.#workers > 1 || this.#last === 'read' ? 'write' : 'read'
    return write ? 'write' : read ? 'read' : undefined
  }
}
