import { civilOf, secondsOf } from './calendar.js'

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** 'Tue, 15 Nov 1994 12:45:26 GMT' (RFC 9110 §5.6.7). @param seconds since 1970, in the years 0 to 9999 */
export function httpDate(seconds: number): string {
  const { weekDay, day, month, year, hour, minute, second } = civilOf(seconds)
  const two = (value: number, digits = 2) => String(value).padStart(digits, '0')
  return `${DAYS[weekDay]}, ${two(day)} ${MONTHS[month]} ${two(year, 4)} ${two(hour)}:${two(minute)}:${two(second)} GMT`
}

/** Seconds since 1970 of such a date. undefined: it is of no such form; the obsolete ones are not taken. */
export function httpDateSeconds(text: string): number | undefined {
  const found = /^[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/.exec(text.trim())
  const month = MONTHS.indexOf(found?.[2] ?? '')
  if (found === null || month < 0) return undefined
  const [day, year, hour, minute, second] = [found[1], found[3], found[4], found[5], found[6]].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  return secondsOf({ year, month, day, hour, minute, second })
}
