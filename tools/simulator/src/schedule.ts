interface Planned {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
}

/** What is to happen, by time; of things at one time the one planned first comes first, so that a seed replays a run exactly. */
export class Schedule {
  readonly #heap: Planned[] = []
  #order = 0

  add(atMs: number, act: () => void): void {
    push(this.#heap, { atMs, order: this.#order++, act })
  }
  /** When the next act is due. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs
  }
  take(): { readonly atMs: number; readonly act: () => void } | undefined {
    return this.#heap.length === 0 ? undefined : pop(this.#heap)
  }
}

const before = (a: Planned, b: Planned): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

function push(heap: Planned[], item: Planned): void {
  let at = heap.push(item) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(item, heap[parent] as Planned)) break
    heap[at] = heap[parent] as Planned
    at = parent
  }
  heap[at] = item
}

function pop(heap: Planned[]): Planned {
  const first = heap[0] as Planned
  const last = heap.pop() as Planned
  if (heap.length === 0) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1] as Planned, heap[child] as Planned)) child++
    if (!before(heap[child] as Planned, last)) break
    heap[at] = heap[child] as Planned
    at = child
  }
  heap[at] = last
  return first
}
