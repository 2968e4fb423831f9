/** struct tm's fields in UTC. `month` and `yearDay` count from 0, `year` from 0 AD, `weekDay` from Sunday. */
export interface CivilTime {
  readonly second: number
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly year: number
  readonly weekDay: number
  readonly yearDay: number
}

const DAY_S = 86_400
const ERA_DAYS = 146_097

/** Proleptic Gregorian calendar, UTC, no leap seconds. Exact for |seconds| below 2^53. (Hinnant, "chrono-compatible date algorithms") */
export function civilOf(seconds: number): CivilTime {
  const days = Math.floor(seconds / DAY_S)
  const rest = seconds - days * DAY_S
  const shifted = days + 719_468
  const era = Math.floor(shifted / ERA_DAYS)
  const dayOfEra = shifted - era * ERA_DAYS
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (marchMonth + 2) % 12
  const year = yearOfEra + era * 400 + (month <= 1 ? 1 : 0)
  return {
    second: rest % 60,
    minute: Math.floor(rest / 60) % 60,
    hour: Math.floor(rest / 3600),
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
    month,
    year,
    weekDay: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOf(year, 0, 1),
  }
}

/** Fields outside their ranges carry over, as mktime's do. */
export function secondsOf(time: Pick<CivilTime, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'>): number {
  return daysOf(time.year, time.month, time.day) * DAY_S + time.hour * 3600 + time.minute * 60 + time.second
}

function daysOf(year: number, month: number, day: number): number {
  const wholeYear = year + Math.floor(month / 12)
  const wholeMonth = ((month % 12) + 12) % 12
  const marchYear = wholeMonth <= 1 ? wholeYear - 1 : wholeYear
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * ((wholeMonth + 10) % 12) + 2) / 5) + day - 1
  return era * ERA_DAYS + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}
