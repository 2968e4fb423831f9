import { describe, expect, test } from 'vitest'
import type { KnownBatch } from '../src/batch.js'
import type { Run, Turn } from '../src/group-state.js'
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
  const turn = (run: Run | undefined, timerAtMs = 1_000) => {
    const batch = { hash: new Uint8Array(32) } as KnownBatch
    const runs = new Map(run === undefined ? [] : [['00'.repeat(32), run]])
    const open = { timerAtMs, rank: 3, proposals: new Map([[3, { batch }]]), runs }
    return { t: { nowMs: 5_000, g: { settings: GROUP_DEFAULTS, open } } as unknown as Turn, batch }
  }
  const running: Run = { type: 'running', rank: 3, sinceMs: 100 }
  test.each([
    ['that runs', turn(running), 16_100],
    ['whose body is not here', turn({ type: 'fetching', rank: 3 }), 1_000],
    ['of which nothing is known', turn(undefined), 1_000],
    ['whose timer ends later', turn(running, 20_000), 20_000],
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
    ['not for ever', turn(running), 1e9, 21_000],
  ])('when it ended: %s', (_, { t, batch }, tookMs, timerAtMs) => {
    waitAsLongAgain(t, batch, tookMs)
    expect(t.g.open.timerAtMs).toBe(timerAtMs)
  })
})
