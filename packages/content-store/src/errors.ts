import type { ContentId, JobId, PeerId } from '@interpeer/crypto-ids'

/** How one peer behaved during a fetch: it answered, its requests failed or it was always busy, or it sent what was not asked for. */
export type PeerConduct = 'answered' | 'failed' | 'lied' | 'unasked'
/**
 * What a peer sent in place of the blocks it was asked for: no reply of ours; one without an answer; more answers than questions; bytes that
 * do not hash to the name asked for.
 */
export type Lie = 'REPLY_MALFORMED' | 'REPLY_EMPTY' | 'REPLY_TOO_LONG' | 'BLOCK_FALSE'
export interface SourceReport {
  readonly peer: PeerId
  readonly conduct: PeerConduct
  /** Of one that lied. */
  readonly lie: Lie | null
  /** How many blocks it gave that were kept. */
  readonly blocks: number
}

/** What a store on disk is kept in. */
export type StoreKind = 'lmdb' | 'sqlite'

/** Codes are public API: add new ones, never rename or reuse one. */
export type ContentStoreFailure =
  | { readonly code: 'BLOCK_TOO_LARGE'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'BLOCK_MISMATCH'; readonly cid: ContentId }
  | { readonly code: 'BLOCK_MALFORMED'; readonly cid: ContentId }
  | { readonly code: 'STORE_FULL'; readonly neededBytes: number }
  | { readonly code: 'STORE_CLOSED' }
  | { readonly code: 'STORE_UNAVAILABLE'; readonly folder: string }
  | { readonly code: 'STORE_OTHER_KIND'; readonly folder: string; readonly found: StoreKind; readonly asked: StoreKind }
  | { readonly code: 'STORE_READ_FAILED' }
  | { readonly code: 'STORE_WRITE_FAILED' }
  | { readonly code: 'RECORD_KEY'; readonly key: string }
  | { readonly code: 'RECORD_TOO_LARGE'; readonly key: string; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'RECORD_CORRUPT'; readonly key: string }
  | { readonly code: 'FILE_PATH'; readonly path: string; readonly reason: string }
  | { readonly code: 'FILE_STAT'; readonly path: string; readonly reason: string }
  | { readonly code: 'FILE_PATCH'; readonly path: string; readonly reason: string }
  | { readonly code: 'FILE_SYMLINK'; readonly path: string; readonly reason: string }
  | { readonly code: 'FILE_CONFLICT'; readonly path: string }
  | { readonly code: 'FILE_TOO_LARGE'; readonly path: string; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'TREE_MALFORMED'; readonly cid: ContentId; readonly reason: string }
  | { readonly code: 'TREE_TOO_LARGE'; readonly reason: string }
  | {
      readonly code: 'FETCH_FAILED'
      readonly missing: readonly ContentId[] // the first 64
      readonly missingCount: number
      readonly sources: readonly SourceReport[]
    }
  | { readonly code: 'FETCH_TOO_LARGE'; readonly maxBlocks: number; readonly maxBytes: number }
  | { readonly code: 'FETCH_ABORTED' }
  | { readonly code: 'FETCH_CROWDED'; readonly fetchesMax: number; readonly sourcesMax: number }
  | { readonly code: 'MAP_KEY'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'MAP_VALUE'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'MAP_SUM' }
  | { readonly code: 'MAP_UNIT'; readonly unit: bigint; readonly total: bigint }
  | { readonly code: 'MAP_MALFORMED'; readonly cid: ContentId | null; readonly reason: string }
  | { readonly code: 'MAP_PROOF_MALFORMED' }
  | { readonly code: 'MAP_PROOF_WRONG'; readonly reason: string }
  | { readonly code: 'CAR_MALFORMED'; readonly reason: string }
  | { readonly code: 'CAR_UNSUPPORTED'; readonly reason: string }
  | { readonly code: 'CAR_TOO_LARGE'; readonly reason: string }
  | { readonly code: 'CAR_INCOMPLETE'; readonly missing: readonly ContentId[] }
  | { readonly code: 'CLAIM_TIME'; readonly issuedMs: number; readonly untilMs: number }
  | { readonly code: 'CLAIM_NOT_ALLOWED'; readonly job: JobId; readonly from: PeerId }
  | { readonly code: 'CLAIMS_FULL'; readonly job: JobId }
  | { readonly code: 'IMPORT_NOT_A_FOLDER'; readonly path: string }
  | { readonly code: 'IMPORT_NAME'; readonly path: string }
  | { readonly code: 'IMPORT_OUTSIDE'; readonly path: string }
  | { readonly code: 'IMPORT_LOOP'; readonly path: string }
  | { readonly code: 'IMPORT_KIND'; readonly path: string; readonly kind: string }
  | { readonly code: 'IMPORT_UNREADABLE'; readonly path: string }
  | { readonly code: 'IMPORT_CHANGED'; readonly path: string }
  | { readonly code: 'EXPORT_NOT_EMPTY'; readonly path: string }
  | { readonly code: 'EXPORT_CONFLICT'; readonly path: string }

/** Everything this package refuses or cannot do. `failure` says what and where; `code` is its name. */
export class ContentStoreError extends Error {
  override readonly name = 'ContentStoreError'
  readonly failure: ContentStoreFailure
  constructor(failure: ContentStoreFailure, options?: ErrorOptions) {
    super('path' in failure ? `${failure.code} ${failure.path}` : failure.code, options)
    this.failure = failure
  }
  get code(): ContentStoreFailure['code'] {
    return this.failure.code
  }
}
