import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Waker } from '../src/node/waker.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a timer that fires before its time by the network’s clock is set again', () => {
  let now = 1_000
  const woken: number[] = []
  const waker = new Waker(
    () => now,
    () => woken.push(now),
  )
  waker.at(1_100)
  now = 1_099 // the timer's clock has gone 100 ms, network time only 99
  vi.advanceTimersByTime(100)
  expect(woken).toEqual([])
  now = 1_100
  vi.advanceTimersByTime(1)
  expect(woken).toEqual([1_100])
})
test('the latest wake counts, one in the past is at once, and a stopped one never comes', () => {
  const woken: string[] = []
  const waker = new Waker(
    () => 1_000,
    () => woken.push('woken'),
  )
  waker.at(5_000)
  waker.at(900)
  vi.advanceTimersByTime(0)
  expect(woken).toEqual(['woken'])
  waker.at(1_000)
  waker.stop()
  vi.advanceTimersByTime(10_000)
  expect(woken).toEqual(['woken'])
})
