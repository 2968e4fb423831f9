import { RE2JS } from 're2js'

/** A pattern of a site's, matched in a time that grows with the text and no faster (RE2): no pattern can hold a host up. */
export interface Pattern {
  /** What one unit of text may cost. */
  readonly size: number
  /** The first match anywhere: it as a whole, then its groups, '' where one took no part. undefined: none. */
  readonly find: (text: string) => readonly string[] | undefined
}

/** The largest pattern: letters, classes and places (^, $), each as often as it is repeated. */
export const PATTERN_SIZE_MAX = 2_000
/** All patterns of a site: as many letters as its configuration can have, so that only repetitions are too many. */
export const PATTERNS_SIZE_MAX = 64 * 1024
/** What RE2 makes of each at most: a group is four instructions where it may be left out, and five with what is in it. */
const INSTRUCTIONS_PER_SIZE_MAX = 5

/** @returns what is wrong with it, in words, where it is no pattern */
export function compilePattern(source: string, ignoreCase: boolean): Pattern | { readonly fault: string } {
  // RE2 unrolls what is repeated: a short text could fill the memory of whoever compiles it. What \Q quotes would be counted as what it is not
  if (/\\Q/.test(source)) return { fault: 'a pattern without \\Q' }
  if (patternSizeOf(source) > PATTERN_SIZE_MAX) return { fault: 'a pattern with fewer repetitions' }
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  } catch (error) {
    return { fault: `a pattern as RE2 has them (${plain((error as Error).message)})` }
  }
  const size = compiled.programSize()
  if (size > INSTRUCTIONS_PER_SIZE_MAX * PATTERN_SIZE_MAX) return { fault: 'a pattern with fewer repetitions' }
  return {
    size,
    find: (text) => {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      return Array.from({ length: compiled.groupCount() + 1 }, (_, i) => matcher.group(i) ?? '')
    },
  }
}

const plain = (message: string) =>
  message
    .replace('error parsing regexp: ', '')
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, 80)

const COUNT = /\{(\d{1,9})(?:,(\d{0,9}))?\}/y

/** How many letters, classes, places and groups a pattern has once its repetitions are written out: an upper bound, also for what is no pattern. */
export function patternSizeOf(source: string): number {
  const outer: number[] = []
  let [size, last] = [0, 0]
  for (let at = 0; at < source.length; at++) {
    const letter = source[at]
    if (letter === '(') {
      outer.push(size)
      size = last = 0
    } else if (letter === ')') {
      last = size + 1
      size = (outer.pop() ?? 0) + last
    } else if (letter === '{') {
      COUNT.lastIndex = at
      const [whole, least, most] = COUNT.exec(source) ?? []
      if (whole === undefined) continue
      const times = Math.max(Number(least), Number(most || least), 1)
      last = Math.max(last, 1)
      size += last * (times - 1)
      last *= times
      at += whole.length - 1
    } else if (!'*+?|'.includes(letter as string)) {
      if (letter === '[') at = endOfClass(source, at)
      else if (letter === '\\') at++
      last = 1
      size++
    }
  }
  return outer.reduce((sum, one) => sum + one, size)
}

function endOfClass(source: string, start: number): number {
  let at = start + 1
  if (source[at] === '^') at++
  if (source[at] === ']') at++
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1
  // one without an end is no class: what follows counts
  return at < source.length ? at : start
}
