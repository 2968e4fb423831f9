import { compilePattern, PATTERN_SIZE_MAX, type Pattern, patternSizeOf } from './pattern.js'
import { parseTemplate, splitAtQuery, type Template } from './template.js'

export type Check =
  | { readonly type: 'file' | 'folder' | 'link' | 'filled' }
  | { readonly type: 'pattern'; readonly pattern: Pattern }
  | { readonly type: 'equal' | 'before' | 'after'; readonly text: string; readonly ignoreCase: boolean }

/** A RewriteCond: what is looked at, and what it must be. */
export interface RewriteCondition {
  readonly type: 'condition'
  readonly test: Template
  readonly check: Check
  readonly isNegated: boolean
  /** It or the next one holds. */
  readonly isAlternative: boolean
}
/** A RewriteRule, without the conditions that stand before it. */
export interface RewriteLine {
  readonly type: 'rule'
  readonly pattern: Pattern
  readonly isNegated: boolean
  /** undefined: '-', the path stays as it is. */
  readonly to: { readonly path: Template; readonly query: Template | undefined } | undefined
  readonly flags: RewriteFlags
}
export interface RewriteFlags {
  /** 301, 302, 303, 307, 308; 403 or 410 where nothing is served. */
  readonly status: number | undefined
  /** Later rules of this round do not count ('round'), nor do further rounds ('all'). */
  readonly last: 'round' | 'all' | undefined
  readonly appendQuery: boolean
  readonly dropQuery: boolean
  /** What is put in is percent-encoded. */
  readonly escapeGroups: boolean
  /** A redirect's address is sent as it was made. */
  readonly keepUnescaped: boolean
  /** So many rules after this one are passed over. */
  readonly skip: number
}
export type ParsedLine = RewriteCondition | RewriteLine
export interface LineFault {
  readonly found: string
  readonly allowed: string
}

const ALLOWED = 'RewriteCond TEST CONDITION [FLAGS], or RewriteRule PATTERN SUBSTITUTION [FLAGS]'
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Reads one line of Apache's rewriting, of the subset that is taken here. @returns a LineFault where it is none of it */
export function parseRewriteLine(line: string): ParsedLine | LineFault {
  // a tab is a space; what else is no letter no address has, and no file should
  if (/[\p{Cc}\p{Surrogate}]/u.test(line.replaceAll('\t', ' '))) return { found: 'a control character', allowed: ALLOWED }
  const words = wordsOf(line)
  if (words === undefined) return { found: 'a quotation mark without another', allowed: ALLOWED }
  const [directive = '', first, second, flags, ...more] = words
  const name = directive.toLowerCase()
  if (name !== 'rewritecond' && name !== 'rewriterule') return { found: directive === '' ? 'nothing' : directive, allowed: ALLOWED }
  if (first === undefined || second === undefined || more.length > 0) return { found: `${words.length} words`, allowed: ALLOWED }
  if (flags !== undefined && !/^\[[^[\]]*\]$/.test(flags)) return { found: flags, allowed: 'flags in brackets, such as [L,QSA]' }
  const listed =
    flags === undefined
      ? []
      : flags
          .slice(1, -1)
          .split(',')
          .map((flag) => flag.trim())
          .filter((flag) => flag !== '')
  return name === 'rewritecond' ? conditionOf(first, second, listed) : ruleOf(first, second, listed)
}

/** The size of a line's pattern, before it is compiled; 0 where it is too large to be. */
export function sizeOfLine(line: string): number {
  const [directive = '', first = '', second = ''] = wordsOf(line) ?? []
  const size = patternSizeOf(directive.toLowerCase() === 'rewritecond' ? second : first)
  return size > PATTERN_SIZE_MAX ? 0 : size
}

/** The line that means the same, however it was spaced and quoted. */
export function canonicalLine(line: string): string {
  const [directive = '', ...words] = wordsOf(line) ?? []
  const name = directive.toLowerCase() === 'rewritecond' ? 'RewriteCond' : 'RewriteRule'
  return [name, ...words.map((word) => (/^[^\s"'\\]+$/.test(word) ? word : quoted(word)))].join(' ')
}
// a backslash stays one: only a quotation mark needs another before it
const quoted = (word: string) => `"${word.replaceAll('"', '\\"')}"`

/** Words between spaces; quotation marks keep spaces in one, and a backslash before such a mark keeps it a letter. */
export function wordsOf(line: string): readonly string[] | undefined {
  const words: string[] = []
  for (let at = 0; ; ) {
    while (/\s/.test(line[at] ?? '')) at++
    const first = line[at]
    if (first === undefined) return words
    const mark = first === '"' || first === "'" ? first : undefined
    let word = ''
    if (mark !== undefined) at++
    for (; ; at++) {
      const letter = line[at]
      if (letter === undefined) {
        if (mark !== undefined) return undefined
        break
      }
      if (mark === undefined ? /\s/.test(letter) : letter === mark) break
      if (letter === '\\' && mark !== undefined && line[at + 1] === mark) at++
      word += line[at]
    }
    if (mark !== undefined) at++
    words.push(word)
  }
}

function conditionOf(test: string, condition: string, flags: readonly string[]): ParsedLine | LineFault {
  let [isAlternative, ignoreCase] = [false, false]
  for (const flag of flags) {
    const word = flag.toUpperCase()
    if (word === 'OR' || word === 'ORNEXT') isAlternative = true
    else if (word === 'NC' || word === 'NOCASE') ignoreCase = true
    else if (word !== 'NV') return { found: `the flag ${flag}`, allowed: 'flags of NC, OR' }
  }
  const template = parseTemplate(test)
  if ('fault' in template) return { found: test, allowed: template.fault }
  const isNegated = condition.startsWith('!')
  const check = checkOf(isNegated ? condition.slice(1) : condition, ignoreCase)
  if ('fault' in check) return { found: condition, allowed: check.fault }
  return { type: 'condition', test: template, check, isNegated, isAlternative }
}

const FILE_CHECKS: ReadonlyMap<string, 'file' | 'folder' | 'link' | 'filled'> = new Map([
  ['-f', 'file'],
  ['-d', 'folder'],
  ['-l', 'link'],
  ['-s', 'filled'],
])
function checkOf(condition: string, ignoreCase: boolean): Check | { readonly fault: string } {
  const file = FILE_CHECKS.get(condition)
  if (file !== undefined) return { type: file }
  if (/^-[A-Za-z]+$/.test(condition)) return { fault: 'tests of -f, -d, -l, -s' }
  const compared = ({ '=': 'equal', '<': 'before', '>': 'after' } as const)[condition[0] as '=']
  if (compared !== undefined) {
    const text = condition.slice(1)
    return { type: compared, text: text === '""' ? '' : text, ignoreCase }
  }
  const pattern = compilePattern(condition, ignoreCase)
  return 'fault' in pattern ? pattern : { type: 'pattern', pattern }
}

function ruleOf(source: string, substitution: string, given: readonly string[]): ParsedLine | LineFault {
  let ignoreCase = false
  const flags: { -readonly [K in keyof RewriteFlags]: RewriteFlags[K] } = {
    status: undefined,
    last: undefined,
    appendQuery: false,
    dropQuery: false,
    escapeGroups: false,
    keepUnescaped: false,
    skip: 0,
  }
  for (const flag of given) {
    const [word = '', value] = flag.split('=', 2)
    const read = FLAGS[word.toUpperCase()]
    if (word.toUpperCase() === 'NC' || word.toUpperCase() === 'NOCASE') ignoreCase = true
    else if (read === undefined || !read(flags, value)) return { found: `the flag ${flag}`, allowed: FLAGS_ALLOWED }
  }
  const isNegated = source.startsWith('!')
  const pattern = compilePattern(isNegated ? source.slice(1) : source, ignoreCase)
  if ('fault' in pattern) return { found: source, allowed: pattern.fault }
  const template = parseTemplate(substitution)
  if ('fault' in template) return { found: substitution, allowed: template.fault }
  return { type: 'rule', pattern, isNegated, to: substitution === '-' ? undefined : splitAtQuery(template), flags }
}

type Flags = { -readonly [K in keyof RewriteFlags]: RewriteFlags[K] }
const FLAGS_ALLOWED = 'flags of B, END, F, G, L, NC, NE, PT, QSA, QSD, R, R=301 (302, 303, 307, 308), S=1'
const last = (flags: Flags, value: string | undefined) => {
  flags.last ??= 'round'
  return value === undefined
}
const end = (flags: Flags, value: string | undefined) => {
  flags.last = 'all'
  return value === undefined
}
const status = (code: number) => (flags: Flags, value: string | undefined) => {
  flags.status = code
  return value === undefined
}
const redirect = (flags: Flags, value: string | undefined) => {
  flags.status = { undefined: 302, permanent: 301, temp: 302, seeother: 303 }[String(value)] ?? Number(value)
  return REDIRECTS.has(flags.status)
}
const on = (name: 'appendQuery' | 'dropQuery' | 'escapeGroups' | 'keepUnescaped') => (flags: Flags, value: string | undefined) => {
  flags[name] = true
  return value === undefined
}
const skip = (flags: Flags, value: string | undefined) => {
  flags.skip = Number(value)
  return /^\d{1,3}$/.test(value ?? '')
}
const nothing = (_: Flags, value: string | undefined) => value === undefined
const FLAGS: Readonly<Record<string, (flags: Flags, value: string | undefined) => boolean>> = {
  B: on('escapeGroups'),
  DPI: nothing,
  DISCARDPATH: nothing,
  END: end,
  F: status(403),
  FORBIDDEN: status(403),
  G: status(410),
  GONE: status(410),
  L: last,
  LAST: last,
  NE: on('keepUnescaped'),
  NOESCAPE: on('keepUnescaped'),
  PT: nothing,
  PASSTHROUGH: nothing,
  QSA: on('appendQuery'),
  QSAPPEND: on('appendQuery'),
  QSD: on('dropQuery'),
  QSDISCARD: on('dropQuery'),
  R: redirect,
  REDIRECT: redirect,
  S: skip,
  SKIP: skip,
}
