import { type AccountId, accountOfBytes, sealOf } from '@interpeer/crypto-ids'
import { AccountMap } from './account-map.js'
import { LedgerError } from './errors.js'

/** Units in one coin. Every amount is a whole number of units, from 0 to 2^64 - 1. */
export const UNITS_PER_COIN = 1_000_000_000n
export const AMOUNT_MAX = 2n ** 64n - 1n
/** Holds taxes, and pays for what serves all (§6.7.1). Nobody has its key: it is a digest. */
export const COMMONS: AccountId = accountOfBytes(sealOf('commons account', []))

export interface Account {
  readonly balance: bigint
  /** How many signed transactions it has made; the next one carries this number, so none counts twice. */
  readonly nonce: number
}
/**
 * Who holds how much (§6.7.1). A value: no operation alters it, each returns another. An escrow is a job's money, named by the
 * job's account. At all times balances + escrows + burned = minted.
 */
export interface Ledger {
  readonly accounts: AccountMap<Account>
  readonly escrows: AccountMap<bigint>
  readonly minted: bigint
  readonly burned: bigint
}
export interface Holding {
  readonly account: AccountId
  readonly amount: bigint
}

const EMPTY: Account = { balance: 0n, nonce: 0 }
export const EMPTY_LEDGER: Ledger = { accounts: AccountMap.empty(), escrows: AccountMap.empty(), minted: 0n, burned: 0n }

/** The ledger of a genesis: what it gives away counts as minted. @throws {LedgerError} LEDGER_OVERFLOW */
export function beginLedger(balances: readonly Holding[]): Ledger {
  return balances.reduce((ledger, { account, amount }) => mint(ledger, account, amount), EMPTY_LEDGER)
}
export const accountOf = (ledger: Ledger, account: AccountId): Account => ledger.accounts.get(account) ?? EMPTY
export const balanceOf = (ledger: Ledger, account: AccountId): bigint => accountOf(ledger, account).balance
/** Whether coins for it would begin an account: nobody has paid it yet, and it is of no job that runs. */
export const isNewAccount = ({ accounts, escrows }: Ledger, account: AccountId): boolean => !accounts.has(account) && !escrows.has(account)
export const escrowOf = (ledger: Ledger, job: AccountId): bigint | undefined => ledger.escrows.get(job)

/** New coins. @throws {LedgerError} LEDGER_AMOUNT, LEDGER_OVERFLOW */
export function mint(ledger: Ledger, account: AccountId, amount: bigint): Ledger {
  return { ...give(ledger, account, checked(amount)), minted: ledger.minted + amount }
}
/** Coins that are no more. @throws {LedgerError} LEDGER_AMOUNT, LEDGER_FUNDS */
export function burn(ledger: Ledger, account: AccountId, amount: bigint): Ledger {
  return { ...take(ledger, account, checked(amount)), burned: ledger.burned + amount }
}

/** The tax on an amount, rounded up, so that no transfer is too small to be taxed. */
export const taxOf = (amount: bigint, perMille: number): bigint => (amount * BigInt(perMille) + 999n) / 1000n

export interface TransferOrder {
  readonly from: AccountId
  readonly to: AccountId
  readonly amount: bigint
  /** Paid on top by the sender, into the commons account. */
  readonly tax: bigint
  readonly nonce: number
  /** Fewer begin no account: it stays in the ledger for ever, so what it costs to make one must not be next to nothing. */
  readonly newAccountMin: bigint
}
/**
 * Moves coins from one account to another. To the account of a job that runs, it goes into the job's escrow: a donation. A transfer of nothing is none: it would use up a
 * number of an account that may hold nothing, and so leave an entry for free.
 * @throws {LedgerError} LEDGER_NONCE, LEDGER_AMOUNT, LEDGER_ACCOUNT_SMALL, LEDGER_FUNDS, LEDGER_OVERFLOW
 */
export function transfer(ledger: Ledger, { from, to, amount, tax, nonce, newAccountMin }: TransferOrder): Ledger {
  if (checked(amount) === 0n) throw new LedgerError({ code: 'LEDGER_AMOUNT', amount })
  const used = useNonce(ledger, from, nonce)
  if (isNewAccount(ledger, to) && amount < newAccountMin)
    throw new LedgerError({ code: 'LEDGER_ACCOUNT_SMALL', account: to, least: newAccountMin, given: amount })
  const taken = take(used, from, checked(amount + checked(tax)))
  return give(give(taken, COMMONS, tax), to, amount)
}
/**
 * Moves coins that the chain's own rules move, without an order of their owner: so its nonce stays, and an order that it has signed holds as before.
 * @throws {LedgerError} LEDGER_AMOUNT, LEDGER_FUNDS, LEDGER_OVERFLOW
 */
export const move = (ledger: Ledger, { from, to, amount }: Pick<TransferOrder, 'from' | 'to' | 'amount'>): Ledger =>
  give(take(ledger, from, checked(amount)), to, amount)
/** @throws {LedgerError} LEDGER_NONCE */
export function useNonce(ledger: Ledger, account: AccountId, nonce: number): Ledger {
  const held = accountOf(ledger, account)
  if (nonce !== held.nonce) throw new LedgerError({ code: 'LEDGER_NONCE', account, expected: held.nonce, given: nonce })
  return withAccount(ledger, account, { ...held, nonce: nonce + 1 })
}

/**
 * Sets money aside for a job and burns a fee. What the job's account was given before goes into the escrow too.
 * @throws {LedgerError} LEDGER_ESCROW_EXISTS, LEDGER_AMOUNT, LEDGER_FUNDS, LEDGER_OVERFLOW
 */
export function openEscrow(ledger: Ledger, order: { from: AccountId; job: AccountId; amount: bigint; fee: bigint }): Ledger {
  const { from, job, amount, fee } = order
  if (ledger.escrows.has(job)) throw new LedgerError({ code: 'LEDGER_ESCROW_EXISTS', account: job })
  const burned = burn(take(ledger, from, checked(amount)), from, fee)
  const given = balanceOf(burned, job)
  const opened = take(burned, job, given)
  return give({ ...opened, escrows: opened.escrows.with(job, 0n) }, job, checked(given + amount))
}
/**
 * Pays for work: earnings are not taxed (§6.7.1).
 * @throws {LedgerError} LEDGER_ESCROW_UNKNOWN, LEDGER_AMOUNT, LEDGER_FUNDS, LEDGER_OVERFLOW
 */
export function payFromEscrow(ledger: Ledger, job: AccountId, to: AccountId, amount: bigint): Ledger {
  const held = heldInEscrow(ledger, job)
  if (held < checked(amount)) throw new LedgerError({ code: 'LEDGER_FUNDS', account: job, held, needed: amount })
  return give({ ...ledger, escrows: ledger.escrows.with(job, held - amount) }, to, amount)
}
/** Ends an escrow; what is left goes to `to`. @throws {LedgerError} LEDGER_ESCROW_UNKNOWN, LEDGER_OVERFLOW */
export function closeEscrow(ledger: Ledger, job: AccountId, to: AccountId): Ledger {
  const held = heldInEscrow(ledger, job)
  return give({ ...ledger, escrows: ledger.escrows.without(job) }, to, held)
}

export interface Supply {
  readonly minted: bigint
  readonly burned: bigint
  readonly inAccounts: bigint
  readonly inEscrow: bigint
}
export function supplyOf({ accounts, escrows, minted, burned }: Ledger): Supply {
  let [inAccounts, inEscrow] = [0n, 0n]
  accounts.forEach(({ balance }) => {
    inAccounts += balance
  })
  escrows.forEach((amount) => {
    inEscrow += amount
  })
  return { minted, burned, inAccounts, inEscrow }
}
/** Stops a process whose ledger would be wrong. @throws {LedgerError} LEDGER_NOT_CONSERVED */
export function assertConserved(ledger: Ledger): Ledger {
  const { minted, burned, inAccounts, inEscrow } = supplyOf(ledger)
  const found = burned + inAccounts + inEscrow
  if (found !== minted) throw new LedgerError({ code: 'LEDGER_NOT_CONSERVED', minted, found })
  return ledger
}

function heldInEscrow(ledger: Ledger, job: AccountId): bigint {
  const held = ledger.escrows.get(job)
  if (held === undefined) throw new LedgerError({ code: 'LEDGER_ESCROW_UNKNOWN', account: job })
  return held
}
function checked(amount: bigint): bigint {
  if (typeof amount !== 'bigint' || amount < 0n || amount > AMOUNT_MAX) throw new LedgerError({ code: 'LEDGER_AMOUNT', amount })
  return amount
}
function give(ledger: Ledger, to: AccountId, amount: bigint): Ledger {
  const escrow = ledger.escrows.get(to)
  const held = escrow ?? balanceOf(ledger, to)
  if (held + amount > AMOUNT_MAX) throw new LedgerError({ code: 'LEDGER_OVERFLOW', account: to })
  if (amount === 0n) return ledger
  if (escrow !== undefined) return { ...ledger, escrows: ledger.escrows.with(to, held + amount) }
  return withAccount(ledger, to, { ...accountOf(ledger, to), balance: held + amount })
}
function take(ledger: Ledger, from: AccountId, amount: bigint): Ledger {
  const held = accountOf(ledger, from)
  if (held.balance < amount) throw new LedgerError({ code: 'LEDGER_FUNDS', account: from, held: held.balance, needed: amount })
  return amount === 0n ? ledger : withAccount(ledger, from, { ...held, balance: held.balance - amount })
}
function withAccount(ledger: Ledger, account: AccountId, entry: Account): Ledger {
  const isNothing = entry.balance === 0n && entry.nonce === 0
  return { ...ledger, accounts: isNothing ? ledger.accounts.without(account) : ledger.accounts.with(account, entry) }
}
