/** Names that a pace is kept for; whoever was quiet longest is forgotten first. */
const NAMES_MAX = 1_024

export interface Pace {
  /** At once, after a quiet while. */
  readonly most: number
  readonly perSecond: number
}

/** How often each of many may do something. */
export class Paces {
  readonly #pace: Pace
  /** Oldest first. */
  readonly #names = new Map<string, { readonly left: number; readonly atMs: number }>()

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** Whether it may once more now: then that counts. */
  allows(name: string, nowMs: number): boolean {
    const { most, perSecond } = this.#pace
    const { left, atMs } = this.#names.get(name) ?? { left: most, atMs: nowMs }
    const now = Math.min(most, left + (Math.max(0, nowMs - atMs) * perSecond) / 1_000)
    this.#names.delete(name)
    if (this.#names.size >= NAMES_MAX) this.#names.delete(this.#names.keys().next().value as string)
    this.#names.set(name, { left: now < 1 ? now : now - 1, atMs: nowMs })
    return now >= 1
  }
}
