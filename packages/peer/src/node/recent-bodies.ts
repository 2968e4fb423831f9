import type { ContentId } from '@interpeer/crypto-ids'

/** Two halves of so much are kept, of which the older is forgotten at once: to forget the oldest of a map one by one costs more, the more were forgotten. */
const HALF_MAX_BYTES = 8 * 1024 * 1024

/** Requests' blocks as they came last, of all groups of a peer: a batch need not read them from the disk. What is forgotten costs time, nothing else. */
export class RecentBodies {
  readonly #halfMaxBytes: number
  #newer = new Map<ContentId, Uint8Array>()
  #older = new Map<ContentId, Uint8Array>()
  /** Of the newer half. */
  #bytes = 0

  constructor(halfMaxBytes = HALF_MAX_BYTES) {
    this.#halfMaxBytes = halfMaxBytes
  }

  get(cid: ContentId): Uint8Array | undefined {
    return this.#newer.get(cid) ?? this.#older.get(cid)
  }

  add(cid: ContentId, bytes: Uint8Array): void {
    if (this.#newer.has(cid) || bytes.length > this.#halfMaxBytes) return
    if (this.#bytes + bytes.length > this.#halfMaxBytes) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#bytes = 0
    }
    this.#newer.set(cid, bytes)
    this.#bytes += bytes.length
  }
}
