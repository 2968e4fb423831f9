import { fail } from './errno.js'
import { emptyTree, type TreeDirectory } from './file-tree.js'
import { directoryOver, fileOver, type OverlayDirectory, type OverlayFile, type OverlayNode } from './overlay-node.js'
import { compareText, inodeOf, isSitePath, nameOf, PATH_UNITS_MAX, parentOf } from './path.js'

export interface OverlayLimits {
  /** Bytes of files that one request may hold changed at a time, counted by allocation. */
  readonly ownedBytesMax: number
  /** Files and directories that one request may make. */
  readonly madeNodesMax: number
}
const overlayLimits: OverlayLimits = { ownedBytesMax: 256 * 1024 * 1024, madeNodesMax: 20_000 }

/** What a request may change, by absolute path. */
export interface Writability {
  readonly isWritable: (path: string) => boolean
  /** Folders that can be neither removed nor renamed. */
  readonly isPinned: (path: string) => boolean
}

const GROWTH_BYTES_MAX = 16 * 1024 * 1024
const NO_BYTES = new Uint8Array(0)

/**
 * The files of one request: an immutable tree below, this request's changes above. Paths are absolute and normalised.
 * Nodes have an identity, as inodes do: an open file stays what it was when its name is deleted or given to another.
 * Failures are thrown as SyscallFailure. Only what is writable can be changed (EROFS elsewhere).
 */
export class Overlay {
  readonly root: OverlayDirectory
  readonly #writability: Writability
  #limits: OverlayLimits
  #ownedBytes = 0
  #madeNodes = 0

  constructor(base: TreeDirectory, writability: Writability, limits: OverlayLimits = overlayLimits) {
    this.root = directoryOver(base, 1)
    this.#writability = writability
    this.#limits = limits
  }

  /** What may still be held and made. */
  get left(): OverlayLimits {
    const { ownedBytesMax, madeNodesMax } = this.#limits
    return { ownedBytesMax: Math.max(0, ownedBytesMax - this.#ownedBytes), madeNodesMax: Math.max(0, madeNodesMax - this.#madeNodes) }
  }

  /** For changes that were bounded elsewhere. What they take is counted. */
  withoutLimits(change: () => void): void {
    const limits = this.#limits
    this.#limits = { ownedBytesMax: Number.POSITIVE_INFINITY, madeNodesMax: Number.POSITIVE_INFINITY }
    try {
      change()
    } finally {
      this.#limits = limits
    }
  }

  /** undefined where nothing is; ENOTDIR where the way there leads through a file. */
  find(path: string): OverlayNode | undefined {
    if (path.length > PATH_UNITS_MAX) fail('NAMETOOLONG')
    let node: OverlayNode | undefined = this.root
    if (path === '/') return node
    let start = 1
    while (start <= path.length) {
      const slash = path.indexOf('/', start)
      const end = slash < 0 ? path.length : slash
      if (node.kind !== 'directory') fail('NOTDIR')
      node = childOf(node, path.slice(start, end))
      if (!node) return undefined
      start = end + 1
    }
    return node
  }

  get(path: string): OverlayNode {
    return this.find(path) ?? fail('NOENT')
  }

  create(path: string, mode: number, nowS: number): OverlayFile {
    const parent = this.#parentToChange(path, nowS)
    const file: OverlayFile = {
      kind: 'file',
      inode: this.#newInode(parent, path),
      base: undefined,
      mode: mode & 0o7777,
      mtimeS: nowS,
      bytes: NO_BYTES,
      size: 0,
      owned: true,
    }
    parent.children.set(nameOf(path), file)
    return file
  }

  makeDirectory(path: string, mode: number, nowS: number): void {
    if (this.find(path)) fail('EXIST')
    const parent = this.#parentToChange(path, nowS)
    const made = directoryOver(emptyTree, this.#newInode(parent, path))
    parent.children.set(nameOf(path), { ...made, base: undefined, mode: mode & 0o7777, mtimeS: nowS })
  }

  unlink(path: string, nowS: number): void {
    const node = this.get(path)
    if (node.kind === 'directory') fail('ISDIR')
    this.#parentToChange(path, nowS).children.set(nameOf(path), undefined)
  }

  removeDirectory(path: string, nowS: number): void {
    const node = this.get(path)
    if (node.kind !== 'directory') fail('NOTDIR')
    if (namesIn(node).length > 0) fail('NOTEMPTY')
    this.#parentToChange(path, nowS).children.set(nameOf(path), undefined)
  }

  rename(from: string, to: string, nowS: number): void {
    const node = this.get(from)
    const target = this.find(to)
    if (node === target) return
    if (node.kind === 'directory' && `${to}/`.startsWith(`${from}/`)) fail('INVAL')
    if (target?.kind === 'directory') {
      if (node.kind !== 'directory') fail('ISDIR')
      if (namesIn(target).length > 0) fail('NOTEMPTY')
    } else if (target && node.kind === 'directory') fail('NOTDIR')
    const [source, destination] = [this.#parentToChange(from, nowS), this.#parentToChange(to, nowS)]
    source.children.set(nameOf(from), undefined)
    destination.children.set(nameOf(to), node)
  }

  changeMode(path: string, mode: number): void {
    const node = this.get(path)
    this.checkWritable(path)
    node.mode = mode & 0o7777
  }

  changeTime(path: string, mtimeS: number): void {
    const node = this.get(path)
    this.checkWritable(path)
    node.mtimeS = mtimeS
  }

  checkWritable(path: string): void {
    if (!this.#writability.isWritable(path)) fail('ROFS')
  }

  /** Makes room for `size` bytes and sets the size; what is new is zero. */
  resize(file: OverlayFile, size: number): void {
    if (!(size >= 0)) fail('INVAL')
    if (size === 0) this.#drop(file)
    this.#own(file, size)
    if (size < file.size) file.bytes.fill(0, size, file.size)
    file.size = size
  }

  write(file: OverlayFile, bytes: Uint8Array, at: number, nowS: number): void {
    this.#own(file, at + bytes.length)
    file.bytes.set(bytes, at)
    file.size = Math.max(file.size, at + bytes.length)
    file.mtimeS = nowS
  }

  /** Gives the file bytes of its own with room for `size`; with more room than that while there is enough. */
  #own(file: OverlayFile, size: number): void {
    if (file.owned && size <= file.bytes.length) return
    const held = file.owned ? file.bytes.length : 0
    const left = this.#limits.ownedBytesMax - this.#ownedBytes + held
    const needed = Math.max(size, file.size)
    if (needed > left) fail('NOSPC')
    const roomy = file.owned ? Math.min(file.bytes.length * 2, size + GROWTH_BYTES_MAX) : 0
    const bytes = new Uint8Array(Math.min(left, Math.max(needed, roomy)))
    bytes.set(file.bytes.subarray(0, file.size))
    this.#ownedBytes += bytes.length - held
    file.bytes = bytes
    file.owned = true
  }

  /** Forgets the bytes before they would be copied for nothing. */
  #drop(file: OverlayFile): void {
    if (file.owned) this.#ownedBytes -= file.bytes.length
    file.bytes = NO_BYTES
    file.size = 0
    file.owned = true
  }

  #parentToChange(path: string, nowS: number): OverlayDirectory {
    this.checkWritable(path)
    if (this.#writability.isPinned(path)) fail('PERM')
    if (!isSitePath(path.slice(1))) fail(nameOf(path).includes('\\') ? 'INVAL' : 'NAMETOOLONG')
    const parent = this.get(parentOf(path))
    if (parent.kind !== 'directory') fail('NOTDIR')
    parent.mtimeS = nowS
    return parent
  }

  #newInode(parent: OverlayDirectory, path: string): number {
    if (++this.#madeNodes > this.#limits.madeNodesMax) fail('NOSPC')
    return inodeOf(parent.inode, `${nameOf(path)}/${this.#madeNodes}`)
  }
}

export function childOf(directory: OverlayDirectory, name: string): OverlayNode | undefined {
  if (directory.children.has(name)) return directory.children.get(name)
  const base = directory.base?.entries.get(name)
  if (!base) return undefined
  const inode = inodeOf(directory.inode, name)
  const node = base.kind === 'file' ? fileOver(base, inode) : directoryOver(base, inode)
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
