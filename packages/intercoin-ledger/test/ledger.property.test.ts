import { parseAccountId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  AMOUNT_MAX,
  assertConserved,
  beginLedger,
  burn,
  closeEscrow,
  type Ledger,
  LedgerError,
  mint,
  openEscrow,
  payFromEscrow,
  taxOf,
  transfer,
} from '../src/index.js'

const accounts = Array.from({ length: 6 }, (_, i) => parseAccountId(String(i).repeat(64)))
const anyAccount = fc.constantFrom(...accounts)
const anyAmount = fc.oneof(fc.bigInt(0n, 1000n), fc.bigInt(0n, AMOUNT_MAX), fc.bigInt(-5n, AMOUNT_MAX + 5n))
type Operation = (ledger: Ledger) => Ledger
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
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
  fc.record({ from: anyAccount, to: anyAccount, amount: anyAmount, perMille: fc.nat(100), nonce: fc.nat(3) }).map(
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

test('balances, escrows and burned coins equal minted ones after every operation; what is refused changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyOperation, { maxLength: 40 }), (operations) => {
      let ledger = beginLedger(accounts.map((account) => ({ account, amount: 10_000n })))
      for (const operation of operations) {
        try {
          ledger = operation(ledger)
        } catch (error) {
          expect(error).toBeInstanceOf(LedgerError)
        }
        assertConserved(ledger)
        for (const amount of [...ledger.escrows.values(), ...[...ledger.accounts.values()].map(({ balance }) => balance)]) {
          expect(amount >= 0n && amount <= AMOUNT_MAX).toBe(true)
        }
      }
    }),
  )
})

test('an operation never alters the ledger that it is given', () => {
  fc.assert(
    fc.property(anyOperation, (operation) => {
      const ledger = beginLedger(accounts.map((account) => ({ account, amount: 10_000n })))
      const before = structuredClone(ledger)
      try {
        operation(ledger)
      } catch {}
      expect(ledger).toEqual(before)
    }),
  )
})

test('every transfer is taxed, the smallest too', () => {
  expect(taxOf(1n, 5)).toBe(1n)
  expect(taxOf(1000n, 5)).toBe(5n)
  expect(taxOf(1001n, 5)).toBe(6n)
  expect(taxOf(0n, 5)).toBe(0n)
  expect(taxOf(7n, 0)).toBe(0n)
})
