import { CryptoError } from '../errors.js'

const TAG_BYTES = 16

export interface ReplayMemoryLimits {
  /** How many packets are remembered at once, about 150 bytes each. */
  readonly tagsMax: number
  /** How long each is. As long as a packet stays acceptable: tie that to time by the associated data, or change the key. */
  readonly keepMs: number
}

/**
 * Which onions one key has peeled: a replayed one is refused. Its owner passes it, and the time, to `peelOnion`. When it is full of packets
 * that have not expired, new ones are refused: forgetting one early would let it in again. It holds no secrets.
 */
export class ReplayMemory {
  readonly #limits: ReplayMemoryLimits
  /** When each tag may be forgotten, in the order they came. */
  readonly #expiries = new Map<string, number>()

  constructor(limits: ReplayMemoryLimits) {
    this.#limits = limits
  }

  /** How many packets are remembered now. */
  get size(): number {
    return this.#expiries.size
  }

  /**
   * Remembers a tag of at least 16 bytes, until `keepMs` after `nowMs` or later. Time may stand still or go back: then tags stay longer.
   * @throws {CryptoError} ONION_REPLAYED, ONION_MEMORY_FULL
   */
  admit(tag: Uint8Array, nowMs: number): void {
    this.forget(nowMs)
    const name = String.fromCharCode(...tag.subarray(0, TAG_BYTES))
    if (this.#expiries.has(name)) throw new CryptoError({ code: 'ONION_REPLAYED' })
    const { tagsMax, keepMs } = this.#limits
    if (this.#expiries.size >= tagsMax) throw new CryptoError({ code: 'ONION_MEMORY_FULL', tagsMax })
    this.#expiries.set(name, nowMs + keepMs)
  }

  /** Drops what has expired; `admit` does so too. */
  forget(nowMs: number): void {
    for (const [name, expiresAtMs] of this.#expiries) {
      if (expiresAtMs > nowMs) return
      this.#expiries.delete(name)
    }
  }
}
