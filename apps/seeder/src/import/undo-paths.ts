import type { FileEntry, SymlinkEntry } from '@interpeer/content-store'
import type { LeftOut } from '@interpeer/content-store/node'
import { SITE_FOLDER } from '@interpeer/php-runtime-bridge'
import { type Finding, findingOf, type Place } from '../findings.js'
import { textIn } from '../lint/read-texts.js'
import { changePaths, type PathChange } from './serialized-paths.js'

export interface UndoneFiles {
  readonly files: readonly FileEntry[]
  readonly changed: readonly string[]
  readonly count: number
  readonly findings: readonly Finding[]
}
/** The longest first: of /var/www and /var/www/html the second is meant where both fit. */
export const changesOf = (roots: readonly string[]): PathChange[] =>
  [...new Set(roots)].sort((a, b) => b.length - a.length).map((from) => ({ from, to: SITE_FOLDER }))

/** Files with the paths of an earlier place as they are where scripts see the site. What is no text is left, and told. */
export function undoPathsIn(files: readonly FileEntry[], changes: readonly PathChange[]): UndoneFiles {
  const changed: string[] = []
  const left: Place[] = []
  let total = 0
  const after = files.map((file) => {
    const whole = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.length)
    if (!changes.some(({ from }) => whole.includes(from) || whole.includes(from.replaceAll('/', '\\/')))) return file
    const text = textIn(file.bytes)
    if (text === undefined) {
      left.push({ path: file.path })
      return file
    }
    const { text: made, count } = changePaths(text, changes)
    if (count === 0) return file
    total += count
    changed.push(file.path)
    return { ...file, bytes: new Uint8Array(Buffer.from(made, 'latin1')) }
  })
  const findings =
    left.length === 0
      ? []
      : [findingOf('warning', 'PATHS_LEFT', 'paths of the earlier place are in files that are no texts, and were left there', left)]
  return { files: after, changed, count: total, findings }
}

/** The same in a text of a database. */
export function undoPathsInText(text: string, changes: readonly PathChange[]): string {
  if (!changes.some(({ from }) => text.includes(from) || text.includes(from.replaceAll('/', '\\/')))) return text
  return Buffer.from(changePaths(Buffer.from(text, 'utf8').toString('latin1'), changes).text, 'latin1').toString('utf8')
}

/** Links that lead to an earlier place of the folder, as links that stay inside; and what is left. */
export function undoLinks(
  leftOut: readonly LeftOut[],
  roots: readonly string[],
): { readonly links: SymlinkEntry[]; readonly left: LeftOut[] } {
  const links: SymlinkEntry[] = []
  const left: LeftOut[] = []
  for (const one of leftOut) {
    const target = one.code === 'IMPORT_OUTSIDE' && one.target !== undefined ? insideTarget(one.path, one.target, roots) : undefined
    if (target === undefined) left.push(one)
    else links.push({ path: one.path, target })
  }
  return { links, left }
}

function insideTarget(path: string, target: string, roots: readonly string[]): string | undefined {
  const root = roots.find((one) => target.startsWith(`${one}/`))
  if (root === undefined) return undefined
  const names = target
    .slice(root.length)
    .split('/')
    .filter((name) => name !== '' && name !== '.')
  if (names.length === 0 || names.includes('..')) return undefined
  return [
    ...path
      .split('/')
      .slice(1)
      .map(() => '..'),
    ...names,
  ].join('/')
}
