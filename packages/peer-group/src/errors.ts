/** Codes are public API: add new ones, never rename or reuse one. */
export type PeerGroupFailure =
  | { readonly code: 'GROUP_SETUP'; readonly reason: string }
  | { readonly code: 'RECORD_UNREADABLE'; readonly reason: string }
  | { readonly code: 'CERTIFICATE_INVALID'; readonly reason: string }
  | { readonly code: 'SHOWS_INVALID'; readonly reason: string }
  | { readonly code: 'STATE_INVALID'; readonly reason: string }
  | { readonly code: 'ODDS_INVALID'; readonly reason: string }
  | { readonly code: 'READ_PAIR_INVALID'; readonly reason: string }
  | { readonly code: 'READ_EVIDENCE_INVALID'; readonly reason: string }
  | { readonly code: 'DISPUTE_INVALID'; readonly reason: string }
  | { readonly code: 'JURY_INVALID'; readonly reason: string }

/** Bytes or arguments that are not what they should be. The machine itself never throws on them: it counts. */
export class PeerGroupError extends Error {
  override readonly name = 'PeerGroupError'
  readonly failure: PeerGroupFailure
  constructor(failure: PeerGroupFailure, options?: ErrorOptions) {
    super(`${failure.code}: ${failure.reason}`, options)
    this.failure = failure
  }
  get code(): PeerGroupFailure['code'] {
    return this.failure.code
  }
}
