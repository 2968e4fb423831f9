import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AMOUNT_MAX, assertConserved, beginLedger, LedgerError, taxOf } from '../src/index.js'
import { accounts, anyOperation } from './operations.js'

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
      const shown = () => ({ ...ledger, accounts: structuredClone([...ledger.accounts]), escrows: [...ledger.escrows] })
      const before = shown()
      try {
        operation(ledger)
      } catch {}
      expect(shown()).toEqual(before)
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
