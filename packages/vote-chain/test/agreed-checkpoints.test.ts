import { expect, test } from 'vitest'
import { agreedCheckpoints } from '../src/index.js'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const named = (...heights: readonly number[]) => heights.map((height) => ({ height, block: hash(height), state: hash(height + 1) }))
const told = (source: string, checkpoints = named(30, 20, 10)) => ({ source, tip: { height: 33, checkpoints } })
const agree = (answers: readonly ReturnType<typeof told>[], sourcesMin = 2) =>
  agreedCheckpoints(answers, { checkpointCycles: 10, sourcesMin })
const failureOf = (run: () => unknown) => {
  try {
    return run()
  } catch (error) {
    return (error as { readonly failure: unknown }).failure
  }
}

test('the last two that most name alike; who names others lies', () => {
  const forged = [...named(30), { height: 20, block: hash(99), state: hash(21) }, ...named(10)]
  const { start, newest, sources, liars } = agree([told('a'), told('b'), told('c', forged)])
  expect([start.height, newest.height]).toEqual([20, 30])
  expect([sources, liars]).toEqual([['a', 'b'], ['c']])
})

test('who is a checkpoint behind lies not: the pair that most have counts', () => {
  const { start, newest, sources, liars } = agree([told('a'), told('b', named(20, 10)), told('c', named(20, 10))])
  expect([start.height, newest.height]).toEqual([10, 20])
  expect([sources, liars]).toEqual([['a', 'b', 'c'], []])
})

test('without a majority, or with one source where there should be two, nothing is agreed', () => {
  const other = named(30, 20, 10).map((one) => ({ ...one, state: hash(77) }))
  expect(failureOf(() => agree([told('a'), told('b', other)]))).toMatchObject({ code: 'SYNC_SOURCES', told: 2 })
  expect(failureOf(() => agree([told('a')]))).toMatchObject({ code: 'SYNC_SOURCES', told: 1 })
  expect(failureOf(() => agree([]))).toMatchObject({ code: 'SYNC_SOURCES', told: 0 })
  expect(failureOf(() => agree([told('a', named(30, 10)), told('b', named(30, 10))]))).toMatchObject({ code: 'SYNC_SOURCES', told: 2 })
  expect(agree([told('a')], 1)).toMatchObject({ sources: ['a'] })
})
