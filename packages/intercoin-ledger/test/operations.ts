import { parseAccountId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { AMOUNT_MAX, burn, closeEscrow, type Ledger, mint, openEscrow, payFromEscrow, taxOf, transfer } from '../src/index.js'

export const accounts = Array.from({ length: 6 }, (_, i) => parseAccountId(String(i).repeat(64)))
const anyAccount = fc.constantFrom(...accounts)
const anyAmount = fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, AMOUNT_MAX), fc.bigInt(-5n, AMOUNT_MAX + 5n))
export type Operation = (ledger: Ledger) => Ledger
/** Anything that may become of a ledger; often it is refused. */
export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ to: anyAccount, amount: anyAmount }).map(
    ({ to, amount }): Operation =>
      (ledger) =>
        mint(ledger, to, amount),
  ),
  fc.record({ from: anyAccount, amount: anyAmount }).map(
    ({ from, amount }): Operation =>
      (ledger) =>
        burn(ledger, from, amount),
  ),
  fc
    .record({
      from: anyAccount,
      to: anyAccount,
      amount: anyAmount,
      perMille: fc.nat(100),
      nonce: fc.nat(3),
      newAccountMin: fc.bigInt(0n, 2_000n),
    })
    .map(
      ({ perMille, ...order }): Operation =>
        (ledger) =>
          transfer(ledger, { ...order, tax: taxOf(order.amount, perMille) }),
    ),
  fc.record({ from: anyAccount, job: anyAccount, amount: anyAmount, fee: anyAmount }).map(
    (order): Operation =>
      (ledger) =>
        openEscrow(ledger, order),
  ),
  fc.record({ job: anyAccount, to: anyAccount, amount: anyAmount }).map(
    ({ job, to, amount }): Operation =>
      (ledger) =>
        payFromEscrow(ledger, job, to, amount),
  ),
  fc.record({ job: anyAccount, to: anyAccount }).map(
    ({ job, to }): Operation =>
      (ledger) =>
        closeEscrow(ledger, job, to),
  ),
)

/** The ledger after an operation; where it is refused, the one before. */
export function after(ledger: Ledger, operation: Operation): Ledger {
  try {
    return operation(ledger)
  } catch {
    return ledger
  }
}
