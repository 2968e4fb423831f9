import type { Write } from '@interpeer/peer-group'

/** The first write after a pause goes on at once; those that follow within so long go together. */
const GATHER_MS = 50
const GATHERED_MAX = 64
const GATHERED_MAX_BYTES = 512 * 1024

/** Hands writes on together where many come: what offers them to the other members is then signed once for all of them, and checked once by each. */
export class GatheredWrites {
  readonly #hand: (writes: readonly Write[]) => void
  #writes: Write[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(hand: (writes: readonly Write[]) => void) {
    this.#hand = hand
  }

  add(write: Write): void {
    this.#writes.push(write)
    this.#bytes += write.bytes.length
    if (this.#timer === undefined || this.#writes.length >= GATHERED_MAX || this.#bytes > GATHERED_MAX_BYTES) this.#flush()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#writes.length > 0) this.#flush()
    }, GATHER_MS)
    const writes = this.#writes
    this.#writes = []
    this.#bytes = 0
    this.#hand(writes)
  }
}
