import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Block, GetBlock } from '../blocks.js'
import { ContentStoreError, type Lie } from '../errors.js'
import { WALK_MAX_BLOCKS } from '../walk.js'
import { ExchangeCore } from './exchange-core.js'
import type { ExchangeEffect, ExchangeEvent, Fetched, FetchProgress, FoundBlock } from './exchange-events.js'

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
  /** A peer sent what was not asked for. What this throws ends the fetch that had asked. */
  readonly onLie?: ((peer: PeerId, lie: Lie) => void) | undefined
}
export interface FetchOptions {
  /** Who may have it; at most 256. All are asked side by side, each for other blocks. */
  readonly from: readonly PeerId[]
  readonly signal?: Signal | undefined
  /** What this throws ends the fetch. */
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined
  /** Says that a block and all below it are in the store, so that a large tree is not walked again for a small change. */
  readonly isComplete?: ((cid: ContentId) => boolean) | undefined
  /** What one fetch may bring, whatever the root promised. Default 1,000,000 blocks (those that are here already count) and 4 GiB. */
  readonly maxBlocks?: number | undefined
  readonly maxBytes?: number | undefined
  /**
   * For what must not wait for one that is silent: after so many ms what has not come is asked of two of them at once, after twice that of four, and so on. Left
   * out: when nothing else is left to ask for, of one more after a second.
   */
  readonly stragglerMs?: number | undefined
}
/** All fetches of one peer: they share its sources fairly. */
export interface Exchange {
  /**
   * Brings everything reachable from a root, or several, into the store: a tree, or whatever block that links to one.
   * @throws {ContentStoreError} FETCH_FAILED, FETCH_TOO_LARGE, FETCH_ABORTED, FETCH_CROWDED, BLOCK_MALFORMED, and whatever `get`, `put`, the clock and
   * the callbacks throw
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
  #nowMs = 0
  #cancelAlarm: (() => void) | undefined

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  async fetch(cids: readonly ContentId[], follow: boolean, options: FetchOptions): Promise<Fetched> {
    const { from, signal, maxBlocks = WALK_MAX_BLOCKS, maxBytes = 4 * 1024 ** 3, stragglerMs } = options
    const fetch = this.#serial++
    const abort = (): void => this.#stop(fetch, new ContentStoreError({ code: 'FETCH_ABORTED' }))
    signal?.addEventListener('abort', abort)
    try {
      return await new Promise<Fetched>((resolve, reject) => {
        this.#waiting.set(fetch, { options, resolve, reject, slices: 0 })
        if (signal?.aborted === true) abort()
        else this.#give({ type: 'fetch', order: { fetch, cids, follow, sources: from, maxBlocks, maxBytes, stragglerMs } })
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

  /** One event at a time: what acting on it leads to at once waits its turn. Never throws, so that no event is ever lost. */
  #give(event: ExchangeEvent): void {
    this.#events.push(event)
    if (this.#isActing) return
    this.#isActing = true
    while (this.#events.length > 0) {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#act(next)
      this.#setAlarm()
    }
    this.#isActing = false
  }

  #act(event: ExchangeEvent): void {
    try {
      for (const effect of this.#core.step(event, this.#now())) this.#perform(effect)
    } catch (cause) {
      if (event.type === 'fetch') this.#stop(event.order.fetch, cause)
      else this.#stopAll(cause)
    }
  }

  /** When the clock throws, nobody waits for it any longer, and it is as late as it was. */
  #now(): number {
    try {
      this.#nowMs = this.#options.clock.now()
    } catch (cause) {
      this.#stopAll(cause)
    }
    return this.#nowMs
  }

  #stopAll(cause: unknown): void {
    for (const fetch of this.#waiting.keys()) this.#stop(fetch, cause)
  }

  #setAlarm(): void {
    const cancel = this.#cancelAlarm
    this.#cancelAlarm = undefined
    try {
      cancel?.()
      const { wakeAtMs } = this.#core
      if (wakeAtMs === Number.POSITIVE_INFINITY) return
      this.#cancelAlarm = this.#options.clock.after(Math.max(0, wakeAtMs - this.#now()), () => this.#give({ type: 'time' }))
    } catch (cause) {
      this.#stopAll(cause)
    }
  }

  /** What the caller's own code throws ends the fetch that it was called for. */
  #tell(fetch: number, call: () => void): void {
    try {
      call()
    } catch (cause) {
      this.#stop(fetch, cause)
    }
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
        return this.#tell(effect.fetch, () => this.#waiting.get(effect.fetch)?.options.onProgress?.(effect.progress))
      case 'lied':
        return this.#tell(effect.fetch, () => this.#options.onLie?.(effect.peer, effect.lie))
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
      const found = cids.map((cid): FoundBlock => (isComplete?.(cid) === true ? 'complete' : this.#options.get(cid)))
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
