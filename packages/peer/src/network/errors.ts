/** Why the network refuses a transaction, beside what ledger, scheduler, group and signatures say. Codes are public API. */
export type NetworkFailure =
  | { readonly code: 'TRANSACTION_UNKNOWN' | 'ACCOUNT_ENDED' | 'NOT_AWAY' | 'EPOCH_FROZEN' | 'EVIDENCE_NOTHING' | 'EVIDENCE_KNOWN' }
  | { readonly code: 'ESCROW_SMALL'; readonly needed: string }
  | { readonly code: 'PROGRAM_OLD'; readonly known: number; readonly needed: number }
  | { readonly code: 'DISPUTE_OPEN' | 'DISPUTE_KNOWN' | 'DISPUTE_UNJUDGED' | 'DISPUTE_UNKNOWN' | 'VERDICT_STRANGER' | 'VERDICT_KNOWN' }
  | { readonly code: 'CLOSING_HELD' | 'CLOSING_OTHER_START' }
  | { readonly code: 'DISPUTE_PART_EARLY' | 'DISPUTE_PART_WRONG' | 'DISPUTE_PART_STRANGER' }
  | { readonly code: 'ACCUSATION_STRANGER' | 'ACCUSATION_KNOWN' | 'ACCUSATION_OPEN' }
  | { readonly code: 'SHOW_TOO_LARGE' | 'DISPUTE_TOO_LARGE'; readonly bytes: number }

export class NetworkError extends Error {
  override readonly name = 'NetworkError'
  readonly failure: NetworkFailure
  constructor(failure: NetworkFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }
  get code(): NetworkFailure['code'] {
    return this.failure.code
  }
}
