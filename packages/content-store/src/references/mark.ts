import { type ContentId, codecOf } from '@interpeer/crypto-ids'
import type { BlockStore } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { linksOf } from '../walk.js'

/** What must stay, as of now. */
export interface LiveRoots {
  /** Here with all below them: a block that is missing there is damage, and tells nothing of what hangs below it. */
  readonly held: Iterable<ContentId>
  /** Here in part, perhaps: still being fetched, or claimed by somebody. What is missing below one has not come yet. */
  readonly wanted: Iterable<ContentId>
}

/** A block takes as long as one more for each such part of it. */
const LARGE_BYTES = 16 * 1024

/** What can be reached from live roots within one store, found a few blocks at a time. */
export class Mark {
  readonly #store: Pick<BlockStore, 'get' | 'has'>
  readonly #live = new Set<ContentId>()
  /** Those of them that are below a held root. */
  readonly #whole = new Set<ContentId>()
  readonly #openWhole: ContentId[] = []
  readonly #openParts: ContentId[] = []
  readonly #spoiled = new Set<ContentId>()

  constructor(store: Pick<BlockStore, 'get' | 'has'>) {
    this.#store = store
  }
  /** Live blocks that are here and can't be read, or are missing below a held root: what hangs below them is not known. */
  get spoiled(): readonly ContentId[] {
    return [...this.#spoiled]
  }
  isLive(cid: ContentId): boolean {
    return this.#live.has(cid)
  }
  add({ held, wanted }: LiveRoots): void {
    for (const root of held) this.#reach(root, true)
    for (const root of wanted) this.#reach(root, false)
  }
  /** Looks into at most that many blocks; of large ones, into fewer. True: all that is live is marked. */
  step(blocks: number): boolean {
    for (let left = blocks; left > 0; ) {
      const whole = this.#openWhole.pop() // before the others, so that few blocks are looked into twice
      const cid = whole ?? this.#openParts.pop()
      if (cid === undefined) return true
      const bytes = this.#store.get(cid)
      if (bytes === undefined) this.#spoiled.add(cid)
      else for (const link of this.#linksIn(cid, bytes)) this.#reach(link, whole !== undefined)
      left -= 1 + Math.floor((bytes?.length ?? 0) / LARGE_BYTES)
    }
    return this.#openWhole.length + this.#openParts.length === 0
  }

  /** Blocks that are not here hold no room: a hostile block may link to millions of them. */
  #reach(cid: ContentId, isWhole: boolean): void {
    if (this.#whole.has(cid) || (!isWhole && this.#live.has(cid))) return
    if (!this.#store.has(cid)) {
      if (isWhole) this.#spoiled.add(cid)
      return
    }
    this.#live.add(cid)
    if (isWhole) this.#whole.add(cid)
    if (codecOf(cid) !== 'raw') (isWhole ? this.#openWhole : this.#openParts).push(cid)
  }
  #linksIn(cid: ContentId, bytes: Uint8Array): readonly ContentId[] {
    try {
      return linksOf(cid, bytes)
    } catch (cause) {
      if (cause instanceof ContentStoreError) return [] // not our CBOR: nobody can follow it, so nothing is fetched or kept by it
      throw cause
    }
  }
}
