/** When a cron line is due, UTC: bit n of a set stands for number n (of `minutes` in byte n >> 3, bit n & 7). `either`: a day of the month or of the week will do. */
export interface CronSchedule {
  readonly minutes: Uint8Array
  readonly hours: number
  readonly days: number
  readonly months: number
  readonly weekdays: number
  readonly either: boolean
}
/** What is wrong with a schedule: where in its text, and what could have been there. */
export interface ScheduleFault {
  readonly at: number
  readonly found: string
  readonly allowed: string
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const PARTS = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of the month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of the week', min: 0, max: 7, names: WEEKDAYS },
] as const satisfies readonly Part[]
interface Part {
  readonly name: string
  readonly min: number
  readonly max: number
  /** The first stands for `min`. */
  readonly names: readonly string[]
}
const DAYS_IN = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Reads the five fields of a crontab line: minute, hour, day of the month, month, day of the week. Each is a list of `*`, numbers or (of months and days of the
 * week) names of three letters, ranges `a-b`, with a step `/n` behind `*` or a range. Where both days are narrowed, either will do, as in cron. What never comes is a
 * fault too.
 */
export function parseSchedule(text: string): CronSchedule | ScheduleFault {
  const fields = [...text.matchAll(/[^ \t]+/g)]
  const whole = {
    at: 0,
    found: JSON.stringify(text),
    allowed: 'five fields with spaces between them: minute, hour, day of the month, month, day of the week',
  }
  if (fields.length !== PARTS.length || /^[ \t]|[ \t]$/.test(text)) return whole
  const sets: number[][] = []
  for (const [i, part] of PARTS.entries()) {
    const field = fields[i] as RegExpExecArray
    const set = numbersOf(field[0], part)
    if (!Array.isArray(set)) return { ...set, at: field.index + set.at }
    sets.push(set)
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = sets
  const isNarrow = (i: number) => !(fields[i]?.[0] ?? '').startsWith('*')
  const either = isNarrow(2) && isNarrow(4)
  if (!either && !months.some((month) => days.some((day) => day <= (DAYS_IN[month - 1] as number))))
    return { at: fields[2]?.index ?? 0, found: `day ${days.join()} of month ${months.join()}`, allowed: 'a day that comes' }
  const bytes = new Uint8Array(8)
  for (const minute of minutes) bytes[minute >> 3] = (bytes[minute >> 3] as number) | (1 << (minute & 7))
  return {
    minutes: bytes,
    hours: bitsOf(hours),
    days: bitsOf(days),
    months: bitsOf(months),
    weekdays: bitsOf(weekdays.map((one) => one % 7)),
    either,
  }
}

const bitsOf = (numbers: readonly number[]): number => [...new Set(numbers)].reduce((sum, one) => sum + 2 ** one, 0)

function numbersOf(field: string, part: Part): number[] | ScheduleFault {
  const found = new Set<number>()
  let at = 0
  for (const item of field.split(',')) {
    const range = rangeOf(item, part)
    if (range === undefined) return { at, found: JSON.stringify(item.slice(0, 60)), allowed: allowedIn(part) }
    for (let one = range.from; one <= range.to; one += range.step) found.add(one)
    at += item.length + 1
  }
  return [...found].sort((a, b) => a - b)
}

function rangeOf(item: string, part: Part): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const [, first = '', last, by] = /^(\*|[0-9A-Za-z]{1,3})(?:-([0-9A-Za-z]{1,3}))?(?:\/([1-9][0-9]?))?$/.exec(item) ?? []
  const step = by === undefined ? 1 : Number(by)
  if (first === '' || step > part.max) return undefined
  if (first === '*') return last === undefined ? { from: part.min, to: part.name === 'day of the week' ? 6 : part.max, step } : undefined
  const from = numberOf(first, part)
  const to = last === undefined ? from : numberOf(last, part)
  if (from === undefined || to === undefined || from > to || (by !== undefined && last === undefined)) return undefined
  return { from, to, step }
}

function numberOf(word: string, { min, max, names }: Part): number | undefined {
  const named = names.indexOf(word.toLowerCase())
  if (named >= 0) return min + named
  return /^(0|[1-9][0-9]?)$/.test(word) && Number(word) >= min && Number(word) <= max ? Number(word) : undefined
}

function allowedIn({ name, min, max, names }: Part): string {
  const words = names.length === 0 ? '' : `, ${names[0]} to ${names.at(-1)}`
  return `in the field of the ${name}: *, ${min} to ${max}${words}, ranges such as ${min}-${min + 1}, steps such as */2, with commas between them`
}
