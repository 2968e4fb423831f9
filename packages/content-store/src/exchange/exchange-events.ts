import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Block } from '../blocks.js'
import type { ContentStoreFailure, Lie, SourceReport } from '../errors.js'

/** What one fetch is to bring. `fetch` is the caller's name for it, never used twice. */
export interface FetchOrder {
  readonly fetch: number
  readonly cids: readonly ContentId[]
  /** Whether what they link to is wanted too, and so on. */
  readonly follow: boolean
  /** Who may have it: all are asked side by side, each for other blocks. At most 256. */
  readonly sources: readonly PeerId[]
  /** What it may bring, whatever the root promised. */
  readonly maxBlocks: number
  readonly maxBytes: number
  /** Left out: it is not urgent. So many ms after it began what has not come is asked of two at once, after twice that of four, and so on. */
  readonly stragglerMs?: number | undefined
}
/** What the store said about one block: its bytes; nothing; or, from who knows, that it and all below it are here. */
export type FoundBlock = Uint8Array | undefined | 'complete'

export type ExchangeEvent =
  | { readonly type: 'fetch'; readonly order: FetchOrder }
  | { readonly type: 'cancel'; readonly fetch: number }
  /** The answer to a `read` effect, one for each of its ids. */
  | { readonly type: 'found'; readonly fetch: number; readonly found: readonly FoundBlock[] }
  /** The blocks of a `put` effect are durable; or could not be stored, which ends its fetch without a word: whoever failed knows why. */
  | { readonly type: 'kept'; readonly put: number }
  | { readonly type: 'not-kept'; readonly put: number }
  | { readonly type: 'reply'; readonly ask: number; readonly bytes: Uint8Array }
  /** There will be no reply. */
  | { readonly type: 'unanswered'; readonly ask: number }
  | { readonly type: 'time' }

export type ExchangeEffect =
  /** Look these up in the store and answer with `found`. At most 64; one such effect of a fetch is open at a time. */
  | { readonly type: 'read'; readonly fetch: number; readonly cids: readonly ContentId[] }
  /** Send a `want-blocks`, and say how it ends. After `timeoutMs` nobody waits for a reply any more. */
  | {
      readonly type: 'ask'
      readonly ask: number
      readonly fetch: number
      readonly peer: PeerId
      readonly request: Uint8Array
      readonly timeoutMs: number
    }
  /** Store these durably, and say how it ends. */
  | { readonly type: 'put'; readonly put: number; readonly fetch: number; readonly blocks: readonly Block[] }
  | { readonly type: 'progress'; readonly fetch: number; readonly progress: FetchProgress }
  /** A peer sent what this fetch had not asked for: no fetch that runs now asks it again. */
  | { readonly type: 'lied'; readonly fetch: number; readonly peer: PeerId; readonly lie: Lie }
  | { readonly type: 'fetched'; readonly fetch: number; readonly fetched: Fetched }
  | { readonly type: 'failed'; readonly fetch: number; readonly failure: ContentStoreFailure }

export interface FetchProgress {
  readonly fetchedBlocks: number
  readonly fetchedBytes: number
  /** Known to be needed and not here yet; what they link to is not known before they are. */
  readonly wantedBlocks: number
}
export interface Fetched {
  readonly fetchedBlocks: number
  readonly fetchedBytes: number
  readonly sources: readonly SourceReport[]
}
