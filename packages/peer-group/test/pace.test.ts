import { describe, expect, test } from 'vitest'
import type { Turn } from '../src/group-state.js'
import { learnPace, requestsInTime } from '../src/pace.js'
import { GROUP_DEFAULTS } from '../src/settings.js'

const group = (requestMs?: number) => ({ requestMs, settings: GROUP_DEFAULTS })
const after = (...runs: [requests: number, tookMs: number][]) => {
  const t = { g: group() } as unknown as Turn
  for (const [requests, tookMs] of runs) learnPace(t, requests, tookMs)
  return t.g
}

describe('how large a batch may be for its run to end in time', () => {
  test.each([
    ['nothing was run yet', [], 64],
    ['requests of 10 ms', [[30, 300]], 50],
    ['requests that are slower than a rank', [[1, 5_000]], 1],
    ['requests that cost nothing', [[100, 0]], Number.POSITIVE_INFINITY],
    ['a clock that was set back', [[100, -5_000]], Number.POSITIVE_INFINITY],
    ['an empty batch tells nothing', [[0, 900]], 64],
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
