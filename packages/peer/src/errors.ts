/** Codes are public API: add new ones, never rename or reuse one. */
export type PeerFailure =
  | { readonly code: 'DATA_IN_USE'; readonly folder: string; readonly pid: number }
  | { readonly code: 'DATA_OTHER_NETWORK'; readonly folder: string; readonly stored: string; readonly given: string }
  | { readonly code: 'SITE_UNKNOWN'; readonly name: string }
  | { readonly code: 'SITE_UNREACHABLE'; readonly name: string; readonly last: string }
  | { readonly code: 'REPLY_FALSE'; readonly reason: string }
  | { readonly code: 'REQUEST_MALFORMED'; readonly reason: string }
  | { readonly code: 'PUBLISH_REFUSED'; readonly reason: string }
  | { readonly code: 'MEMBER_UNKNOWN'; readonly member: string }
  | { readonly code: 'BLOCKS_REFUSED'; readonly peer: string }
  | { readonly code: 'EPOCH_OTHER'; readonly job: string; readonly epoch: number }
  | { readonly code: 'JOB_LOGS_REFUSED'; readonly reason: string }
  | { readonly code: 'JOB_LOGS_BUSY'; readonly job: string }
  | { readonly code: 'SIZE_SYNTAX'; readonly text: string; readonly minBytes: number }
  | { readonly code: 'UPLOADS_BUSY' }
  | { readonly code: 'REQUEST_TOO_SLOW'; readonly bytes: number }
  | { readonly code: 'SYNC_OFTEN'; readonly peer: string }
  | { readonly code: 'SYNC_NOTHING' }
  | { readonly code: 'SYNC_UNANSWERED'; readonly what: string }
  /** A new peer neither found a checkpoint to start from nor may follow the chain from its genesis. `because`: the code of what failed; `told`: sources that answered; `asked`: of how many, where it slept. */
  | { readonly code: 'SYNC_REFUSED'; readonly because: string; readonly told: number | null; readonly asked?: number }
  | { readonly code: 'SYNC_TOO_LARGE'; readonly bytes: number }
  /** Of all checkpoints on the disk, at these heights, none can be read, and there is no first block to open the chain from. */
  | { readonly code: 'CHAIN_UNREADABLE'; readonly checkpoints: readonly number[] }
  /** The process was not woken for so long that it has to begin anew. */
  | { readonly code: 'SYNC_SLEPT'; readonly height: number }
  | { readonly code: 'CLOSED' }

export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly failure: PeerFailure
  constructor(failure: PeerFailure, options?: ErrorOptions) {
    super(`${failure.code} ${JSON.stringify({ ...failure, code: undefined })}`, options)
    this.failure = failure
  }
  get code(): PeerFailure['code'] {
    return this.failure.code
  }
}
