/**
 * The dice of a simulation: xoshiro128** seeded by splitmix32. Not for secrets. The same seed gives the same throws on every
 * machine, since nothing but 32-bit integers is used.
 */
export class Random {
  readonly #state: Uint32Array<ArrayBuffer>

  constructor(seed: number) {
    let mixed = seed >>> 0
    const next = (): number => {
      mixed = (mixed + 0x9e3779b9) >>> 0
      let z = mixed
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return (z ^ (z >>> 15)) >>> 0
    }
    this.#state = Uint32Array.from([next(), next(), next(), next()])
  }

  /** 32 bits. */
  bits(): number {
    const s = this.#state
    const [s0, s1, s2, s3] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number]
    const x = Math.imul(s1, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t2 = s2 ^ s0
    const t3 = s3 ^ s1
    s[1] = s1 ^ t2
    s[0] = s0 ^ t3
    s[2] = t2 ^ (s1 << 9)
    s[3] = (t3 << 11) | (t3 >>> 21)
    return result
  }

  /** An integer from 0 to `limit` - 1; `limit` from 1 to 2^32. */
  below(limit: number): number {
    return Math.floor((this.bits() / 2 ** 32) * limit)
  }

  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True in `perMille` of 1,000 throws. */
  chance(perMille: number): boolean {
    return this.below(1000) < perMille
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[this.below(items.length)] as T
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.bits() & 0xff)
  }

  /** Dice named by numbers: the same whatever was thrown before, so that a fault left out does not move those of another thing. */
  static named(...names: readonly number[]): Random {
    let mixed = 0x2545f491
    for (const name of names) mixed = (Math.imul(mixed ^ (name | 0), 0x9e3779b1) ^ (mixed >>> 15)) >>> 0
    return new Random(mixed)
  }

  /** Dice of their own, so that throws made for one thing do not move those of another. */
  fork(): Random {
    return new Random(this.bits())
  }
}
