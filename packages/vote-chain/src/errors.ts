/** Codes are public API: add new ones, never rename or reuse one. */
export type ChainFailure =
  | { readonly code: 'GENESIS_SYNTAX' }
  | { readonly code: 'GENESIS_KEY_UNKNOWN' | 'GENESIS_KEY_MISSING'; readonly path: string }
  | { readonly code: 'GENESIS_VALUE'; readonly path: string; readonly expected: string }
  | { readonly code: 'CERTIFICATE_WRONG'; readonly reason: 'block' | 'quorum' | 'vote' | 'voter' | 'drawn' | 'twice' }
  | { readonly code: 'BLOCK_WRONG'; readonly height: number; readonly reason: BlockFault }
  | { readonly code: 'HEADER_WRONG' }
  /** What is wrong about a checkpoint: its header, the state that it names, or who votes by it. */
  | { readonly code: 'CHECKPOINT_WRONG'; readonly reason: 'header' | 'state' | 'electorate' }
  /** A light client has to go on in smaller steps: the electorate changed on the way from this height. */
  | { readonly code: 'LIGHT_STEP_LONG'; readonly height: number }
  /** A new peer does not start from checkpoints: too few sources say the same, or what they say is older than it may be. */
  | { readonly code: 'SYNC_SOURCES'; readonly told: number; readonly heights: readonly number[] }
  | { readonly code: 'SYNC_OLD'; readonly height: number; readonly timeMs: number }
  | { readonly code: 'STORED_BLOCK_WRONG'; readonly height: number; readonly reason: string }
  | { readonly code: 'STORED_RECORD_WRONG'; readonly reason: string }
  /** Orders about the registry. */
  | { readonly code: 'PEER_UNKNOWN' | 'PEER_EXISTS' | 'RECOVERY_KEY_WRONG' | 'PEER_KEYS_MANY' }
  | { readonly code: 'PEER_STANDING'; readonly standing: string }
  | { readonly code: 'PEER_ORDER_NUMBER'; readonly expected: number; readonly given: number }
  | { readonly code: 'PEER_TERMS'; readonly field: string }
  /** Change requests. */
  | { readonly code: 'CHANGE_VOTER' | 'CHANGE_KNOWN' | 'CHANGE_UNKNOWN' | 'CHANGE_VOTE_OLD' | 'CHANGE_VOTE_SAME' | 'CHANGES_FULL' }
  | { readonly code: 'CHANGE_TURNS'; readonly most: number }
  | { readonly code: 'CHANGE_EARLY'; readonly earliest: number }
  | { readonly code: 'CHANGE_LATE'; readonly latest: number }
  | { readonly code: 'CHANGE_PATCH'; readonly item: string }
/** Why a block is refused. */
export type BlockFault =
  | 'malformed'
  | 'height'
  | 'previous'
  | 'time'
  | 'leader'
  | 'proof'
  | 'seed'
  | 'electorate'
  | 'certificate'
  | 'body'
  | 'transaction'
  | 'data'

export class ChainError extends Error {
  override readonly name = 'ChainError'
  readonly failure: ChainFailure
  constructor(failure: ChainFailure, options?: ErrorOptions) {
    super(`${failure.code} ${JSON.stringify({ ...failure, code: undefined })}`, options)
    this.failure = failure
  }
  get code(): ChainFailure['code'] {
    return this.failure.code
  }
}
