import { Random } from './random.js'

export interface WorldSettings {
  readonly seed: number
  readonly startMs?: number
  readonly lossPerMille?: number
  readonly repeatPerMille?: number
  readonly delayMsMin?: number
  readonly delayMsMax?: number
}
interface Planned {
  readonly atMs: number
  readonly order: number
  readonly act: () => void
}

/**
 * Owns the clock, the network and the dice of a simulation. What happens next is always the planned act with the lowest time, and of those
 * the one planned first, so that a seed replays a run exactly. Messages may be lost, repeated, delayed, and thereby reordered;
 * while a partition lasts none crosses it. After `heal` nothing is lost or repeated any more.
 */
export class World {
  readonly random: Random
  readonly seed: number
  nowMs: number
  /** How many acts were run. */
  acts = 0
  sent = 0
  lost = 0
  #lossPerMille: number
  #repeatPerMille: number
  readonly #delayMsMin: number
  #delayMsMax: number
  #order = 0
  #sides: ReadonlyMap<number, number> | undefined
  readonly #heap: Planned[] = []

  constructor({ seed, startMs = 0, lossPerMille = 0, repeatPerMille = 0, delayMsMin = 1, delayMsMax = 1 }: WorldSettings) {
    this.seed = seed
    this.random = new Random(seed)
    this.nowMs = startMs
    this.#lossPerMille = lossPerMille
    this.#repeatPerMille = repeatPerMille
    this.#delayMsMin = delayMsMin
    this.#delayMsMax = delayMsMax
  }

  /** Plans an act; a time in the past means now. */
  at(atMs: number, act: () => void): void {
    push(this.#heap, { atMs: Math.max(atMs, this.nowMs), order: this.#order++, act })
  }

  after(ms: number, act: () => void): void {
    this.at(this.nowMs + ms, act)
  }

  /** Hands something from one node to another, as the network of this world does. Nodes are numbers. */
  post(from: number, to: number, deliver: () => void): void {
    const copies = this.random.chance(this.#repeatPerMille) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.sent++
      const lost = this.random.chance(this.#lossPerMille)
      const delayMs = this.random.between(this.#delayMsMin, this.#delayMsMax)
      if (lost || this.#cut(from, to)) this.lost++
      else this.after(delayMs, deliver)
    }
  }

  /** Nodes with different numbers in `sides` do not hear each other until `heal` or the next partition. */
  partition(sides: ReadonlyMap<number, number> | undefined): void {
    this.#sides = sides
  }

  /** How the network behaves from now on. */
  weather({
    lossPerMille,
    repeatPerMille,
    delayMsMax,
  }: Required<Pick<WorldSettings, 'lossPerMille' | 'repeatPerMille' | 'delayMsMax'>>): void {
    this.#lossPerMille = lossPerMille
    this.#repeatPerMille = repeatPerMille
    this.#delayMsMax = Math.max(this.#delayMsMin, delayMsMax)
  }

  /** Ends partition, loss and repetition; delays shrink to `delayMsMax`. */
  heal(delayMsMax: number = this.#delayMsMax): void {
    this.#sides = undefined
    this.#lossPerMille = 0
    this.#repeatPerMille = 0
    this.#delayMsMax = Math.max(this.#delayMsMin, delayMsMax)
  }

  /** Runs until nothing is planned, `done` says so, or the clock or the number of acts passes its limit. */
  run({
    untilMs = Number.POSITIVE_INFINITY,
    actsMax = 1_000_000,
    done,
  }: {
    readonly untilMs?: number
    readonly actsMax?: number
    readonly done?: () => boolean
  } = {}): void {
    for (let left = actsMax; left > 0; left--) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs || done?.() === true) break
      pop(this.#heap)
      this.nowMs = next.atMs
      this.acts++
      next.act()
    }
  }

  #cut(from: number, to: number): boolean {
    return this.#sides !== undefined && this.#sides.get(from) !== this.#sides.get(to)
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

function pop(heap: Planned[]): void {
  const last = heap.pop() as Planned
  if (heap.length === 0) return
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
}
