const UNITS_S: Readonly<Record<string, number>> = {
  year: 31_536_000,
  month: 2_592_000,
  week: 604_800,
  day: 86_400,
  hour: 3_600,
  minute: 60,
  second: 1,
}
const YEAR_S = 31_536_000

/** Seconds of "access plus 1 month 2 days" or "A3600"; a year at most. undefined: neither. */
export function secondsOfExpiry(words: readonly string[]): number | undefined {
  const text = words.join(' ').toLowerCase()
  const short = /^[am](\d{1,9})$/.exec(text)
  if (short !== null) return Math.min(Number(short[1]), YEAR_S)
  const long = /^(?:access|now)(?: plus)?((?: \d{1,9} [a-z]+)+)$/.exec(text)
  if (long === null) return undefined
  let seconds = 0
  for (const [, count, unit] of (long[1] as string).matchAll(/ (\d{1,9}) ([a-z]+)/g)) {
    const each = UNITS_S[(unit as string).replace(/s$/, '')]
    if (each === undefined) return undefined
    seconds += Number(count) * each
  }
  return Math.min(seconds, YEAR_S)
}
