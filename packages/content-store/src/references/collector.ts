import type { ContentId } from '@interpeer/crypto-ids'
import type { Block, BlockStore, GetBlock, PutOptions } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { type Ages, ageNameOf, cidsByTime, readAges, writeAges } from './ages.js'
import { type LiveRoots, Mark } from './mark.js'

export interface CollectorOptions {
  readonly store: BlockStore
  /** What must stay, as of now: what this peer serves, needs or fetches, and the roots of live claims. Asked several times in a run. */
  readonly roots: () => LiveRoots
  /** How long a block has to be without a reference before it may go. */
  readonly graceMs: number
  /** The same where a put finds the store full. Default: `graceMs`. Shorter only where all that is put is named by a root, or held. */
  readonly pressedGraceMs?: number | undefined
  /** A clock that is never set: graces and rests are counted by it. */
  readonly nowMs: () => number
  /** The time that a restart knows too: `ages` are written in it. It may be set back or forward at any time. Default: `nowMs`. */
  readonly dateMs?: (() => number) | undefined
  /** Lets other work go on between slices of a run. Default: none, each part of a run is done in one go. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Blocks looked into per slice; sixteen times as many names are compared. Default 256. */
  readonly sliceBlocks?: number | undefined
  /** What an earlier collector's `ages` gave. @throws {WireError} from `openCollector` where it is nothing of that kind */
  readonly ages?: Uint8Array | undefined
  /** Freed beyond what a put needs, so that not every put has to look for room. Default 0. */
  readonly spareBytes?: number | undefined
  /** Told of every run, also of those that a put began. */
  readonly onCollected?: ((collected: Collected) => void) | undefined
  /** Told why a run that a put began has failed: the put itself is only refused, as it would have been without. */
  readonly onFailed?: ((why: unknown) => void) | undefined
}
export interface Collected {
  readonly deletedBlocks: number
  readonly freedBytes: number
  /** Blocks without a reference that stay, because of the grace or because they were not needed to make room. */
  readonly keptBlocks: number
  /**
   * Live blocks that can't be read, and those missing below a root that is held. Until they are here again nothing is deleted: it might hang
   * below one of them.
   */
  readonly spoiled: readonly ContentId[]
}
export interface Collector {
  /**
   * The store, with collection behind it: a put that finds it full makes room and tries again; where that fails, it is STORE_FULL, with why
   * as its cause. All reads and puts go through here.
   */
  readonly blocks: BlockStore
  /**
   * From now until the function returned is called, all that is put stays with all below it, referred to or not: for work that names its root
   * only at its end. It may be called more than once.
   */
  readonly hold: () => () => void
  /** Notes what has no reference now, so that its grace runs. Deletes nothing. Call it now and then. */
  readonly look: () => Promise<Collected>
  /** Deletes what has had no reference for the whole grace, longest first, until that much is free. @throws {ContentStoreError} as `delete` */
  readonly collect: (neededBytes: number) => Promise<Collected>
  /** Since when blocks have had no reference, for a record: without it a restart begins each grace anew. Bounded, and a few minutes coarse. */
  readonly ages: () => Uint8Array
}
const DELETE_BLOCKS = 64
/** A full store is walked again for a put after so many times as long as the walk before took that found nothing. */
const REST_FACTOR = 10
/** At least that long where it found blocks spoiled, or until one of them is here again: each such walk has somebody ask others for them. */
const SPOILED_REST_MS = 10_000
const NAMES_PER_BLOCK = 16

/**
 * Deletes what nothing refers to any more, when room is needed (WP §6.9). A crash in between deletes nothing else than what was to go.
 * Blocks put meanwhile, or put again, start with a whole grace.
 */
export function openCollector(options: CollectorOptions): Collector {
  const collection = new Collection(options)
  const { store } = options
  return {
    blocks: { ...store, get: collection.get, has: collection.has, put: (blocks, how) => collection.put(blocks, how) },
    hold: () => collection.hold(),
    look: () => collection.run(0, options.graceMs),
    collect: (neededBytes) => collection.run(neededBytes, options.graceMs),
    ages: () => collection.ages(),
  }
}

class Collection {
  readonly #options: CollectorOptions
  readonly #sinceMs = new Map<ContentId, number>()
  /** Of the time before the start; all that still counts of it is in `#sinceMs` after the first run. */
  readonly #agesBefore: Ages
  /** What was put during each hold that is open. */
  readonly #holds = new Set<Set<ContentId>>()
  /** Under way to the store: a walk that begins now may have passed the parent of one by the time it is there, so each hold begins with them. */
  readonly #putting = new Set<readonly ContentId[]>()
  /** Being deleted now: as good as gone, so that who needs one brings it again; a put of it waits, or it would find it there and lose it. */
  #deleting: { readonly cids: ReadonlySet<ContentId>; readonly done: Promise<void> } | undefined
  /** Whoever finds the store full before that need not look: a run has shown that nothing may go for a put, or not while blocks are spoiled. */
  #nothingUntilMs = 0
  /** What the latest run found spoiled. */
  #spoiled: ReadonlySet<ContentId> = new Set()
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#agesBefore = options.ages === undefined ? new Map() : readAges(options.ages, this.#dateMs())
    const dateAtZeroMs = this.#dateAtZeroMs()
    for (const [name, sinceMs] of this.#agesBefore) this.#agesBefore.set(name, sinceMs - dateAtZeroMs)
  }

  readonly get: GetBlock = (cid) => (this.#deleting?.cids.has(cid) ? undefined : this.#options.store.get(cid))
  readonly has = (cid: ContentId): boolean => this.#deleting?.cids.has(cid) !== true && this.#options.store.has(cid)

  hold(): () => void {
    const put = new Set([...this.#putting].flat())
    this.#holds.add(put)
    return () => void this.#holds.delete(put)
  }

  ages(): Uint8Array {
    return writeAges(this.#sinceMs, this.#dateAtZeroMs())
  }
  #dateMs(): number {
    return (this.#options.dateMs ?? this.#options.nowMs)()
  }
  /** What one has to add to a time of `nowMs`, as of now. */
  #dateAtZeroMs(): number {
    return this.#dateMs() - this.#options.nowMs()
  }

  /** One run at a time. */
  run(neededBytes: number, graceMs: number): Promise<Collected> {
    const run = this.#last.then(async () => {
      const release = this.hold() // what comes during a run is not to be weighed by a walk that began before it
      try {
        const collected = await this.#run(neededBytes, graceMs)
        this.#options.onCollected?.(collected)
        return collected
      } finally {
        release()
      }
    })
    this.#last = run.catch(() => undefined)
    return run
  }

  async put(blocks: readonly Block[], how?: PutOptions): Promise<void> {
    for (;;) {
      try {
        return await this.#putNow(blocks, how)
      } catch (cause) {
        if (!(cause instanceof ContentStoreError) || cause.failure.code !== 'STORE_FULL') throw cause
        if (this.#options.nowMs() < this.#nothingUntilMs) throw cause
        const { spareBytes = 0, graceMs, pressedGraceMs = graceMs } = this.#options
        const freedBytes = await this.run(cause.failure.neededBytes + spareBytes, pressedGraceMs).then(
          (collected) => collected.freedBytes,
          (why: unknown) => {
            this.#options.onFailed?.(why)
            throw new ContentStoreError(cause.failure, { cause: why })
          },
        )
        if (freedBytes === 0) throw cause // each turn frees something, so there are only so many
      }
    }
  }

  async #putNow(blocks: readonly Block[], how: PutOptions | undefined): Promise<void> {
    const { store } = this.#options
    const cids = blocks.map(({ cid }) => cid)
    for (const cid of cids) {
      this.#sinceMs.delete(cid)
      if (this.#agesBefore.size > 0) this.#agesBefore.delete(ageNameOf(cid))
      for (const put of this.#holds) put.add(cid)
    }
    this.#putting.add(cids)
    try {
      while (cids.some((cid) => this.#deleting?.cids.has(cid))) await this.#deleting?.done
      await store.put(blocks, how)
      if (cids.some((cid) => this.#spoiled.has(cid))) this.#nothingUntilMs = 0
    } finally {
      this.#putting.delete(cids)
    }
  }

  async #run(neededBytes: number, graceMs: number): Promise<Collected> {
    const { store, nowMs } = this.#options
    const beganMs = nowMs()
    const mark = new Mark(store)
    await this.#note(mark)
    let [deletedBlocks, freedBytes, isExhausted] = [0, 0, false]
    const due = this.#due(nowMs() - graceMs)
    while (freedBytes < neededBytes && !isExhausted) {
      // roots may have been added since: what they reach is marked in the same breath as the deletion begins
      while (!this.#markSlice(mark)) await this.#pause()
      if (mark.spoiled.length > 0) break
      const batch = this.#batchOf(due, mark, neededBytes - freedBytes)
      isExhausted = batch.cids.length === 0
      if (isExhausted) break
      await this.#delete(batch.cids)
      deletedBlocks += batch.cids.length
      freedBytes += batch.bytes
    }
    const { pressedGraceMs = this.#options.graceMs } = this.#options
    const restUntilMs = nowMs() + REST_FACTOR * (nowMs() - beganMs)
    this.#spoiled = new Set(mark.spoiled)
    if (this.#spoiled.size > 0) this.#nothingUntilMs = Math.max(nowMs() + SPOILED_REST_MS, restUntilMs)
    else if (isExhausted && graceMs <= pressedGraceMs) {
      const oldestMs = [...this.#sinceMs.values()].reduce((a, b) => Math.min(a, b), nowMs())
      this.#nothingUntilMs = Math.max(oldestMs + graceMs, restUntilMs)
    }
    return { deletedBlocks, freedBytes, keptBlocks: this.#sinceMs.size, spoiled: mark.spoiled }
  }

  /** True: nothing is left to walk, as of this very moment. */
  #markSlice(mark: Mark): boolean {
    const { roots, pause, sliceBlocks = 256 } = this.#options
    const blocks = pause === undefined ? Number.MAX_SAFE_INTEGER : sliceBlocks
    if (!mark.step(blocks)) return false
    mark.add(roots()) // only now: there may be many of them
    for (const put of this.#holds) mark.add({ held: [], wanted: put })
    return mark.step(blocks)
  }

  /** Begins a grace for what nothing reaches, and ends it for what something does. */
  async #note(mark: Mark): Promise<void> {
    const { store, nowMs, sliceBlocks = 256 } = this.#options
    while (!this.#markSlice(mark)) await this.#pause()
    const atMs = nowMs()
    let left = sliceBlocks * NAMES_PER_BLOCK
    for (const cid of store.list()) {
      if (mark.isLive(cid) || this.#isHeld(cid)) this.#sinceMs.delete(cid)
      else if (!this.#sinceMs.has(cid)) this.#sinceMs.set(cid, this.#agesBefore.get(ageNameOf(cid)) ?? atMs)
      if (--left > 0) continue
      left = sliceBlocks * NAMES_PER_BLOCK
      await this.#pause()
    }
    this.#agesBefore.clear()
  }
  #isHeld(cid: ContentId): boolean {
    for (const put of this.#holds) if (put.has(cid)) return true
    return false
  }

  /** Those without a reference since then, longest first; of one look, in the order of their names. */
  *#due(sinceMs: number): Generator<ContentId> {
    const due = [...cidsByTime(this.#sinceMs)].filter(([ms]) => ms <= sinceMs).sort(([a], [b]) => a - b)
    for (const [, cids] of due) yield* cids.toSorted()
  }

  #batchOf(due: Generator<ContentId>, mark: Mark, neededBytes: number): { readonly cids: readonly ContentId[]; readonly bytes: number } {
    const { store } = this.#options
    const cids: ContentId[] = []
    let bytes = 0
    while (cids.length < DELETE_BLOCKS && bytes < neededBytes) {
      const cid = due.next().value as ContentId | undefined
      if (cid === undefined) break
      if (mark.isLive(cid)) this.#sinceMs.delete(cid) // referred to meanwhile
      if (!this.#sinceMs.has(cid)) continue // or put again
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

  #pause(): Promise<void> {
    return this.#options.pause?.() ?? Promise.resolve()
  }
}
