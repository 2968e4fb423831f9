import { literal } from './literal.js'

/** Names of files that a section is about: a name with * and ?, or a pattern that is looked for in names. */
export interface FileMatch {
  readonly name: string
  readonly isPattern: boolean
}

/** The lines that forbid a folder, but not those folders in it. */
export function accessRules(folder: string, but: readonly string[]): readonly string[] {
  const prefix = folder === '' ? '^' : `^${literal(folder)}/`
  if (but.length === 0) return [`RewriteRule ${word(prefix)} - [F]`]
  const inside = but.map((one) => literal(folder === '' ? one : one.slice(folder.length + 1)))
  return [`RewriteCond $1 ${word(`!^(?:${inside.join('|')})(?:/|$)`)}`, `RewriteRule ${word(`${prefix}(.*)`)} - [F]`]
}

/** The rule that forbids files of such names in a folder, or lets them pass before another forbids them. undefined where it cannot be said. */
export function fileRule(folder: string, files: FileMatch, isAllowed: boolean): string | undefined {
  const prefix = folder === '' ? '^' : `^${literal(folder)}/`
  const name = files.isPattern ? patternOf(files.name) : globOf(files.name)
  // a script that is closed must not answer with a path behind its name either
  return name === undefined
    ? undefined
    : `RewriteRule ${word(`${prefix}(?:.*/)?${name}${isAllowed ? '$' : '(?:/|$)'}`)} - [${isAllowed ? 'L' : 'F'}]`
}

const word = (text: string) => `"${text.replaceAll('"', '\\"')}"`

/** As part of a longer pattern that begins where a name does and ends where one does. */
function patternOf(pattern: string): string | undefined {
  const isBegun = pattern.startsWith('^')
  const isEnded = /(?:^|[^\\])\$$/.test(pattern)
  const inner = pattern.slice(isBegun ? 1 : 0, isEnded ? -1 : undefined)
  // with alternatives it would not be clear what the marks at its ends belong to
  if (inner.includes('|') && !/^\(.*\)$/.test(inner) && (isBegun || isEnded) && depthOfBar(inner) === 0) return undefined
  if (/\^|(?:^|[^\\])\$/.test(inner.replaceAll(/\[\^?[^\]]*\]/g, ''))) return undefined
  return `${isBegun ? '' : '[^/]*'}(?:${inner})${isEnded ? '' : '[^/]*'}`
}

/** How many brackets the outermost | stands in. */
function depthOfBar(pattern: string): number {
  let [depth, least] = [0, Number.POSITIVE_INFINITY]
  for (const letter of pattern.replaceAll(/\\.|\[[^\]]*\]/g, 'x')) {
    if (letter === '(') depth++
    else if (letter === ')') depth--
    else if (letter === '|') least = Math.min(least, depth)
  }
  return least
}

function globOf(name: string): string {
  return name
    .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
}
