import { literal } from './literal.js'

/** Names of files that a section is about: a name with * and ?, or a pattern that is looked for in names. */
export interface FileMatch {
  readonly name: string
  readonly isPattern: boolean
}

/** The rule that forbids a folder, or the files of such names in it. undefined where it cannot be said. */
export function accessRule(folder: string, files: FileMatch | undefined): string | undefined {
  const prefix = folder === '' ? '^' : `^${literal(folder)}/`
  if (files === undefined) return `RewriteRule ${word(prefix)} - [F]`
  const name = files.isPattern ? patternOf(files.name) : globOf(files.name)
  return name === undefined ? undefined : `RewriteRule ${word(`${prefix}(?:.*/)?${name}(?:/|$)`)} - [F]`
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
