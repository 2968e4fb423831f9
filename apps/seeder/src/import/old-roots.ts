import type { TreeFiles } from '@interpeer/content-store'
import { isPhp, textIn } from '../lint/read-texts.js'

/** An absolute path between quotation marks, or behind an equals sign. */
const ABSOLUTE = /(?<=['"=:\s])\/(?:[\w.-]{1,64}\/){1,12}[\w.-]{0,64}/g
const SETTINGS_BYTES_MAX = 512 * 1024
const PATHS_MAX = 20_000
const ROOTS_MAX = 4
/** Where no site lies, whatever has the same names below. */
const SYSTEM = /^\/(?:bin|dev|etc|proc|sbin|sys|tmp|usr\/bin|usr\/sbin|site)(?:\/|$)/
/** Where machines keep sites. What begins otherwise may as well be an address, unless there are two names or more before an end of two or more. */
const OF_MACHINES =
  /^\/(?:srv|www|(?:var|home\d{0,2}|homepages|kunden|mnt|nfs|opt|private|root|srv|usr|volume\d{1,2}|www|Applications|Users)\/.+)$/

export interface OldRoots {
  readonly roots: readonly string[]
  /** What may be one, or an address that the site has: only who moves it can say. */
  readonly doubtful: readonly string[]
}

/**
 * Where a folder lay when its settings were written: each absolute path in them whose end is a path of the folder says so, unless it is an address: what the folder has by
 * that very path. Those that two paths or more speak for, the most first; at most four.
 */
export function oldRootsIn({ files, directories }: TreeFiles): OldRoots {
  const here = new Set([...files, ...directories].map(({ path }) => path))
  for (const path of [...here]) for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) here.add(path.slice(0, at))
  const [sure, unsure] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()]
  let looked = 0
  for (const { path, bytes } of files) {
    if (!isSetting(path) || bytes.length > SETTINGS_BYTES_MAX) continue
    for (const [found] of textIn(bytes)?.matchAll(ABSOLUTE) ?? []) {
      if (++looked > PATHS_MAX) break
      const [root, end] = cut(found.replace(/\/+$/, ''), here)
      if (root === '' || SYSTEM.test(root)) continue
      const votes = OF_MACHINES.test(root) || (root.includes('/', 1) && end.includes('/')) ? sure : unsure
      votes.set(root, (votes.get(root) ?? new Set()).add(`${path} ${found}`))
    }
  }
  const roots = elected(sure)
  return { roots, doubtful: elected(unsure).filter((root) => !roots.includes(root)) }
}

const elected = (votes: ReadonlyMap<string, ReadonlySet<string>>): string[] =>
  [...votes]
    .filter(([, paths]) => paths.size >= 2)
    .sort(([, a], [, b]) => b.size - a.size)
    .slice(0, ROOTS_MAX)
    .map(([root]) => root)

/** Whether a folder can have lain there: an absolute path with a name in it. Less would be in every text. */
export const isRoot = (path: string): boolean => /^(?:[a-z]:)?[/\\](?!\.{0,2}(?:[/\\]|$))/i.test(path)

const isSetting = (path: string): boolean => isPhp(path) || /\.(?:ini|json|ya?ml|neon|xml|conf|env|htaccess|user\.ini|local)$/i.test(path)

/** A path before the longest end that the folder has, and that end; '' where it has none, or all of it. */
function cut(path: string, here: ReadonlySet<string>): readonly [root: string, end: string] {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    if (here.has(path.slice(at + 1))) return [path.slice(0, at), path.slice(at + 1)]
  return ['', '']
}
