import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Waiting } from '../src/waiting.ts'
import { Weather } from '../src/weather.ts'

const never = () => 0.999_999
const always = () => 0

test('a link that nothing was said of delivers at once, and each direction is a link', () => {
  const weather = new Weather(always)
  weather.cut('a', 'b')
  expect(weather.fate('a', 'b', 100, 5)).toBe('cut')
  expect(weather.fate('b', 'a', 100, 5)).toEqual({ atMs: 5 })
  expect(weather.fate('a', 'c', 100, 5)).toEqual({ atMs: 5 })
  weather.heal()
  expect(weather.fate('a', 'b', 100, 5)).toEqual({ atMs: 5 })
})

test('a cut takes what is under way too, and healing keeps delay and loss', () => {
  const weather = new Weather(never)
  weather.shape('a', 'b', { delayMs: 40 })
  weather.shape('a', 'b', { jitterMs: 10 })
  expect(weather.fate('a', 'b', 100, 0)).toEqual({ atMs: 40 + 9.999_99 })
  weather.cut('a', 'b')
  expect(weather.onArrival('a', 'b', 45)).toBe('cut')
  weather.heal()
  expect(weather.onArrival('a', 'b', 45)).toEqual({ atMs: 45 })
  expect(weather.fate('a', 'b', 100, 50)).toEqual({ atMs: 90 + 9.999_99 })
  weather.calm()
  expect(weather.fate('a', 'b', 100, 50)).toEqual({ atMs: 50 })
})

test('as many are lost as the dice say', () => {
  let throws = 0
  const weather = new Weather(() => (throws++ % 100) / 100)
  weather.shape('a', 'b', { loss: 0.05 })
  const fates = Array.from({ length: 1_000 }, () => weather.fate('a', 'b', 100, 0))
  expect(fates.filter((fate) => fate === 'lost')).toHaveLength(50)
  weather.shape('a', 'b', { loss: 1 })
  expect(weather.fate('a', 'b', 100, 0)).toBe('lost')
})

test('a narrow link lets through what it can, queues what its queue holds, and drops the rest', () => {
  const weather = new Weather(never)
  weather.shape('a', 'b', { bytesPerSecond: 1_000, queueBytes: 250, delayMs: 10 })
  expect(weather.fate('a', 'b', 100, 0)).toEqual({ atMs: 110 })
  expect(weather.fate('a', 'b', 100, 0)).toEqual({ atMs: 210 })
  expect(weather.fate('a', 'b', 100, 0)).toBe('overflowed')
  expect(weather.fate('a', 'b', 50, 0)).toEqual({ atMs: 260 })
  expect(weather.fate('a', 'b', 100, 100)).toEqual({ atMs: 360 })
  // a datagram larger than the queue passes an idle link: otherwise it never could
  expect(weather.fate('a', 'b', 1_000, 1_000)).toEqual({ atMs: 2_010 })
})

test('what passes a clogged link waits until it is free', () => {
  const weather = new Weather(never)
  weather.clog('a', 'b', 100)
  expect(weather.fate('a', 'b', 100, 0)).toEqual({ atMs: 0 })
  expect(weather.onArrival('a', 'b', 0)).toEqual({ atMs: 100 })
  expect(weather.onArrival('a', 'b', 100)).toEqual({ atMs: 100 })
})

test('what waits comes out by time, and what was put first where times are alike', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
      const waiting = new Waiting<{ atMs: number; i: number }>()
      for (const [i, atMs] of times.entries()) waiting.put(atMs, { atMs, i })
      const out: { atMs: number; i: number }[] = []
      for (const nowMs of [10, 20]) {
        for (let one = waiting.take(nowMs); one !== undefined; one = waiting.take(nowMs)) {
          expect(one.atMs).toBeLessThanOrEqual(nowMs)
          out.push(one)
        }
        expect(waiting.nextMs).toBeGreaterThan(nowMs)
      }
      const sorted = times.map((atMs, i) => ({ atMs, i })).sort((a, b) => a.atMs - b.atMs || a.i - b.i)
      expect(out).toEqual(sorted)
      expect(waiting.size).toBe(0)
    }),
  )
})
