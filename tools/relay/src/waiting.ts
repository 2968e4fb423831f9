interface Entry<T> {
  readonly atMs: number
  readonly order: number
  readonly what: T
}

/** What is to happen later, in the order of its times; of equal times what was put first. A binary heap. */
export class Waiting<T> {
  readonly #heap: Entry<T>[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  put(atMs: number, what: T): void {
    const heap = this.#heap
    const entry = { atMs, order: this.#order++, what }
    let at = heap.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(entry, heap[above] as Entry<T>)) break
      heap[at] = heap[above] as Entry<T>
      at = above
    }
    heap[at] = entry
  }

  /** The first whose time has come. */
  take(nowMs: number): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.atMs > nowMs) return undefined
    const last = heap.pop() as Entry<T>
    if (heap.length > 0) this.#sink(last)
    return first.what
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Entry<T>, heap[below] as Entry<T>)) below++
      if (!isBefore(heap[below] as Entry<T>, entry)) break
      heap[at] = heap[below] as Entry<T>
      at = below
    }
    heap[at] = entry
  }
}

const isBefore = (a: Entry<unknown>, b: Entry<unknown>): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
