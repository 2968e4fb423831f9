import type { ContentId } from '@interpeer/crypto-ids'
import type { Block, BlockStore } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { Mark } from './mark.js'

export interface CollectorOptions {
  readonly store: BlockStore
  /** What must stay, as of now: the roots of live claims, and what this peer serves or fetches itself. Asked several times. */
  readonly roots: () => Iterable<ContentId>
  /** How long a block has to be without a reference before it may go. */
  readonly graceMs: number
  readonly nowMs: () => number
  /** Lets other work go on between slices of the walk. Default: none, the walk is done in one go. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Blocks per slice. Default 256. */
  readonly sliceBlocks?: number | undefined
}
export interface Collected {
  readonly deletedBlocks: number
  readonly freedBytes: number
  /** Blocks without a reference that stay, because of the grace or because they were not needed to make room. */
  readonly keptBlocks: number
  /** Live blocks that can't be read. Until they are fetched again nothing is deleted: it might hang below one of them. */
  readonly spoiled: readonly ContentId[]
}
export interface Collector {
  /** The store, with collection behind it: a put that finds it full makes room and tries once more. */
  readonly blocks: BlockStore
  /** Notes what has no reference now, so that its grace runs. Deletes nothing. Call it now and then. */
  readonly look: () => Promise<Collected>
  /** Deletes what has had no reference for the whole grace, longest first, until that much is free. @throws {ContentStoreError} as `delete` */
  readonly collect: (neededBytes: number) => Promise<Collected>
}
const DELETE_BLOCKS = 64

/**
 * Deletes what no job refers to any more, when room is needed (WP §6.9). Since when a block has had no reference is kept in memory only, so after a
 * restart every grace begins anew; a crash in between deletes nothing else than what was to go. Blocks put meanwhile, or put again, start
 * with a whole grace.
 */
export function openCollector(options: CollectorOptions): Collector {
  const collection = new Collection(options)
  const { store } = options
  return {
    blocks: { ...store, put: (blocks) => collection.put(blocks) },
    look: () => collection.run(0),
    collect: (neededBytes) => collection.run(neededBytes),
  }
}

class Collection {
  readonly #options: CollectorOptions
  readonly #sinceMs = new Map<ContentId, number>()
  /** Being deleted now: a put of one of them waits, or it would find it there and then lose it. */
  #deleting: { readonly cids: ReadonlySet<ContentId>; readonly done: Promise<void> } | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** One run at a time. */
  run(neededBytes: number): Promise<Collected> {
    const run = this.#last.then(() => this.#run(neededBytes))
    this.#last = run.catch(() => undefined)
    return run
  }

  async put(blocks: readonly Block[]): Promise<void> {
    try {
      await this.#putNow(blocks)
    } catch (cause) {
      if (!(cause instanceof ContentStoreError) || cause.failure.code !== 'STORE_FULL') throw cause
      const { freedBytes } = await this.run(cause.failure.neededBytes)
      if (freedBytes === 0) throw cause
      await this.#putNow(blocks)
    }
  }

  async #putNow(blocks: readonly Block[]): Promise<void> {
    for (const { cid } of blocks) this.#sinceMs.delete(cid)
    while (blocks.some(({ cid }) => this.#deleting?.cids.has(cid))) await this.#deleting?.done
    await this.#options.store.put(blocks)
  }

  async #run(neededBytes: number): Promise<Collected> {
    const { store, roots, graceMs, nowMs } = this.#options
    const mark = new Mark(store)
    await this.#markAll(mark)
    this.#note(mark, store.list())
    let [deletedBlocks, freedBytes] = [0, 0]
    const due = [...this.#sinceMs]
      .filter(([, sinceMs]) => sinceMs + graceMs <= nowMs())
      .toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    while (due.length > 0 && freedBytes < neededBytes) {
      // roots may have been added since: what they reach is marked in the same breath as the deletion begins
      mark.add(roots())
      while (!mark.step(Number.MAX_SAFE_INTEGER));
      if (mark.spoiled.length > 0) break
      const batch = this.#batchOf(due, mark, neededBytes - freedBytes)
      await this.#delete(batch.cids)
      deletedBlocks += batch.cids.length
      freedBytes += batch.bytes
    }
    return { deletedBlocks, freedBytes, keptBlocks: this.#sinceMs.size, spoiled: mark.spoiled }
  }

  async #markAll(mark: Mark): Promise<void> {
    const { roots, pause, sliceBlocks = 256 } = this.#options
    mark.add(roots())
    while (!mark.step(pause === undefined ? Number.MAX_SAFE_INTEGER : sliceBlocks)) await pause?.()
  }

  #note(mark: Mark, kept: Iterable<ContentId>): void {
    const nowMs = this.#options.nowMs()
    const before = new Map(this.#sinceMs)
    this.#sinceMs.clear()
    for (const cid of kept) if (!mark.isLive(cid)) this.#sinceMs.set(cid, before.get(cid) ?? nowMs)
  }

  #batchOf(due: [ContentId, number][], mark: Mark, neededBytes: number): { readonly cids: readonly ContentId[]; readonly bytes: number } {
    const { store } = this.#options
    const cids: ContentId[] = []
    let bytes = 0
    while (cids.length < DELETE_BLOCKS && bytes < neededBytes) {
      const cid = due.shift()?.[0]
      if (cid === undefined) break
      if (mark.isLive(cid) || !this.#sinceMs.has(cid)) continue // referred to, or put again, meanwhile
      bytes += store.get(cid)?.length ?? 0
      cids.push(cid)
    }
    return { cids, bytes }
  }

  async #delete(cids: readonly ContentId[]): Promise<void> {
    const done = this.#options.store.delete(cids)
    this.#deleting = { cids: new Set(cids), done: done.catch(() => undefined) }
    try {
      await done
      for (const cid of cids) this.#sinceMs.delete(cid)
    } finally {
      this.#deleting = undefined
    }
  }
}
