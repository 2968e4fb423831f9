import { bool, bytes, type Infer, struct, uint32 } from '@interpeer/wire-codec'

/**
 * When a cron line is due, in UTC: bit n of each set stands for its number n (of `minutes` in byte n >> 3, bit n & 7). `either`: day of the month and day of
 * the week are both narrowed, and either will do, as in cron.
 */
export const scheduleSchema = struct({ minutes: bytes(8), hours: uint32, days: uint32, months: uint32, weekdays: uint32, either: bool })
export type Schedule = Infer<typeof scheduleSchema>

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** 29 February is away for at most eight years. */
const DAYS_MAX = 366 * 8 + 1

/** The first minute after `afterMs` that a schedule names, ms; undefined where none ever comes. */
export function dueAfter(schedule: Schedule, afterMs: number): number | undefined {
  const first = Math.floor(afterMs / MINUTE_MS) + 1
  const firstDay = Math.floor(first / DAY_MINUTES)
  for (let day = firstDay; day <= firstDay + DAYS_MAX; day++) {
    if (!isOn(schedule, day)) continue
    const minute = minuteFrom(schedule, day === firstDay ? first % DAY_MINUTES : 0)
    if (minute !== undefined) return (day * DAY_MINUTES + minute) * MINUTE_MS
  }
  return undefined
}

function isOn({ days, months, weekdays, either }: Schedule, daysSince1970: number): boolean {
  const { month, day } = dateOf(daysSince1970)
  if (!has(months, month)) return false
  const [isDay, isWeekday] = [has(days, day), has(weekdays, (daysSince1970 + 4) % 7)]
  return either ? isDay || isWeekday : isDay && isWeekday
}

/** The first minute of a day that a schedule names, from one on. */
function minuteFrom({ minutes, hours }: Schedule, from: number): number | undefined {
  for (let minute = from; minute < DAY_MINUTES; minute++) {
    const [hour, past] = [Math.floor(minute / 60), minute % 60]
    if (!has(hours, hour)) minute += 59 - past
    else if (has(minutes[past >> 3] ?? 0, past & 7)) return minute
  }
  return undefined
}

const has = (set: number, bit: number): boolean => ((set >>> bit) & 1) === 1

/** The Gregorian date of a day since 1970: months and days from 1. Years begin in March here, so that the odd day comes last. */
function dateOf(daysSince1970: number): { readonly month: number; readonly day: number } {
  const days = daysSince1970 + 719_468
  const dayOfEra = days % 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  return { month: fromMarch < 10 ? fromMarch + 3 : fromMarch - 9, day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1 }
}
