import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Block, GetBlock } from '../blocks.js'
import { ContentStoreError, type Lie } from '../errors.js'
import { WALK_MAX_BLOCKS } from '../walk.js'
import { ExchangeCore } from './exchange-core.js'
import type { ExchangeEffect, ExchangeEvent, Fetched, FetchProgress, Found } from './exchange-events.js'

/** Time, passed in: there is no clock in here. */
export interface Clock {
  /** In ms; never runs backwards. */
  readonly now: () => number
  /** Calls back once, after so many ms or a little later. What it returns prevents that. */
  readonly after: (ms: number, act: () => void) => () => void
}
/** As much of an AbortSignal as is needed here. */
export interface Signal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

export interface ExchangeOptions {
  readonly get: GetBlock
  /** Durable when it resolves: a fetch that is cut short goes on where it was. */
  readonly put: (blocks: readonly Block[]) => Promise<void>
  /** Sends a `want-blocks` to a peer and resolves to its reply; rejects when there is none within `timeoutMs`. */
  readonly ask: (peer: PeerId, request: Uint8Array, timeoutMs: number) => Promise<Uint8Array>
  readonly clock: Clock
  /** Lets other work go on, between slices of a walk over what is here already. Default: none. */
  readonly pause?: (() => Promise<void>) | undefined
  /** A peer sent what was not asked for. */
  readonly onLie?: ((peer: PeerId, lie: Lie) => void) | undefined
}
export interface FetchOptions {
  /** Who may have it; at most 256. All are asked side by side, each for other blocks. */
  readonly from: readonly PeerId[]
  readonly signal?: Signal | undefined
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined
  /** Says that a block and all below it are in the store, so that a large tree is not walked again for a small change. */
  readonly isComplete?: ((cid: ContentId) => boolean) | undefined
  /** What one fetch may bring, whatever the root promised. Default 1,000,000 blocks (those that are here already count) and 4 GiB. */
  readonly maxBlocks?: number | undefined
  readonly maxBytes?: number | undefined
}
/** All fetches of one peer: they share its sources fairly. */
export interface Exchange {
  /**
   * Brings everything reachable from a root, or several, into the store: a tree, or whatever block that links to one.
   * @throws {ContentStoreError} FETCH_FAILED, FETCH_TOO_LARGE, FETCH_ABORTED, FETCH_CROWDED, BLOCK_MALFORMED, and whatever `get` and `put` throw
   */
  readonly fetchDag: (roots: ContentId | readonly ContentId[], options: FetchOptions) => Promise<Fetched>
  /** Brings these blocks into the store, and not what they link to. @throws {ContentStoreError} as `fetchDag` */
  readonly fetchBlocks: (cids: readonly ContentId[], options: FetchOptions) => Promise<Fetched>
}

/** A face of promises over `ExchangeCore`: acts on its effects, and tells it how they end. */
export function openExchange(options: ExchangeOptions): Exchange {
  const driver = new Driver(options)
  return {
    fetchDag: (roots, fetching) => driver.fetch(typeof roots === 'string' ? [roots] : roots, true, fetching),
    fetchBlocks: (cids, fetching) => driver.fetch(cids, false, fetching),
  }
}

interface Waiting {
  readonly options: FetchOptions
  readonly resolve: (fetched: Fetched) => void
  readonly reject: (cause: unknown) => void
  slices: number
}

class Driver {
  readonly #options: ExchangeOptions
  readonly #core = new ExchangeCore()
  readonly #waiting = new Map<number, Waiting>()
  readonly #events: ExchangeEvent[] = []
  #isActing = false
  #serial = 0
  #cancelAlarm: (() => void) | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  async fetch(cids: readonly ContentId[], follow: boolean, options: FetchOptions): Promise<Fetched> {
    const { from, signal, maxBlocks = WALK_MAX_BLOCKS, maxBytes = 4 * 1024 ** 3 } = options
    const fetch = this.#serial++
    const abort = (): void => this.#stop(fetch, new ContentStoreError({ code: 'FETCH_ABORTED' }))
    signal?.addEventListener('abort', abort)
    try {
      return await new Promise<Fetched>((resolve, reject) => {
        this.#waiting.set(fetch, { options, resolve, reject, slices: 0 })
        if (signal?.aborted === true) abort()
        else this.#give({ type: 'fetch', order: { fetch, cids, follow, sources: from, maxBlocks, maxBytes } })
      })
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  #stop(fetch: number, cause: unknown): void {
    const waiting = this.#waiting.get(fetch)
    this.#waiting.delete(fetch)
    waiting?.reject(cause)
    this.#give({ type: 'cancel', fetch })
  }

  /** One event at a time: what acting on it leads to at once waits its turn. */
  #give(event: ExchangeEvent): void {
    this.#events.push(event)
    if (this.#isActing) return
    this.#isActing = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      for (const effect of this.#core.step(next, this.#options.clock.now())) this.#perform(effect)
    }
    this.#isActing = false
    this.#setAlarm()
  }

  #setAlarm(): void {
    this.#cancelAlarm?.()
    this.#cancelAlarm = undefined
    const { wakeAtMs } = this.#core
    if (wakeAtMs === Number.POSITIVE_INFINITY) return
    const { now, after } = this.#options.clock
    this.#cancelAlarm = after(Math.max(0, wakeAtMs - now()), () => this.#give({ type: 'time' }))
  }

  #perform(effect: ExchangeEffect) {
    switch (effect.type) {
      case 'read':
        return void this.#read(effect.fetch, effect.cids)
      case 'ask':
        return void this.#ask(effect)
      case 'put':
        return void this.#put(effect)
      case 'progress':
        return this.#waiting.get(effect.fetch)?.options.onProgress?.(effect.progress)
      case 'lied':
        return this.#options.onLie?.(effect.peer, effect.lie)
      case 'fetched':
        this.#waiting.get(effect.fetch)?.resolve(effect.fetched)
        return void this.#waiting.delete(effect.fetch)
      case 'failed':
        this.#waiting.get(effect.fetch)?.reject(new ContentStoreError(effect.failure))
        return void this.#waiting.delete(effect.fetch)
    }
  }

  async #read(fetch: number, cids: readonly ContentId[]): Promise<void> {
    const waiting = this.#waiting.get(fetch)
    if (waiting === undefined) return
    const { isComplete } = waiting.options
    try {
      if (waiting.slices++ > 0) await this.#options.pause?.()
      const found = cids.map((cid): Found => (isComplete?.(cid) === true ? 'complete' : this.#options.get(cid)))
      this.#give({ type: 'found', fetch, found })
    } catch (cause) {
      this.#stop(fetch, cause)
    }
  }

  async #ask({ ask, peer, request, timeoutMs }: ExchangeEffect & { type: 'ask' }): Promise<void> {
    let bytes: Uint8Array
    try {
      bytes = await this.#options.ask(peer, request, timeoutMs)
    } catch {
      return this.#give({ type: 'unanswered', ask })
    }
    this.#give({ type: 'reply', ask, bytes })
  }

  async #put({ put, fetch, blocks }: ExchangeEffect & { type: 'put' }): Promise<void> {
    try {
      await this.#options.put(blocks)
    } catch (cause) {
      this.#waiting.get(fetch)?.reject(cause)
      this.#waiting.delete(fetch)
      return this.#give({ type: 'not-kept', put })
    }
    this.#give({ type: 'kept', put })
  }
}
