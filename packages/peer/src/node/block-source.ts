import { setTimeout } from 'node:timers/promises'
import { type BlockStore, ContentStoreError, type FetchOptions, fetchDag } from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'

const ASK_MS = 5_000
const AGAIN_MS = 500

export interface BlockPlaces {
  readonly overlay: Overlay
  readonly store: BlockStore
  /** This peer: it doesn't ask itself. */
  readonly self: PeerId
  readonly count: (code: string) => void
}

/** Where blocks come from and go to: these peers, and the own store. */
export function sourceOf({ overlay, store, self }: BlockPlaces, from: readonly PeerId[], signal: AbortSignal): FetchOptions {
  const peers = [...new Set(from)].filter((peer) => peer !== self)
  return {
    get: store.get,
    put: store.put,
    ask: (peer, request) => overlay.request(peers[peer] as PeerId, request, { timeoutMs: ASK_MS, signal }),
    peers: peers.length,
    signal,
  }
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
): Promise<boolean> {
  while (!signal.aborted && isWanted()) {
    try {
      await fetchDag(root, sourceOf(places, from(), signal))
      return isWanted()
    } catch (error) {
      places.count(error instanceof ContentStoreError ? error.code : 'FETCH_FAILED')
      await setTimeout(AGAIN_MS, undefined, { signal }).catch(() => {}) // aborted: the loop ends
    }
  }
  return false
}

/** A block of the own store; undefined too where the store was closed meanwhile. */
export function blockIn({ store, count }: BlockPlaces, cid: ContentId): Uint8Array | undefined {
  try {
    return store.get(cid)
  } catch {
    count('BLOCK_UNREADABLE')
    return undefined
  }
}
