import type { Effect } from '@interpeer/php-runtime-bridge'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DevPlan, type Planned } from '../../src/dev/dev-plan.js'
import { PlannedRuns } from '../../src/dev/planned-runs.js'

const T = 1_700_000_000_000 - (1_700_000_000_000 % 60_000)
const timer = (name: string, seconds: number, n = 1): Effect => ({
  type: 'after',
  name,
  seconds,
  script: 'later.php',
  args: Uint8Array.of(n),
})
const EVERY_MINUTE = {
  ...{ minutes: new Uint8Array(8).fill(255), hours: 2 ** 24 - 1, days: 2 ** 32 - 2, months: 2 ** 13 - 2, weekdays: 127, either: false },
}
const linesTo = (...targets: string[]) => targets.map((target) => ({ schedule: EVERY_MINUTE, target }))

test('a timer is due at its time with what it was given, once; another of its name takes its place', () => {
  const plan = new DevPlan()
  expect(plan.nextMs).toBe(Number.POSITIVE_INFINITY)
  expect(plan.take([timer('a', 10), timer('b', 5), timer('a', 20, 2)], T)).toBe(true)
  expect([plan.nextMs, plan.next(T + 4_999)]).toEqual([T + 5_000, undefined])
  expect(plan.next(T + 5_000)).toMatchObject({ word: 'TIMER', request: { method: 'GET', target: '/later.php', event: { type: 'timer' } } })
  expect(plan.next(T + 19_999)).toBeUndefined()
  expect(plan.next(T + 20_000)?.request.event).toMatchObject({ args: Uint8Array.of(2) })
  expect(plan.next(T + 99_000)).toBeUndefined()
})

test('what no group has room for is not planned', () => {
  const plan = new DevPlan()
  expect(
    plan.take(
      Array.from({ length: 257 }, (_, i) => timer(`${i}`, 1)),
      T,
    ),
  ).toBe(false)
  expect(plan.nextMs).toBe(Number.POSITIVE_INFINITY)
})

test('lines of the configuration are due each minute; the same lines read again go on, others begin anew', () => {
  const plan = new DevPlan()
  plan.readLines(linesTo('/cron?x'), T)
  expect(plan.nextMs).toBe(T + 60_000)
  plan.readLines(linesTo('/cron?x'), T + 59_000)
  expect(plan.next(T + 60_000)).toMatchObject({ word: 'CRON', request: { target: '/cron?x', event: { type: 'cron' } } })
  expect([plan.next(T + 60_000), plan.nextMs]).toEqual([undefined, T + 120_000])
  plan.readLines(linesTo('/other'), T + 121_000)
  expect(plan.nextMs).toBe(T + 180_000)
  plan.readLines([], T + 121_000)
  expect(plan.nextMs).toBe(Number.POSITIVE_INFINITY)
})

beforeEach(() => void vi.useFakeTimers({ now: T }))
afterEach(() => void vi.useRealTimers())

test('what is due runs one after another, answers first, and nothing after the end', async () => {
  const plan = new DevPlan()
  const ran: string[] = []
  let isRunning = false
  const runs = new PlannedRuns({
    nextMs: () => plan.nextMs,
    next: (timeMs) => plan.next(timeMs),
    run: async ({ word }) => {
      expect(isRunning).toBe(false)
      isRunning = true
      await new Promise((resolve) => setTimeout(resolve, 100))
      ran.push(`${word} ${Date.now() - T}`)
      isRunning = false
    },
  })
  plan.take([timer('a', 60), timer('b', 60)], T)
  plan.readLines(linesTo('/cron'), T)
  runs.look()
  const answer: Planned = {
    word: 'ANSWER',
    request: { method: 'GET', target: '/', host: '', https: false, headers: [], body: new Uint8Array() },
  }
  await vi.advanceTimersByTimeAsync(59_950)
  runs.add(answer)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(ran.map((one) => one.split(' ')[0]).sort()).toEqual(['ANSWER', 'CRON', 'TIMER', 'TIMER'])
  expect(ran[0]).toBe('ANSWER 60050')
  runs.close()
  await vi.advanceTimersByTimeAsync(200_000)
  expect(ran).toHaveLength(4)
})
