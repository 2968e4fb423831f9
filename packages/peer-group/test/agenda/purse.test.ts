import { expect, test } from 'vitest'
import { agendaBlock, NO_AGENDA, readAgenda } from '../../src/agenda/agenda.js'
import { type Wish, withWishes } from '../../src/agenda/plan.js'
import { balanceIn, NO_PURSE, PAYMENTS_MAX, type Purse, purseWith, sumOfPayments } from '../../src/agenda/purse.js'

const account = (n: number): Uint8Array => new Uint8Array(32).fill(n)
const pay = (n: number, amount: bigint): Wish => ({ type: 'pay', account: account(n), amount })
const agendaOf = (purse: Purse) => ({ ...NO_AGENDA, purse })
const funded = agendaOf({ settled: 0n, mayPay: 100n, payments: [] })

test('payments are taken off what may be paid, and those to one account are one', () => {
  const agenda = withWishes(funded, [pay(1, 10n), pay(2, 5n), pay(1, 1n)], 0)
  expect(agenda?.purse.payments).toEqual([
    { account: account(1), amount: 11n },
    { account: account(2), amount: 5n },
  ])
  expect(balanceIn(agenda?.purse as Purse)).toBe(84n)
})

test('more than may be paid, or to more accounts than a state holds: nothing of the run counts', () => {
  expect(withWishes(funded, [pay(1, 60n), pay(2, 41n)], 0)).toBeUndefined()
  expect(withWishes(NO_AGENDA, [pay(1, 1n)], 0)).toBeUndefined()
  const all = Array.from({ length: PAYMENTS_MAX }, (_, i) => pay(i, 1n))
  const rich = agendaOf({ settled: 0n, mayPay: 1_000n, payments: [] })
  expect(withWishes(rich, all, 0)?.purse.payments).toHaveLength(PAYMENTS_MAX)
  expect(withWishes(rich, [...all, pay(200, 1n)], 0)).toBeUndefined()
  expect(withWishes(rich, [...all, pay(7, 1n)], 0)?.purse.payments).toHaveLength(PAYMENTS_MAX)
})

test('what the chain has settled is owed no more, and what it allows is counted over all epochs', () => {
  const { purse } = withWishes(funded, [pay(1, 30n)], 0) ?? funded
  // the next epoch was named before the closing: it may pay what is left, less what its funds did not know of
  const next = purseWith(purse, { settled: 30n, mayPay: 90n })
  expect([next.payments, balanceIn(next)]).toEqual([[], 60n])
  // an epoch that a recovery opened: nothing is settled
  const recovered = purseWith(purse, { settled: 0n, mayPay: 120n })
  expect([recovered.payments, balanceIn(recovered)]).toEqual([purse.payments, 90n])
  // a job that has less than it paid has nothing
  expect(balanceIn(purseWith(purse, { settled: 30n, mayPay: 20n }))).toBe(0n)
  expect(purseWith(purse, { settled: 0n, mayPay: 100n })).toBe(purse)
})

test('a purse is part of the agenda’s block, and one that no group makes is not read', () => {
  const agenda = withWishes(funded, [pay(1, 30n), pay(2, 2n ** 63n)], 0) ?? withWishes(funded, [pay(1, 30n)], 0) ?? funded
  expect(readAgenda(agendaBlock(agenda).bytes)).toEqual(agenda)
  const invalid = expect.objectContaining({ code: 'STATE_INVALID' })
  const twice = [
    { account: account(1), amount: 1n },
    { account: account(1), amount: 2n },
  ]
  const huge = [
    { account: account(1), amount: 2n ** 64n - 1n },
    { account: account(2), amount: 1n },
  ]
  for (const payments of [twice, huge, [{ account: account(1), amount: 0n }]]) {
    const { bytes } = agendaBlock(agendaOf({ settled: 0n, mayPay: 9n, payments }))
    expect(() => readAgenda(bytes)).toThrow(invalid)
  }
  expect(sumOfPayments(huge)).toBe(2n ** 64n)
  expect(readAgenda(agendaBlock(funded).bytes).purse).toEqual({ ...NO_PURSE, mayPay: 100n })
})
