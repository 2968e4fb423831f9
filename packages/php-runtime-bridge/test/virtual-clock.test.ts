import { expect, test } from 'vitest'
import { VirtualClock } from '../src/virtual-clock.js'

const pollsUntil = (clock: VirtualClock, micros: number): number => {
  for (let polls = 1; ; polls++) if (clock.pollMicros() >= micros) return polls
}

test('each reading is a microsecond later than the last', () => {
  const clock = new VirtualClock(5)
  expect([clock.readMicros(), clock.readMicros(), clock.readMicros()]).toEqual([5000, 5001, 5002])
})

test('who waits by looking waits some thousand looks at most, and not much too long', () => {
  for (const seconds of [0.001, 1, 3600, 80_000]) {
    const clock = new VirtualClock(0)
    expect(pollsUntil(clock, seconds * 1_000_000)).toBeLessThan(2_000)
    expect(clock.readMicros()).toBeLessThan(seconds * 1_000_000 * 1.04)
  }
})

test('a reading in between, or a sleep, ends the row', () => {
  const clock = new VirtualClock(0)
  pollsUntil(clock, 1_000_000)
  const read = clock.readMicros()
  expect([clock.pollMicros(), clock.pollMicros()]).toEqual([read + 1, read + 2])
  pollsUntil(clock, read + 1_000_000)
  clock.sleep(1)
  const after = clock.pollMicros()
  expect(clock.pollMicros()).toBe(after + 1)
})
