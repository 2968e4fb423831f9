import { checksumOf } from './disk.js'

export interface KindTraffic {
  /** Messages handed to the network for the first time: one for each receiver. */
  readonly messages: number
  /** The same bytes from the same node to the same node once more. */
  readonly again: number
  readonly bytes: number
}

/** Counts what is handed to the network, by kind; retransmissions, which are repeats byte for byte, apart. */
export class Traffic {
  readonly #kinds = new Map<number | string, { messages: number; again: number; bytes: number }>()
  readonly #seen = new Set<string>()
  readonly #sums = new WeakMap<Uint8Array, string>()
  readonly #seenMax: number

  constructor(seenMax = 1_000_000) {
    this.#seenMax = seenMax
  }

  /** Whether these bytes went this way before. */
  count(from: number, to: number, kind: number | string, bytes: Uint8Array): boolean {
    const of = this.#kinds.get(kind) ?? { messages: 0, again: 0, bytes: 0 }
    this.#kinds.set(kind, of)
    const sum = this.#sums.get(bytes) ?? checksumOf(bytes)
    this.#sums.set(bytes, sum)
    const name = `${from} ${to} ${sum}`
    of.bytes += bytes.length
    if (this.#seen.has(name)) {
      of.again++
      return true
    }
    if (this.#seen.size >= this.#seenMax) throw new RangeError('more messages than the simulator tells apart')
    this.#seen.add(name)
    of.messages++
    return false
  }

  of(kind: number | string): KindTraffic {
    return this.#kinds.get(kind) ?? { messages: 0, again: 0, bytes: 0 }
  }
  kinds(): readonly (number | string)[] {
    return [...this.#kinds.keys()]
  }
  total(): KindTraffic {
    const sum = { messages: 0, again: 0, bytes: 0 }
    for (const { messages, again, bytes } of this.#kinds.values()) {
      sum.messages += messages
      sum.again += again
      sum.bytes += bytes
    }
    return sum
  }
}
