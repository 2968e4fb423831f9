import fc from 'fast-check'
import { expect, test } from 'vitest'
import { civilOf, secondsOf } from '../src/calendar.js'

test('the calendar is that of Date, from the year -100,000 to 200,000', () => {
  fc.assert(
    fc.property(fc.integer({ min: -3_000_000_000_000, max: 6_000_000_000_000 }), (seconds) => {
      const date = new Date(seconds * 1000)
      const civil = civilOf(seconds)
      expect([civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second, civil.weekDay]).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth(),
        date.getUTCDate(),
        date.getUTCHours(),
        date.getUTCMinutes(),
        date.getUTCSeconds(),
        date.getUTCDay(),
      ])
      expect(civil.yearDay).toBe(Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / 86_400_000))
      expect(secondsOf(civil)).toBe(seconds)
    }),
  )
})

test('fields outside their ranges carry over', () => {
  expect(secondsOf({ year: 2024, month: 13, day: 0, hour: 25, minute: -1, second: 61 })).toBe(Date.UTC(2024, 13, 0, 25, -1, 61) / 1000)
})
