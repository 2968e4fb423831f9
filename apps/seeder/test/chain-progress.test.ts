import { expect, test } from 'vitest'
import { progressOf } from '../src/chain-progress.js'

test('who follows a long chain hears every five seconds how far it is', () => {
  const progress = progressOf({ startMs: 1_000, cycleMs: 100 }, 100_000)
  expect([progress(0, 100_000), progress(10, 104_999)]).toEqual([undefined, undefined])
  expect(progress(10, 105_000)).toBe('block 10 of 1040 at the most')
  expect(progress(20, 105_200)).toBeUndefined()
  expect(progress(2_000, 111_000)).toBe('block 2000 of 2000 at the most')
})
