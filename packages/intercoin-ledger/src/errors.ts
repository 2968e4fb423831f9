import type { AccountId } from '@interpeer/crypto-ids'

/** Codes are public API: add new ones, never rename or reuse one. */
export type LedgerFailure =
  | { readonly code: 'LEDGER_AMOUNT'; readonly amount: bigint }
  | { readonly code: 'LEDGER_FUNDS'; readonly account: AccountId; readonly held: bigint; readonly needed: bigint }
  /** Coins for an account that has none yet, fewer than what begins one. */
  | { readonly code: 'LEDGER_ACCOUNT_SMALL'; readonly account: AccountId; readonly least: bigint; readonly given: bigint }
  | { readonly code: 'LEDGER_OVERFLOW'; readonly account: AccountId }
  | { readonly code: 'LEDGER_NONCE'; readonly account: AccountId; readonly expected: number; readonly given: number }
  | { readonly code: 'LEDGER_ESCROW_EXISTS' | 'LEDGER_ESCROW_UNKNOWN'; readonly account: AccountId }
  | { readonly code: 'LEDGER_NOT_CONSERVED'; readonly minted: bigint; readonly found: bigint }

export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly failure: LedgerFailure
  constructor(failure: LedgerFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }
  get code(): LedgerFailure['code'] {
    return this.failure.code
  }
}
