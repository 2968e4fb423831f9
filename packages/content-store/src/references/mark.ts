import { type ContentId, codecOf } from '@interpeer/crypto-ids'
import type { BlockStore } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { linksOf } from '../walk.js'

/** What can be reached from live roots within one store, found a few blocks at a time. */
export class Mark {
  readonly #store: Pick<BlockStore, 'get' | 'has'>
  readonly #live = new Set<ContentId>()
  readonly #open: ContentId[] = []
  readonly #spoiled = new Set<ContentId>()

  constructor(store: Pick<BlockStore, 'get' | 'has'>) {
    this.#store = store
  }
  /** Live blocks that are here and can't be read: what hangs below them is not known. */
  get spoiled(): readonly ContentId[] {
    return [...this.#spoiled]
  }
  isLive(cid: ContentId): boolean {
    return this.#live.has(cid)
  }
  add(roots: Iterable<ContentId>): void {
    for (const root of roots) this.#reach(root)
  }
  /** Looks into at most that many blocks. True: all that is live is marked. */
  step(blocks: number): boolean {
    for (let i = 0; i < blocks; i++) {
      const cid = this.#open.pop()
      if (cid === undefined) return true
      for (const link of this.#linksIn(cid)) this.#reach(link)
    }
    return this.#open.length === 0
  }

  /** Blocks that are not here hold no room: a hostile block may link to millions of them. */
  #reach(cid: ContentId): void {
    if (this.#live.has(cid) || !this.#store.has(cid)) return
    this.#live.add(cid)
    if (codecOf(cid) !== 'raw') this.#open.push(cid)
  }
  #linksIn(cid: ContentId): readonly ContentId[] {
    const bytes = this.#store.get(cid)
    if (bytes === undefined) {
      this.#spoiled.add(cid)
      return []
    }
    try {
      return linksOf(cid, bytes)
    } catch (cause) {
      if (cause instanceof ContentStoreError) return [] // not our CBOR: nobody can follow it, so nothing is fetched or kept by it
      throw cause
    }
  }
}
