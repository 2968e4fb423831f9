import type { Block, BlockStore } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { GatheredPuts } from './gathered-puts.js'
import type { RecentBodies } from './recent-bodies.js'

/** What nothing waits for is written so long after it came at most: a step's requests with one another, since each write of the disk costs, however small. */
const GATHER_MS = 100

/**
 * Requests' blocks as they come with offers. They are written together, some time, and before this member signs what a batch with them comes to; a batch may run on
 * them at once. They are held until they are on the disk; `recent` remembers some longer.
 */
export class UnwrittenBodies {
  readonly #store: BlockStore
  readonly #recent: RecentBodies
  readonly #puts: GatheredPuts
  /** Those that are not on the disk, each with the write that has it last. */
  readonly #unwritten = new Map<ContentId, { readonly bytes: Uint8Array; readonly by: object }>()
  readonly #writing = new Set<Promise<void>>()

  constructor(store: BlockStore, recent: RecentBodies, put: (blocks: readonly Block[]) => Promise<void>) {
    this.#store = store
    this.#recent = recent
    this.#puts = new GatheredPuts(put, GATHER_MS)
  }

  /** The store, with what is still to be written into it. */
  get store(): BlockStore {
    const held = (cid: ContentId) => this.#unwritten.get(cid)?.bytes ?? this.#recent.get(cid)
    const { get, has } = this.#store
    return { ...this.#store, get: (cid) => held(cid) ?? get(cid), has: (cid) => held(cid) !== undefined || has(cid) }
  }

  /** Resolves when they are on the disk. */
  add(blocks: readonly Block[]): Promise<void> {
    const by = {}
    for (const { cid, bytes } of blocks) {
      this.#unwritten.set(cid, { bytes, by })
      this.#recent.add(cid, bytes)
    }
    const ended = this.#puts.add(blocks).finally(() => {
      this.#writing.delete(ended)
      for (const { cid } of blocks) if (this.#unwritten.get(cid)?.by === by) this.#unwritten.delete(cid)
    })
    this.#writing.add(ended)
    return ended
  }

  /** Resolves when all that was added before is on the disk, without waiting for more. */
  async flush(): Promise<void> {
    this.#puts.flush()
    await Promise.all(this.#writing)
  }
}
