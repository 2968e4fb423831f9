import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeOf, firstChangeFrom, seatUntilMs, tenureFor } from '../src/index.js'

const anyTimetable = fc
  .record({
    seats: fc.integer({ min: 1, max: 32 }),
    wantedMs: fc.integer({ min: 0, max: 10_000_000 }),
    cycleMs: fc.integer({ min: 100, max: 60_000 }),
  })
  .map(({ seats, wantedMs, cycleMs }) => ({ startMs: 5_000, seats, tenureMs: tenureFor(seats, wantedMs, cycleMs), cycleMs }))

test('every seat changes exactly once a tenure, staggered by whole cycles', () => {
  fc.assert(
    fc.property(anyTimetable, fc.nat(50), (timetable, from) => {
      const { seats, tenureMs, cycleMs, startMs } = timetable
      const changes = Array.from({ length: seats }, (_, i) => changeOf(timetable, from + 1 + i))
      expect(new Set(changes.map(({ seat }) => seat)).size).toBe(seats)
      expect((tenureMs / seats) % cycleMs).toBe(0)
      for (const [i, { atMs, seat, change }] of changes.entries()) {
        expect((atMs - startMs) % cycleMs).toBe(0)
        expect(changeOf(timetable, change + seats)).toEqual({ change: change + seats, seat, atMs: atMs + tenureMs })
        if (i > 0) expect(atMs - (changes[i - 1]?.atMs ?? 0)).toBe(tenureMs / seats)
      }
    }),
  )
})

test('§6.4: "using 5 peers for example, with each peer running it for 30 minutes, then every 6 minutes one peer would leave"', () => {
  const minute = 60_000
  const timetable = { startMs: 0, seats: 5, tenureMs: tenureFor(5, 30 * minute, minute) }
  expect([1, 2, 3, 4, 5].map((n) => changeOf(timetable, n))).toEqual([
    { change: 1, seat: 1, atMs: 6 * minute },
    { change: 2, seat: 2, atMs: 12 * minute },
    { change: 3, seat: 3, atMs: 18 * minute },
    { change: 4, seat: 4, atMs: 24 * minute },
    { change: 5, seat: 0, atMs: 30 * minute },
  ])
})

test('the first change from a time, and until when a seat lasts', () => {
  fc.assert(
    fc.property(anyTimetable, fc.integer({ min: 0, max: 50_000_000 }), (timetable, fromMs) => {
      const found = firstChangeFrom(timetable, fromMs)
      expect(found.atMs).toBeGreaterThanOrEqual(fromMs)
      expect(found.change === 1 || changeOf(timetable, found.change - 1).atMs < fromMs).toBe(true)
      expect(seatUntilMs(timetable, found.seat, found.atMs - 1)).toBe(found.atMs)
      expect(seatUntilMs(timetable, found.seat, found.atMs)).toBe(found.atMs + timetable.tenureMs)
    }),
  )
})
