import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dueAfter, type Schedule } from '../../src/agenda/schedule.js'

const setOf = (from: number, to: number): number =>
  Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i)).reduce((a, b) => a + b, 0)
const minutesOf = (...minutes: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(8)
  for (const minute of minutes) bytes[minute >> 3] = (bytes[minute >> 3] as number) | (1 << (minute & 7))
  return bytes
}
const ALWAYS: Schedule = {
  minutes: minutesOf(...Array.from({ length: 60 }, (_, i) => i)),
  ...{ hours: setOf(0, 23), days: setOf(1, 31), months: setOf(1, 12), weekdays: setOf(0, 6), either: false },
}
const at = (text: string): number => Date.parse(`${text}Z`)
const next = (schedule: Partial<Schedule>, after: string): string | undefined => {
  const due = dueAfter({ ...ALWAYS, ...schedule }, at(after))
  return due === undefined ? undefined : new Date(due).toISOString().slice(0, 16)
}

test.each([
  ['each minute: the next one, never this', {}, '2026-11-26T12:00:00', '2026-11-26T12:01'],
  ['from within a minute', {}, '2026-11-26T12:00:59.999', '2026-11-26T12:01'],
  ['an hour that is over today', { minutes: minutesOf(30), hours: 2 ** 3 }, '2026-11-26T03:30:00', '2026-11-27T03:30'],
  ['over the end of a year', { minutes: minutesOf(0), hours: 1, days: 2 }, '2026-12-31T00:00:00', '2027-01-01T00:00'],
  ['29 February', { minutes: minutesOf(0), hours: 1, days: 2 ** 29, months: 4 }, '2096-03-01T00:00:00', '2104-02-29T00:00'],
  ['no 30 February', { days: 2 ** 30, months: 4 }, '2026-01-01T00:00:00', undefined],
  ['a Sunday', { minutes: minutesOf(0), hours: 1, weekdays: 1 }, '2026-11-26T12:00:00', '2026-11-29T00:00'],
  ['Friday the 13th', { minutes: minutesOf(0), hours: 1, days: 2 ** 13, weekdays: 2 ** 5 }, '2026-11-26T00:00:00', '2027-08-13T00:00'],
  [
    'a Friday or the 13th',
    { minutes: minutesOf(0), hours: 1, days: 2 ** 13, weekdays: 2 ** 5, either: true },
    '2026-11-28T00:00:00',
    '2026-12-04T00:00',
  ],
])('%s', (_, schedule, after, due) => {
  expect(next(schedule, after)).toBe(due)
})

test('it is the first minute that fits, by the calendar of JavaScript', () => {
  const subset = (from: number, to: number) => fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1 })
  const bits = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + 2 ** one, 0)
  const schedules = fc.record({
    minutes: subset(0, 59),
    hours: subset(0, 23),
    days: subset(1, 31),
    months: subset(1, 12),
    weekdays: subset(0, 6),
    either: fc.boolean(),
  })
  fc.assert(
    fc.property(schedules, fc.integer({ min: 0, max: 4_000_000_000_000 }), (lists, afterMs) => {
      const schedule = {
        ...lists,
        minutes: minutesOf(...lists.minutes),
        hours: bits(lists.hours),
        days: bits(lists.days),
        months: bits(lists.months),
        weekdays: bits(lists.weekdays),
      }
      const due = dueAfter(schedule, afterMs)
      const fits = (ms: number): boolean => {
        const date = new Date(ms)
        const [isDay, isWeekday] = [lists.days.includes(date.getUTCDate()), lists.weekdays.includes(date.getUTCDay())]
        if (!lists.months.includes(date.getUTCMonth() + 1) || !(lists.either ? isDay || isWeekday : isDay && isWeekday)) return false
        return lists.hours.includes(date.getUTCHours()) && lists.minutes.includes(date.getUTCMinutes())
      }
      // what lies between is looked at by hours: a minute of the schedule is in each hour of it
      const hourOf = (ms: number): number => ms - (ms % 3_600_000)
      if (due !== undefined) expect([due > afterMs, fits(due), due % 60_000]).toEqual([true, true, 0])
      const until = Math.min(due ?? Number.POSITIVE_INFINITY, afterMs + 40 * 86_400_000)
      for (let hour = hourOf(afterMs) + 3_600_000; hour + 3_600_000 <= until; hour += 3_600_000) {
        const minute = Math.min(...lists.minutes)
        if (fits(hour + minute * 60_000)) throw new Error(`it is due before: ${new Date(hour).toISOString()}`)
      }
    }),
    { numRuns: 60 },
  )
})
