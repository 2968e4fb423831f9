import { bytes, list, sameBytes, struct, uint64 } from '@interpeer/wire-codec'

/** Accounts that one job may owe at a time, between two closings of its group: a request that would pay one more is refused as a whole. */
export const PAYMENTS_MAX = 128

/**
 * What the chain says of a job's coins in one epoch (ADR 0034). Both count all that the job ever paid, in units: so the one number bounds the other over epochs, and
 * nothing has to be taken off anywhere.
 */
export interface Funds {
  /** What the chain had moved when the epoch opened. */
  readonly settled: bigint
  /** What may have been paid by the end of the epoch. */
  readonly mayPay: bigint
}
/** All that a job owes one account. */
export interface Payment {
  /** 32 bytes. */
  readonly account: Uint8Array
  /** Units, 1 to 2^64 - 1. */
  readonly amount: bigint
}
/** A job's coins as its group has agreed on them: a value. `settled` and `mayPay` are those of the last batch that ran something. */
export interface Purse extends Funds {
  /** What was paid and the chain has not moved yet, in the order of the first payment to each account. */
  readonly payments: readonly Payment[]
}

export const NO_FUNDS: Funds = { settled: 0n, mayPay: 0n }
export const NO_PURSE: Purse = { ...NO_FUNDS, payments: [] }

export const paymentSchema = struct({ account: bytes(32), amount: uint64 })
export const purseSchema = struct({ settled: uint64, mayPay: uint64, payments: list(paymentSchema, PAYMENTS_MAX) })

export const isNoPurse = ({ settled, mayPay, payments }: Purse): boolean => settled === 0n && mayPay === 0n && payments.length === 0

export const sumOfPayments = (payments: readonly Payment[]): bigint => payments.reduce((sum, { amount }) => sum + amount, 0n)
/** All that the job ever paid. */
const paidIn = ({ settled, payments }: Purse): bigint => settled + sumOfPayments(payments)

/** What scripts may still pay, in units. */
export function balanceIn(purse: Purse): bigint {
  const paid = paidIn(purse)
  return purse.mayPay > paid ? purse.mayPay - paid : 0n
}

/**
 * The purse in a batch that names these funds: the same one if they are. The closing of an epoch settles all that was paid until then, or nothing did; so what is owed is what it was, or
 * nothing.
 */
export function purseWith(purse: Purse, { settled, mayPay }: Funds): Purse {
  if (purse.settled === settled && purse.mayPay === mayPay) return purse
  return { settled, mayPay, payments: purse.settled === settled ? purse.payments : [] }
}

/** The purse after a payment; undefined where there is too little, or no room for one more account. */
export function withPayment(purse: Purse, { account, amount }: Payment): Purse | undefined {
  if (amount > balanceIn(purse)) return undefined
  const at = purse.payments.findIndex((one) => sameBytes(one.account, account))
  if (at < 0 && purse.payments.length === PAYMENTS_MAX) return undefined
  const owed = purse.payments[at]?.amount ?? 0n
  const payment = { account, amount: owed + amount }
  return { ...purse, payments: at < 0 ? [...purse.payments, payment] : purse.payments.with(at, payment) }
}

export const samePayments = (a: readonly Payment[], b: readonly Payment[]): boolean =>
  a.length === b.length && a.every(({ account, amount }, i) => amount === b[i]?.amount && sameBytes(account, b[i].account))
/** Whether a group makes such: each account once, none with nothing, and no more in all than a number holds. */
export function arePayments(payments: readonly Payment[]): boolean {
  const names = new Set(payments.map(({ account }) => account.join()))
  return names.size === payments.length && payments.every(({ amount }) => amount > 0n) && sumOfPayments(payments) < 2n ** 64n
}
