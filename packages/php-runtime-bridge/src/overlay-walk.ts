import { fail } from './errno.js'
import { LINK_HOPS_MAX } from './links.js'
import { directoryOver, fileOver, type OverlayDirectory, type OverlayNode } from './overlay-node.js'
import { compareText, inodeOf, NAME_BYTES_MAX, PATH_UNITS_MAX, utf8Length } from './path.js'

/** Where a way leads: to something, or to a free name in a folder that is there. */
export interface Place {
  /** Where that really is: absolute, without links. */
  readonly path: string
  /** The folder and the name in it; undefined and '' for the root and for a way that ends in '.' or '..'. */
  readonly parent: OverlayDirectory | undefined
  readonly name: string
  readonly node: OverlayNode | undefined
  /** A slash stood at the end: only a directory can be meant. */
  readonly slash: boolean
}

/** Whether a link at the way's end is followed (`target`), or is itself what is meant (`entry`). */
export type WalkTo = 'target' | 'entry'

const SLASH = 47
const UTF8_BYTES_PER_UNIT_MAX = 3

/**
 * Goes an absolute path as POSIX does: '..' is the folder above the one that was really come to. ENOENT and ENOTDIR for what lacks on the way,
 * ELOOP after LINK_HOPS_MAX links, ENAMETOOLONG. What the last name leads to may be missing.
 */
export function walk(root: OverlayDirectory, path: string, to: WalkTo, onLink: (units: number) => void): Place {
  if (path.length > 2 * PATH_UNITS_MAX) fail('NAMETOOLONG')
  const above: OverlayDirectory[] = []
  const names: string[] = []
  let directory = root
  let text = path
  let at = 0
  let hops = 0
  for (;;) {
    while (text.charCodeAt(at) === SLASH) at++
    if (at >= text.length) return { path: `/${names.join('/')}`, parent: undefined, name: '', node: directory, slash: true }
    const found = text.indexOf('/', at)
    const end = found < 0 ? text.length : found
    const name = text.slice(at, end)
    at = end
    if (name === '.') continue
    if (name === '..') {
      directory = above.pop() ?? root
      names.pop()
      continue
    }
    if (name.length * UTF8_BYTES_PER_UNIT_MAX > NAME_BYTES_MAX && utf8Length(name) > NAME_BYTES_MAX) fail('NAMETOOLONG')
    const node = childOf(directory, name)
    while (text.charCodeAt(at) === SLASH) at++
    const last = at >= text.length
    if (last && (node?.kind !== 'symlink' || to === 'entry')) {
      names.push(name)
      return { path: `/${names.join('/')}`, parent: directory, name, node, slash: at > end }
    }
    if (node === undefined) fail('NOENT')
    if (node.kind === 'file') fail('NOTDIR')
    if (node.kind === 'symlink') {
      if (++hops > LINK_HOPS_MAX) fail('LOOP')
      onLink(node.target.length)
      text = last && at === end ? node.target : `${node.target}/${text.slice(at)}`
      at = 0
      if (text.charCodeAt(0) === SLASH) {
        directory = root
        above.length = 0
        names.length = 0
      }
      continue
    }
    above.push(directory)
    names.push(name)
    directory = node
  }
}

export function childOf(directory: OverlayDirectory, name: string): OverlayNode | undefined {
  const child = directory.children.get(name)
  if (child !== undefined || directory.base === undefined) return child
  const base = directory.base.entries.get(name)
  if (base === undefined || directory.children.has(name)) return undefined
  const inode = inodeOf(directory.inode, name)
  const node: OverlayNode =
    base.kind === 'file'
      ? fileOver(base, inode)
      : base.kind === 'directory'
        ? directoryOver(base, inode)
        : { kind: 'symlink', inode, base, target: base.target }
  directory.children.set(name, node)
  return node
}

/** Names in a directory, sorted by code unit. */
export function namesIn(directory: OverlayDirectory): string[] {
  const names: string[] = []
  for (const [name, node] of directory.children) if (node) names.push(name)
  if (directory.base) for (const name of directory.base.entries.keys()) if (!directory.children.has(name)) names.push(name)
  return names.sort(compareText)
}
