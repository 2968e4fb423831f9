import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  type BlockStore,
  type Collected,
  type Collector,
  type ContentStore,
  ContentStoreError,
  type LiveRoots,
  openCollector,
  type RecordStore,
} from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import type { PeerLog } from './log.js'

export interface KeeperOptions {
  readonly store: ContentStore
  /** What must stay: asked several times in each run. */
  readonly roots: () => LiveRoots
  /** Brings spoiled blocks again, from whoever has them, and says itself where it can't. */
  readonly mend: (cids: readonly ContentId[]) => Promise<unknown>
  /** Told before each run of the schedule: records that nothing needs any more go first. */
  readonly tidy: () => Promise<unknown>
  /** All that the store may take. Undefined: what the disk has. */
  readonly maxBytes?: number | undefined
  readonly graceMs: number
  readonly everyMs: number
  /** Network time: how long blocks have not been needed is written down in it. It may jump. */
  readonly now: () => number
  /** A clock that is never set. */
  readonly nowMs: () => number
  readonly count: (code: string, by?: number) => void
  readonly log: PeerLog
}
const AGES_SPACE = 'ages'
const AGES_KEY = 'blocks'
/** Of the limit: so much more than a put needs is freed at once. */
const SPARE_SHARE = 32
const SLICE_BLOCKS = 64

/** Keeps what is needed in the store, and lets go of the rest: on a slow schedule, and when a put finds the store full (ADR 0007). */
export class BlockKeeper {
  /** The store as the rest of the peer uses it. */
  readonly blocks: BlockStore
  /** Until the function returned is called, what is put stays, though nothing names it yet. */
  readonly hold: () => () => void
  readonly #options: KeeperOptions
  readonly #collector: Collector
  readonly #ages: RecordStore
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  /** One at a time: a repair puts blocks, and each put that finds the store full may end in a run that finds the same blocks spoiled. */
  #mending: Promise<void> | undefined
  /** The record that the latest run failed at: a put that waits for room fails at it again and again, which is logged once. */
  #unreadable: string | undefined

  constructor(options: KeeperOptions) {
    const { store, roots, graceMs, nowMs, now, maxBytes } = options
    this.#options = options
    this.#ages = store.records(AGES_SPACE)
    const shared = {
      ...{ store: store.blocks, graceMs, pressedGraceMs: 0, nowMs, dateMs: now, sliceBlocks: SLICE_BLOCKS },
      // a peer that closes does not wait for the end of a run: of its walk, and of its deletions, before each of which roots are asked for
      roots: () => {
        this.#stop.signal.throwIfAborted()
        return roots()
      },
      pause: async () => {
        await setImmediate()
        this.#stop.signal.throwIfAborted()
      },
      spareBytes: Math.floor((maxBytes ?? 0) / SPARE_SHARE),
      onCollected: (collected: Collected) => this.#onCollected(collected),
      onFailed: (why: unknown) => this.#onFailed(why),
    }
    this.#collector = this.#open(shared)
    this.blocks = this.#collector.blocks
    this.hold = this.#collector.hold
  }

  get usedBytes(): number {
    return this.#options.store.usedBytes()
  }

  /** Runs now and then until `close`. */
  start(): void {
    this.#running = this.#run()
  }

  /** Waits for a run that is under way, so that the store can be closed. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** Lets go of all that has had no reference for the whole grace: also of what visitors once sent, so it does not wait for need. */
  async collect(): Promise<void> {
    await this.#options.tidy()
    await this.#collector.collect(Number.MAX_SAFE_INTEGER)
    await this.#ages.put([[AGES_KEY, this.#collector.ages()]])
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await setTimeout(this.#options.everyMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        await this.collect()
      } catch (error) {
        this.#onFailed(error)
      }
    }
  }

  /** Who does not know all that is needed deletes nothing: a claim that can't be read may be of what somebody paid this peer to keep. */
  #onFailed(error: unknown): void {
    if (this.#stop.signal.aborted) return
    const { count, log } = this.#options
    const record = error instanceof ContentStoreError && error.failure.code === 'RECORD_CORRUPT' ? error.failure.key : undefined
    count(record === undefined ? 'COLLECTION_FAILED' : 'COLLECTION_REFUSED')
    if (record === undefined) log.warn({ err: error }, 'the store could not be tidied up')
    else if (record !== this.#unreadable) log.warn({ record }, 'a record of what is needed can not be read: nothing is deleted')
    this.#unreadable = record
  }

  #onCollected({ deletedBlocks, freedBytes, spoiled }: Collected): void {
    const { count, log, mend } = this.#options
    this.#unreadable = undefined
    if (deletedBlocks > 0) {
      count('COLLECTED_BLOCKS', deletedBlocks)
      count('COLLECTED_BYTES', freedBytes)
      log.debug({ deletedBlocks, freedBytes }, 'blocks that nothing referred to are gone')
    }
    if (spoiled.length === 0) return
    count('COLLECTION_REFUSED')
    log.warn(
      { blocks: spoiled.length, first: spoiled[0] },
      'blocks that are needed can not be read: nothing is deleted until they are here again',
    )
    this.#mending ??= mend(spoiled)
      .catch((error: unknown) => log.warn({ err: error }, 'spoiled blocks could not be fetched'))
      .then(() => {
        this.#mending = undefined
      })
  }

  /** Ages only make it wait less: where they can't be read, each grace begins anew. */
  #open(options: Parameters<typeof openCollector>[0]): Collector {
    try {
      return openCollector({ ...options, ages: this.#ages.get(AGES_KEY) })
    } catch (error) {
      this.#options.log.warn({ err: error }, 'how long blocks have not been needed can not be read')
      return openCollector(options)
    }
  }
}
