/** One line of an .htaccess, with those that it goes on in. */
export interface HtaccessLine {
  /** Where it begins, from 1. */
  readonly number: number
  readonly text: string
}

/** Lines that say something: a backslash at the end goes on in the next one; # begins a comment. */
export function linesOf(text: string): readonly HtaccessLine[] {
  const lines: HtaccessLine[] = []
  let begun: { number: number; text: string } | undefined
  for (const [i, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const { number, text: before } = begun ?? { number: i + 1, text: '' }
    begun = undefined
    if (raw.endsWith('\\')) {
      begun = { number, text: before + raw.slice(0, -1) }
      continue
    }
    const whole = (before + raw).trim()
    if (whole !== '' && !whole.startsWith('#')) lines.push({ number, text: whole })
  }
  return lines
}
