import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { askInTurn } from '../src/node/ask-in-turn.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

type Part = { afterMs: number } & ({ says: string } | { fails: string })
function asking(parts: Record<string, Part>, hedgeMs = 1_000, stop = new AbortController()) {
  const asked: string[] = []
  const answer = askInTurn<string, string>({
    next: (before) => Object.keys(parts)[before.length],
    ask: (one) => {
      asked.push(one)
      const part = parts[one] as Part
      return new Promise((resolve, reject) => {
        setTimeout(() => ('says' in part ? resolve(part.says) : reject(new Error(part.fails))), part.afterMs)
      })
    },
    isAnswer: (said) => said !== 'not me',
    hedgeMs,
    signal: stop.signal,
  })
  const settled = answer.then(
    (said) => ({ said }),
    (error: Error) => ({ failed: error.message }),
  )
  return { asked, settled, stop }
}

test('one that answers in time is the only one asked', async () => {
  const { asked, settled } = asking({ a: { afterMs: 500, says: 'A' }, b: { afterMs: 0, says: 'B' } })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await settled).toEqual({ said: 'A' })
  expect(asked).toEqual(['a'])
})

test('after the hedge the next is asked beside the first, and whoever answers first settles it', async () => {
  const slow = asking({ a: { afterMs: 9_000, says: 'A' }, b: { afterMs: 100, says: 'B' } })
  await vi.advanceTimersByTimeAsync(999)
  expect(slow.asked).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(102)
  expect(await slow.settled).toEqual({ said: 'B' })
  const late = asking({ a: { afterMs: 1_200, says: 'A' }, b: { afterMs: 9_000, says: 'B' } })
  await vi.advanceTimersByTimeAsync(1_201)
  expect(await late.settled).toEqual({ said: 'A' })
  expect(vi.getTimerCount()).toBeLessThanOrEqual(2) // only what the two slow ones still do
})

test('a refusal or a failure makes the next be asked soon, not after the hedge', async () => {
  const { asked, settled } = asking({
    a: { afterMs: 10, says: 'not me' },
    b: { afterMs: 10, fails: 'B is gone' },
    c: { afterMs: 10, says: 'C' },
  })
  await vi.advanceTimersByTimeAsync(300)
  expect(await settled).toEqual({ said: 'C' })
  expect(asked).toEqual(['a', 'b', 'c'])
})

test('where nobody settles it, the last refusal counts, and a failure only where nobody refused', async () => {
  const refused = asking({ a: { afterMs: 1, says: 'not me' }, b: { afterMs: 1, fails: 'gone' } })
  const failed = asking({ a: { afterMs: 1, fails: 'first' }, b: { afterMs: 1, fails: 'second' } })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await refused.settled).toEqual({ said: 'not me' })
  expect(await failed.settled).toEqual({ failed: 'second' })
  expect(await asking({}).settled).toEqual({ failed: 'nobody to ask' })
})

test('an abort ends it, also one that came before', async () => {
  const running = asking({ a: { afterMs: 60_000, says: 'A' } })
  await vi.advanceTimersByTimeAsync(10)
  running.stop.abort()
  expect(await running.settled).toEqual({ failed: 'nobody to ask' })
  const stop = new AbortController()
  stop.abort()
  const never = asking({ a: { afterMs: 1, says: 'A' } }, 1_000, stop)
  expect(await never.settled).toEqual({ failed: 'nobody to ask' })
  expect(never.asked).toEqual([])
})

test('who is refused again and again asks ever more slowly, and at most 64 times', async () => {
  let asked = 0
  const settled = askInTurn<number, string>({
    next: (before) => before.length,
    ask: async () => {
      asked++
      return 'not me'
    },
    isAnswer: () => false,
    hedgeMs: 1_000,
    signal: new AbortController().signal,
  })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked).toBeLessThan(15)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(await settled).toBe('not me')
  expect(asked).toBe(64)
})
