import { describe, expect, test } from 'vitest'
import type { KnownBatch } from '../src/batch.js'
import type { Group, Run, Turn } from '../src/group-state.js'
import { learnPace, requestsInTime, timerDueMs, waitAsLongAgain } from '../src/pace.js'
import { GROUP_DEFAULTS } from '../src/settings.js'

const group = (requestMs?: number) => ({ requestMs, settings: GROUP_DEFAULTS })
const after = (...runs: [requests: number, tookMs: number][]) => {
  const t = { g: group() } as unknown as Turn
  for (const [requests, tookMs] of runs) learnPace(t, requests, tookMs)
  return t.g
}

describe('how large a batch may be for its run to end in time', () => {
  test.each([
    ['nothing was run yet', [], 4],
    ['requests of 10 ms', [[30, 300]], 50],
    ['requests that are slower than a rank', [[1, 5_000]], 1],
    ['requests that cost nothing', [[100, 0]], Number.POSITIVE_INFINITY],
    ['a clock that was set back', [[100, -5_000]], Number.POSITIVE_INFINITY],
    ['an empty batch tells nothing', [[0, 900]], 4],
    [
      'what was run last counts half',
      [
        [10, 400],
        [10, 0],
      ],
      25,
    ],
  ] as [string, [number, number][], number][])('%s', (_, runs, requests) => {
    expect(requestsInTime(after(...runs))).toBe(requests)
  })
})

describe('how long a rank lasts for a run', () => {
  const turn = (run: Run | undefined, timerAtMs = 1_000, closing?: Group['closing']) => {
    const batch = { hash: new Uint8Array(32) } as KnownBatch
    const runs = new Map(run === undefined ? [] : [['00'.repeat(32), run]])
    const open = { timerAtMs, rank: 3, proposals: new Map([[3, { batch }]]), runs }
    return { t: { nowMs: 5_000, g: { settings: GROUP_DEFAULTS, open, closing } } as unknown as Turn, batch }
  }
  const running: Run = { type: 'running', rank: 3, sinceMs: 100 }
  test.each([
    ['that runs', turn(running), 12_100],
    ['whose body is not here', turn({ type: 'fetching', rank: 3 }), 1_000],
    ['of which nothing is known', turn(undefined), 1_000],
    ['whose timer ends later', turn(running, 20_000), 20_000],
    ['that runs when the epoch is to close', turn(running, 1_000, { atMs: 4_500, next: [] }), 5_500],
    ['that runs, with a timer that ends after that', turn(running, 8_000, { atMs: 4_500, next: [] }), 8_000],
  ])('%s', (_, { t }, dueMs) => {
    expect(timerDueMs(t)).toBe(dueMs)
  })
  test('a rank that was given up has no end', () => {
    const { t, batch } = turn(running)
    t.g.open.timerAtMs = undefined
    waitAsLongAgain(t, batch, 2_000)
    expect(timerDueMs(t)).toBeUndefined()
  })
  test.each([
    ['as long again', turn(running), 2_000, 7_000],
    ['no shorter than without it', turn(running, 9_000), 2_000, 9_000],
    ['not for ever', turn(running), 1e9, 11_000],
    ['not when the epoch is to close', turn(running, 1_000, { atMs: 4_500, next: [] }), 2_000, 5_500],
    ['no shorter for a closing', turn(running, 6_000, { atMs: 4_500, next: [] }), 2_000, 6_000],
  ])('when it ended: %s', (_, { t, batch }, tookMs, timerAtMs) => {
    waitAsLongAgain(t, batch, tookMs)
    expect(t.g.open.timerAtMs).toBe(timerAtMs)
  })
})
