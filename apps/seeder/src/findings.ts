/** Codes are public API (docs/errors.md): add new ones, never rename or reuse one. */
export type FindingCode =
  | 'CACHE_LINKED'
  | 'DATA_FETCHABLE'
  | 'EXTENSION_MISSING'
  | 'FILE_LARGE'
  | 'FORESEEABLE'
  | 'FUNCTION_DIFFERS'
  | 'HTACCESS_LEFT'
  | 'LEFT_OUT'
  | 'NAMES_ALIKE'
  | 'NEEDS_MYSQL'
  | 'NEEDS_NETWORK'
  | 'NEEDS_PROCESS'
  | 'PATHS_LEFT'
  | 'PRIVATE_FILE'
  | 'SCRATCH_SHOWS'
  | 'SCRIPT_MISSING'
  | 'SECRET_READABLE'
  | 'SENDS_MAIL'
  | 'SITE_LARGE'
  | 'SQL_LEFT'
  | 'SYNTAX'
  | 'VIEW_FAILED'
  | 'VIEW_WRITES'
  | 'WRITE_REFUSED'
/** `error`: it would not run, or others could read what is secret. `warning`: part of it would not. `info`: good to know. */
export type FindingLevel = 'error' | 'warning' | 'info'
export interface Place {
  readonly path: string
  /** From 1; undefined: the whole file. */
  readonly line?: number
}
/** Something about a folder that its uploader should know. No secret is in it. */
export interface Finding {
  readonly level: FindingLevel
  readonly code: FindingCode
  readonly text: string
  /** The first few. */
  readonly places: readonly Place[]
  /** How many there are in all, where that is more than the places. */
  readonly count: number
}
export const PLACES_TOLD = 3

/** One finding of many places that are alike. */
export const findingOf = (
  level: FindingLevel,
  code: FindingCode,
  text: string,
  places: readonly Place[] = [],
  count = places.length,
): Finding => ({
  level,
  code,
  text,
  places: places.slice(0, PLACES_TOLD),
  count,
})

const LEVELS: readonly FindingLevel[] = ['error', 'warning', 'info']
/** The worst first, and of one level those of one code together. */
export function sortedFindings(findings: readonly Finding[]): Finding[] {
  const rank = ({ level }: Finding) => LEVELS.indexOf(level)
  return [...findings].sort((a, b) => rank(a) - rank(b) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0))
}

export function linesOfFinding({ level, code, text, places, count }: Finding): readonly string[] {
  const listed = places.map(({ path, line }) => (line === undefined ? path : `${path}:${line}`))
  const more = count > places.length ? ` and ${count - places.length} more` : ''
  return [`${level}: ${code}: ${text}`, ...(listed.length === 0 ? [] : [`    ${listed.join(', ')}${more}`])]
}

/** What is alike under one key, in the order in which it came. */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
