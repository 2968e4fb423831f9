import { type AccountId, parseAccountId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AccountMap } from '../src/index.js'

/** Ids that share no digit, some, and all but the last. */
const anyAccount = fc
  .tuple(fc.constantFrom('', '0', 'a5', 'f'.repeat(62), '0'.repeat(63)), fc.nat(255))
  .map(([start, rest]) => parseAccountId(`${start}${rest.toString(16).padStart(64 - start.length, '7')}`.slice(0, 64)))
const anyStep = fc.record({ account: anyAccount, value: fc.option(fc.nat(3)) })
const anySteps = fc.array(anyStep, { maxLength: 60 })
type Step = { readonly account: AccountId; readonly value: number | null }

const after = (map: AccountMap<number>, steps: readonly Step[]): AccountMap<number> =>
  steps.reduce((all, { account, value }) => (value === null ? all.without(account) : all.with(account, value)), map)
function modelAfter(before: ReadonlyMap<AccountId, number>, steps: readonly Step[]): ReadonlyMap<AccountId, number> {
  const model = new Map(before)
  for (const { account, value } of steps) {
    if (value === null) model.delete(account)
    else model.set(account, value)
  }
  return new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)))
}
function expectSame(map: AccountMap<number>, model: ReadonlyMap<AccountId, number>): void {
  expect([...map]).toEqual([...model])
  expect([[...map.keys()], [...map.values()], [...map.entries()]]).toEqual([[...model.keys()], [...model.values()], [...model.entries()]])
  expect(map.size).toBe(model.size)
  const each: [AccountId, number][] = []
  map.forEach((value, account) => void each.push([account, value]))
  expect(each).toEqual([...model])
}

test('it has what a plain Map has, in the order of accounts, and maps made from it alter nothing', () => {
  fc.assert(
    fc.property(anySteps, anySteps, anySteps, fc.array(anyAccount), (steps, one, other, asked) => {
      const model = modelAfter(new Map(), steps)
      const map = after(AccountMap.empty(), steps)
      expectSame(map, model)
      expectSame(after(map, one), modelAfter(model, one))
      expectSame(after(map, other), modelAfter(model, other))
      expectSame(map, model)
      for (const account of asked) expect([map.get(account), map.has(account)]).toEqual([model.get(account), model.has(account)])
    }),
  )
})

test('what changed between any two is found, each account once, however they came about', () => {
  fc.assert(
    fc.property(anySteps, anySteps, fc.boolean(), (steps, more, apart) => {
      const model = modelAfter(new Map(), steps)
      const map = after(AccountMap.empty(), steps)
      const [next, nextModel] = apart
        ? [after(AccountMap.empty(), more), modelAfter(new Map(), more)]
        : [after(map, more), modelAfter(model, more)]
      const accounts = [...new Set([...model.keys(), ...nextModel.keys()])]
      expect([...next.changedFrom(map)].sort()).toEqual(accounts.filter((account) => model.get(account) !== nextModel.get(account)).sort())
    }),
  )
})

test('the same entries are the same, whatever was deleted', () => {
  fc.assert(
    fc.property(anySteps, anySteps, (steps, detour) => {
      const back = modelAfter(new Map(), steps)
      const undo = detour.map(({ account }): Step => ({ account, value: back.get(account) ?? null }))
      expect(after(after(after(AccountMap.empty(), steps), detour), undo)).toStrictEqual(after(AccountMap.empty(), steps))
    }),
  )
})
