import type { Block, BlockStore } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { GatheredPuts } from './gathered-puts.js'

/** What nothing waits for is written so long after it came at most: a step's requests with one another, since each write of the disk costs, however small. */
const GATHER_MS = 100
/** Remembered, so that a batch need not read them from the disk: two halves of so much. */
const HALF_MAX_BYTES = 8 * 1024 * 1024

/**
 * Requests' blocks as they come with offers. They are written together, some time, and before this member signs what a batch with them comes to; a batch may run on
 * them at once.
 */
export class UnwrittenBodies {
  readonly #store: BlockStore
  readonly #puts: GatheredPuts
  #newer = new Map<ContentId, Uint8Array>()
  #older = new Map<ContentId, Uint8Array>()
  /** Of the newer half. */
  #bytes = 0
  /** Those that are not on the disk. */
  readonly #writing = new Set<Promise<void>>()

  constructor(store: BlockStore, put: (blocks: readonly Block[]) => Promise<void>) {
    this.#store = store
    this.#puts = new GatheredPuts(put, GATHER_MS)
  }

  /** The store, with what is still to be written into it. */
  get store(): BlockStore {
    const held = (cid: ContentId) => this.#newer.get(cid) ?? this.#older.get(cid)
    const { get, has } = this.#store
    return { ...this.#store, get: (cid) => held(cid) ?? get(cid), has: (cid) => held(cid) !== undefined || has(cid) }
  }

  /** Resolves when they are on the disk. */
  add(blocks: readonly Block[]): Promise<void> {
    for (const { cid, bytes } of blocks) {
      if (this.#bytes + bytes.length > HALF_MAX_BYTES) this.#turn()
      this.#newer.set(cid, bytes)
      this.#bytes += bytes.length
    }
    const written = this.#puts.add(blocks)
    const ended = written.then(
      () => void this.#writing.delete(ended),
      (error: unknown) => {
        this.#writing.delete(ended)
        throw error
      },
    )
    this.#writing.add(ended)
    return ended
  }

  /** Resolves when all that was added before is on the disk, without waiting for more. */
  async flush(): Promise<void> {
    this.#puts.flush()
    await Promise.all(this.#writing)
  }

  #turn(): void {
    this.#older = this.#newer
    this.#newer = new Map()
    this.#bytes = 0
  }
}
