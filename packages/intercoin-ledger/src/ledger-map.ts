import { checkEntry, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { type AccountId, accountOfBytes, bytesOfAccount } from '@interpeer/crypto-ids'
import { decodeWith, encodeWith, type Infer, nullable, sameBytes, struct, uint53, uint64 } from '@interpeer/wire-codec'
import { LedgerError } from './errors.js'
import { type Account, AMOUNT_MAX, accountOf, EMPTY_LEDGER, escrowOf, type Ledger } from './ledger.js'

/** What the map has under an account's bytes (intercoin-ledger.cddl). */
export const accountRecord = struct({ balance: uint64, nonce: uint53, escrow: nullable(uint64) })
const units = struct({ high: uint64, low: uint64 })
/** What it has under `SUPPLY_KEY`. */
export const supplyRecord = struct({ minted: units, burned: units })

/** Where the map of a ledger says what was minted and burned. No account has a key of this length. */
export const SUPPLY_KEY: Uint8Array = Uint8Array.from('supply', (letter) => letter.charCodeAt(0))

/** All entries of a ledger's map: the `ledger` data set. */
export function ledgerEntries(ledger: Ledger): readonly MapPut[] {
  const accounts = new Set([...ledger.accounts.keys(), ...ledger.escrows.keys()])
  return [supplyPut(ledger), ...[...accounts].map((account) => accountPut(ledger, account))]
}

/** What makes the map of `after` of that of `before`: an edit for each account that is not the same, and one if coins came or went. */
export function ledgerEdits(before: Ledger, after: Ledger): readonly MapEdit[] {
  const changed = new Set([...after.accounts.changedFrom(before.accounts), ...after.escrows.changedFrom(before.escrows)])
  const edits = [...changed].map((account): MapEdit => {
    const isThere = after.accounts.has(account) || after.escrows.has(account)
    return isThere ? accountPut(after, account) : { type: 'delete', key: bytesOfAccount(account) }
  })
  const sameSupply = before.minted === after.minted && before.burned === after.burned
  return sameSupply ? edits : [...edits, supplyPut(after)]
}

function accountPut(ledger: Ledger, account: AccountId): MapPut {
  const { balance, nonce } = accountOf(ledger, account)
  const escrow = escrowOf(ledger, account) ?? null
  const value = encodeWith(accountRecord, { balance, nonce, escrow })
  return { type: 'put', key: bytesOfAccount(account), value, sum: balance + (escrow ?? 0n) }
}
function supplyPut({ minted, burned }: Ledger): MapPut {
  const split = (sum: bigint) => ({ high: sum >> 64n, low: sum & AMOUNT_MAX })
  return { type: 'put', key: SUPPLY_KEY, value: encodeWith(supplyRecord, { minted: split(minted), burned: split(burned) }) }
}

/** The ledger that a map's entries are of. @throws {WireError} what is under a key is no account's record */
export function ledgerFrom(entries: Iterable<Pick<MapEntry, 'key' | 'value'>>): Ledger {
  let { accounts, escrows, minted, burned } = EMPTY_LEDGER
  for (const { key, value } of entries) {
    if (sameBytes(key, SUPPLY_KEY)) {
      ;({ minted, burned } = supplyIn(value))
      continue
    }
    const account = accountOfBytes(key)
    const { balance, nonce, escrow } = decodeWith(accountRecord, value)
    if (balance > 0n || nonce > 0) accounts = accounts.with(account, { balance, nonce })
    if (escrow !== null) escrows = escrows.with(account, escrow)
  }
  return { accounts, escrows, minted, burned }
}
function supplyIn(value: Uint8Array): { readonly minted: bigint; readonly burned: bigint } {
  const joined = ({ high, low }: Infer<typeof units>): bigint => (high << 64n) | low
  const { minted, burned } = decodeWith(supplyRecord, value)
  return { minted: joined(minted), burned: joined(burned) }
}

/**
 * Stops a process whose ledger and map would differ.
 * @param total the sum of all entries of the ledger's map
 * @throws {LedgerError} LEDGER_NOT_CONSERVED
 */
export function assertTotal({ minted, burned }: Pick<Ledger, 'minted' | 'burned'>, total: bigint): void {
  if (burned + total !== minted) throw new LedgerError({ code: 'LEDGER_NOT_CONSERVED', minted, found: burned + total })
}

/** What a proof shows of one account. */
export interface ProvenAccount extends Account {
  /** What is set aside for the job that has this account. Undefined: no job that runs has it. */
  readonly escrow: bigint | undefined
  /** What all accounts and escrows hold together. */
  readonly total: bigint
}
/**
 * What an account holds, from the `ledger` hash of a block's header and a proof (content-store's `proveEntry` with the account's bytes).
 * An account without an entry holds nothing: the proof shows that too.
 * @param ledgerHash 32 bytes, from a header that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} what is proven is no account's record
 */
export function checkAccount(ledgerHash: Uint8Array, account: AccountId, proof: Uint8Array): ProvenAccount {
  const { entry, total } = checkEntry(ledgerHash, bytesOfAccount(account), proof)
  if (entry === undefined) return { ...accountOf(EMPTY_LEDGER, account), escrow: undefined, total }
  const { balance, nonce, escrow } = decodeWith(accountRecord, entry.value)
  return { balance, nonce, escrow: escrow ?? undefined, total }
}

/**
 * How many units were ever minted and burned, from the `ledger` hash of a header and a proof of `SUPPLY_KEY`; `total` is what all accounts
 * and escrows hold together.
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError}
 * @throws {LedgerError} LEDGER_NOT_CONSERVED: coins came from nowhere
 */
export function checkSupply(
  ledgerHash: Uint8Array,
  proof: Uint8Array,
): { readonly minted: bigint; readonly burned: bigint; readonly total: bigint } {
  const { entry, total } = checkEntry(ledgerHash, SUPPLY_KEY, proof)
  const { minted, burned } = entry === undefined ? EMPTY_LEDGER : supplyIn(entry.value)
  assertTotal({ minted, burned }, total)
  return { minted, burned, total }
}
