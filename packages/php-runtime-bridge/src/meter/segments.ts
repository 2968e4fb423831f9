/** Code that no way leads to: costs nothing. */
export const DEAD = 0

/**
 * The straight pieces of one function, and where each is paid for.
 *
 * A segment runs from its first instruction to its last. It is paid for where it begins, or at another that comes before it on every way to it, in
 * the same loop: its base. Small ones are paid for at their base: of what is paid there, at most `slack` is for pieces that may then not run.
 */
export class Segments {
  readonly #costs: number[] = []
  readonly #bases: number[] = []
  readonly #heads: boolean[] = []
  readonly #charges: number[] = []
  /** Of each: what is paid there in advance for others. */
  readonly #ahead: number[] = []

  clear(): void {
    this.#costs.length = 1
    this.#bases.length = 1
    this.#heads.length = 1
    this.#costs[DEAD] = 0
    this.#bases[DEAD] = DEAD
    this.#heads[DEAD] = true
  }

  /** Where a function or the body of a loop begins: paid for here, and nowhere else. */
  beginHead(): number {
    this.#costs.push(0)
    this.#heads.push(true)
    return this.#bases.push(this.#bases.length) - 1
  }

  begin(base: number): number {
    if (base === DEAD) return DEAD
    this.#costs.push(0)
    this.#heads.push(false)
    return this.#bases.push(base) - 1
  }

  add(segment: number, cost: number): void {
    this.#costs[segment] = (this.#costs[segment] as number) + cost
  }

  isHead(segment: number): boolean {
    return this.#heads[segment] as boolean
  }

  /** Decides where each is paid for. A base has a lower number than what it is the base of. */
  settle(slack: number): void {
    for (let i = 0; i < this.#costs.length; i++) {
      const cost = this.#costs[i] as number
      // one that is paid for elsewhere has for its base where it is paid
      const base = this.#bases[i] as number
      const root = this.#bases[base] as number
      const ahead = (this.#ahead[root] as number) + cost
      if (!this.#heads[i] && (cost === 0 || ahead <= slack)) {
        this.#ahead[root] = ahead
        this.#charges[root] = (this.#charges[root] as number) + cost
        this.#charges[i] = 0
        this.#bases[i] = root
      } else {
        this.#ahead[i] = 0
        this.#charges[i] = cost
        this.#bases[i] = i
      }
    }
    this.#charges[DEAD] = 0
  }

  /** Fuel taken where a segment begins. */
  charge(segment: number): number {
    return this.#charges[segment] as number
  }
}
