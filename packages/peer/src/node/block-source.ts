import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  type BlockStore,
  ContentStoreError,
  type Exchange,
  type FetchOptions,
  openExchange,
  REPLY_MAX_BYTES,
} from '@interpeer/content-store'
import { systemClock } from '@interpeer/content-store/node'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { SITE_FETCH_MAX_BYTES } from '../site-size.js'
import type { PeerLog } from './log.js'

/** A try reads again all that is here already, so who waits for what nobody gives rests in proportion. */
const AGAIN_MS = { least: 500, most: 30_000, perTry: 4 }
/** What another try soon after can't change: no room, more than may be, a block that is none of ours. */
const STAYS: readonly string[] = ['STORE_FULL', 'FETCH_TOO_LARGE', 'BLOCK_MALFORMED']

export interface BlockPlaces {
  /** All fetches of this peer. */
  readonly exchange: Exchange
  readonly store: BlockStore
  /** This peer: it doesn't ask itself. */
  readonly self: PeerId
  readonly count: (code: string, by?: number) => void
  /** Left out: each fetch walks over all that is here. */
  readonly whole?: WholeState | undefined
}

/**
 * The state that a site came to last, all of which is here: it was fetched or made since this process began. Every epoch begins from it, and a walk over a
 * large site at each would be most of what a member does.
 */
export class WholeState {
  #cid: ContentId | undefined

  is(cid: ContentId): boolean {
    return cid === this.#cid
  }
  now(cid: ContentId): void {
    this.#cid = cid
  }
  /** A batch made this one of it: what it added is here. */
  becomes(cid: ContentId): void {
    if (this.#cid !== undefined) this.#cid = cid
  }
  /** Some of it may be missing: who wants it looks. */
  doubt(): void {
    this.#cid = undefined
  }
}

/** Fetches over the overlay into the store. What peers send in place of blocks is counted, by code. */
export function exchangeOver(overlay: Overlay, store: BlockStore, count: (code: string) => void, log: PeerLog): Exchange {
  return openExchange({
    get: store.get,
    put: store.put,
    ask: (peer, request, timeoutMs) => overlay.request(peer, request, { timeoutMs, maxReplyBytes: REPLY_MAX_BYTES }),
    clock: systemClock,
    pause: () => setImmediate(),
    onLie: (peer, lie) => {
      count(lie)
      log.warn({ peer, lie }, 'a peer sent something else than the blocks that it was asked for')
    },
  })
}

/** Who is asked for blocks: these peers, but not this one. For as much as a site may have. */
export function sourcesOf({ self }: BlockPlaces, from: readonly PeerId[], signal: AbortSignal): FetchOptions {
  return { from: [...new Set(from)].filter((peer) => peer !== self), signal, maxBytes: SITE_FETCH_MAX_BYTES }
}

/** What may end a try, or the rest after it, before its time. */
export interface Hurry {
  /** A try begins: it, and the rest after it, end when this is aborted. */
  readonly begin: () => AbortSignal
  /** It failed, and now it rests: another try soon after may help, or can't. */
  readonly rests: (mayHelp: boolean) => void
}

/**
 * Fetches a block and all below it, again and again until it is here: who lacks a state can only wait for it. `from` is asked anew each
 * time, since members change meanwhile. False when `isWanted` says no or `signal` ends it.
 */
export async function holdDag(
  root: ContentId,
  places: BlockPlaces,
  from: () => readonly PeerId[],
  signal: AbortSignal,
  isWanted: () => boolean = () => true,
  hurry?: Hurry,
): Promise<boolean> {
  if (places.whole?.is(root)) return !signal.aborted && isWanted()
  while (!signal.aborted && isWanted()) {
    const beganMs = performance.now()
    const soon = hurry === undefined ? signal : AbortSignal.any([signal, hurry.begin()])
    try {
      await places.exchange.fetchDag(root, sourcesOf(places, from(), soon))
      if (isWanted()) places.whole?.now(root)
      return isWanted()
    } catch (error) {
      if (soon.aborted) continue
      const code = error instanceof ContentStoreError ? error.code : 'FETCH_FAILED'
      places.count(code)
      hurry?.rests(!STAYS.includes(code))
      await setTimeout(restMs(code, performance.now() - beganMs), undefined, { signal: soon }).catch(() => {}) // aborted: the next try, or the end
    }
  }
  return false
}

/** How long to wait after a try that took `tookMs` and failed with `code`. */
export const restMs = (code: string, tookMs: number): number =>
  STAYS.includes(code) ? AGAIN_MS.most : Math.min(AGAIN_MS.most, Math.max(AGAIN_MS.least, AGAIN_MS.perTry * tookMs))

/** A block of the own store; undefined too where the store was closed meanwhile. */
export function blockIn({ store, count }: BlockPlaces, cid: ContentId): Uint8Array | undefined {
  try {
    return store.get(cid)
  } catch {
    count('BLOCK_UNREADABLE')
    return undefined
  }
}
