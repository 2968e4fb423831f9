import { describe, expect, test } from 'vitest'
import { explore } from '../src/explore.js'
import { runs } from '../src/runs.js'

const inCi = runs.filter(({ deep }) => !deep)

describe('every state of a model keeps its rules', () => {
  test.each(inCi.filter(({ breaks }) => breaks === undefined))('$name', (run) => {
    const { complete, counterexample } = run.explore()
    expect(counterexample).toBeUndefined()
    expect(complete).toBe(true)
  })
})

describe('a variant without one rule has a counterexample, told step by step', () => {
  test.each(inCi.filter(({ breaks }) => breaks !== undefined))('$name', (run) => {
    const { counterexample } = run.explore()
    expect(counterexample?.rule).toBe(run.breaks)
    expect(counterexample?.trace.length).toBeGreaterThan(0)
    expect(counterexample?.trace).not.toContain('?')
  })
})

test('names of runs are distinct', () => {
  expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length)
})

test('a search that its limit cuts is not complete, and the first counterexample is a shortest one', () => {
  const counting = (bad: number) => ({
    start: [0],
    next: (at: number, emit: (next: number, label: () => string) => void) => {
      emit(at + 1, () => `${at} + 1`)
      emit(at * 2, () => `${at} * 2`)
    },
    key: String,
    broken: (at: number) => (at === bad ? `${bad} is reached` : undefined),
  })
  expect(explore(counting(-1), 100)).toMatchObject({ complete: false, states: 100 })
  expect(explore(counting(8))).toMatchObject({
    complete: true,
    counterexample: { rule: '8 is reached', trace: ['0 + 1', '1 + 1', '2 * 2', '4 * 2'] },
  })
})
