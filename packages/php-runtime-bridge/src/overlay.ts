import { Errno, fail, SyscallFailure } from './errno.js'
import { FileContent } from './file-content.js'
import { FILE_BYTES_MAX } from './file-pages.js'
import { emptyTree, type TreeDirectory } from './file-tree.js'
import { isSiteTarget, siteTargetOf } from './links.js'
import { directoryOver, type OverlayDirectory, type OverlayFile, type OverlayNode, type OverlaySymlink } from './overlay-node.js'
import { childOf, type Place, type WalkTo, walk } from './overlay-walk.js'
import { inodeOf, isSiteName, isSitePath, PATH_UNITS_MAX, SITE_PATH_BYTES_MAX, utf8Length } from './path.js'

export interface OverlayLimits {
  /** Bytes of files that one request may hold changed at a time: copies of pages, and all that is new, holes too. */
  readonly ownedBytesMax: number
  /** Files, directories and links that one request may have made and not deleted. */
  readonly madeNodesMax: number
}
const overlayLimits: OverlayLimits = { ownedBytesMax: 256 * 1024 * 1024, madeNodesMax: 20_000 }

/** What a request may change, by absolute path. */
export interface Writability {
  readonly isWritable: (path: string) => boolean
  /** Folders that can be neither removed nor renamed. */
  readonly isPinned: (path: string) => boolean
  /** Links below this folder can only lead to what is below it too: what a site can hold. */
  readonly site: string
}

interface KnownFolder {
  readonly node: OverlayDirectory
  readonly path: string
  /** Lengths of the targets of all links on the way. */
  readonly linkUnits: number
}
/** A text that leads to no folder: how whatever is asked for below it fails. */
interface KnownLack {
  readonly errno: number
  readonly linkUnits: number
}
const FOLDERS_KNOWN_MAX = 4096
const SHORT_NAME_UNITS = 80

/**
 * The files of one request: an immutable tree below, this request's changes above. Paths are absolute, and gone as POSIX does.
 * Nodes have an identity, as inodes do: an open file stays what it was when its name is deleted or given to another.
 * Failures are thrown as SyscallFailure. Only what is writable can be changed (EROFS elsewhere).
 */
export class Overlay {
  readonly root: OverlayDirectory
  /** Told how long the target of each link is that is followed: a short path can lead a long way. */
  onLink: (units: number) => void = () => {}
  readonly #writability: Writability
  #limits: OverlayLimits
  #ownedBytes = 0
  #madeNodes = 0
  #inodes = 0
  /** Folders by the texts that lead there; forgotten when a name is given or taken that a way may lead through. */
  readonly #folders = new Map<string, KnownFolder>()
  /** Texts that lead to none: scripts ask for one file in many folders that are not there. Forgotten when any name is given or taken. */
  readonly #lacks = new Map<string, KnownLack>()

  constructor(base: TreeDirectory, writability: Writability, limits: OverlayLimits = overlayLimits) {
    this.root = directoryOver(base, 1)
    this.#writability = writability
    this.#limits = limits
  }

  /** The folder in which links lead only to what is in it. */
  get site(): string {
    return this.#writability.site
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

  /** Where a path leads; what is there may be missing. ENOTDIR where a slash at its end follows no directory. */
  place(path: string, to: WalkTo = 'target'): Place {
    const found = this.find(path, to)
    if (typeof found === 'number') throw new SyscallFailure(found)
    return found
  }

  /** The same, but an error number where the folder is not there: scripts look in vain all the time, and to throw costs more than to look. */
  find(path: string, to: WalkTo = 'target'): Place | number {
    const found = this.#findInFolder(path, to) ?? walk(this.root, path, to, this.onLink)
    if (typeof found !== 'number' && found.slash && found.node !== undefined && found.node.kind !== 'directory' && to === 'target')
      fail('NOTDIR')
    return found
  }

  /** The same by the folder that the path's text names, which mostly was looked for before. undefined where the whole way has to be gone. */
  #findInFolder(path: string, to: WalkTo): Place | number | undefined {
    if (path.length > PATH_UNITS_MAX) return undefined
    const slash = path.lastIndexOf('/')
    // a name of so many units is short enough in bytes
    if (slash <= 0 || path.length - slash - 1 > SHORT_NAME_UNITS) return undefined
    const name = path.slice(slash + 1)
    if (name === '' || name === '.' || name === '..') return undefined
    const text = path.slice(0, slash)
    const folder = this.#folder(text)
    if ('errno' in folder) {
      if (folder.linkUnits > 0) this.onLink(folder.linkUnits)
      return folder.errno
    }
    const node = childOf(folder.node, name)
    if (node?.kind === 'symlink' && to === 'target') return undefined
    if (folder.linkUnits > 0) this.onLink(folder.linkUnits)
    // the text itself where it is the real path: one that is put together costs as much as the look
    const real = folder.path === text ? path : folder.path === '/' ? `/${name}` : `${folder.path}/${name}`
    return { path: real, parent: folder.node, name, node, slash: false }
  }

  #folder(text: string): KnownFolder | KnownLack {
    const known = this.#folders.get(text) ?? this.#lacks.get(text)
    if (known !== undefined) return known
    let linkUnits = 0
    let errno: number = Errno.NOENT
    let place: Place | undefined
    try {
      place = walk(this.root, text, 'target', (units) => {
        linkUnits += units
      })
    } catch (error) {
      if (!(error instanceof SyscallFailure)) throw error
      errno = error.errno
    }
    if (place?.node?.kind !== 'directory') {
      if (place?.node !== undefined) errno = Errno.NOTDIR
      const lack = { errno, linkUnits }
      if (this.#lacks.size < FOLDERS_KNOWN_MAX) this.#lacks.set(text, lack)
      return lack
    }
    const found = { node: place.node, path: place.path, linkUnits }
    if (this.#folders.size < FOLDERS_KNOWN_MAX) this.#folders.set(text, found)
    return found
  }

  /** What a path leads to, with links followed. */
  get(path: string): OverlayNode {
    return this.place(path).node ?? fail('NOENT')
  }

  /** The same, but a link at its end itself, unless a slash follows. */
  entry(path: string): OverlayNode {
    return this.place(path, path.endsWith('/') ? 'target' : 'entry').node ?? fail('NOENT')
  }

  /** A new file at a free place. */
  create(place: Place, mode: number, nowS: number): OverlayFile {
    const parent = this.#parentToChange(place, nowS)
    const inode = this.#newInode(parent, place.name)
    const content = new FileContent()
    const file: OverlayFile = { kind: 'file', inode, base: undefined, mode: mode & 0o7777, mtimeS: nowS, content, named: true, opens: 0 }
    put(parent, place.name, file)
    return file
  }

  makeDirectory(path: string, mode: number, nowS: number): void {
    const place = this.#freePlace(path)
    const parent = this.#parentToChange(place, nowS)
    const made = directoryOver(emptyTree, this.#newInode(parent, place.name))
    put(parent, place.name, { ...made, base: undefined, mode: mode & 0o7777, mtimeS: nowS })
  }

  /** Absolute targets within the site, and such with '.' in them, are kept as the site will hold them. EPERM for those that lead out of it. */
  makeLink(path: string, target: string, nowS: number): void {
    if (target === '') fail('NOENT')
    if (utf8Length(target) > SITE_PATH_BYTES_MAX) fail('NAMETOOLONG')
    const place = this.#freePlace(path)
    if (place.slash) fail('NOENT')
    const folder = this.#foldersInSite(place.path)
    const kept = folder === undefined ? target : siteTargetOf(target, folder, this.#writability.site)
    if (kept === undefined) fail('PERM')
    const parent = this.#parentToChange(place, nowS)
    const inode = this.#newInode(parent, place.name)
    put(parent, place.name, { kind: 'symlink', inode, base: undefined, target: kept })
  }

  unlink(path: string, nowS: number): void {
    const place = this.#takenPlace(path)
    if (place.node.kind === 'directory') fail('ISDIR')
    if (place.slash) fail('NOTDIR')
    this.#take(place, this.#parentToChange(place, nowS))
  }

  removeDirectory(path: string, nowS: number): void {
    const place = this.#takenPlace(path)
    if (place.node.kind !== 'directory') fail('NOTDIR')
    if (place.parent === undefined) fail(/\/\.\/*$/.test(path) ? 'INVAL' : place.path === '/' ? 'BUSY' : 'NOTEMPTY')
    if (place.node.count > 0) fail('NOTEMPTY')
    this.#take(place, this.#parentToChange(place, nowS))
  }

  /** What is at a place, with all that lies in it, however deep. */
  removeAll(place: Place & { node: OverlayNode }, nowS: number): void {
    const parent = this.#parentToChange(place, nowS)
    const below: OverlayNode[] = [place.node]
    for (let node = below.pop(); node !== undefined; node = below.pop()) {
      if (node !== place.node) this.#forget(node)
      if (node.kind === 'directory') for (const child of node.children.values()) if (child) below.push(child)
    }
    this.#take(place, parent)
  }

  rename(fromPath: string, toPath: string, nowS: number): void {
    const from = this.place(fromPath, 'entry')
    const to = this.place(toPath, 'entry')
    const { node } = from
    if (from.parent === undefined || to.parent === undefined) fail('BUSY')
    if (node === undefined) fail('NOENT')
    if (node.kind !== 'directory' && (from.slash || to.slash)) fail('NOTDIR')
    if (node === to.node) return
    if (node.kind === 'directory' && `${to.path}/`.startsWith(`${from.path}/`)) fail('INVAL')
    if (`${from.path}/`.startsWith(`${to.path}/`)) fail(node.kind === 'directory' ? 'NOTEMPTY' : 'ISDIR')
    if (to.node?.kind === 'directory') {
      if (node.kind !== 'directory') fail('ISDIR')
      if (to.node.count > 0) fail('NOTEMPTY')
    } else if (to.node && node.kind === 'directory') fail('NOTDIR')
    if (node.kind === 'symlink') this.#checkLinkAt(node, to.path)
    const [source, destination] = [this.#parentToChange(from, nowS), this.#parentToChange(to, nowS)]
    if (to.node !== undefined) {
      this.#forget(to.node)
      this.#vacate(destination, to.name)
    }
    if (node.kind !== 'file' || (to.node !== undefined && to.node.kind !== 'file')) this.#folders.clear()
    this.#vacate(source, from.name)
    put(destination, to.name, node)
  }

  readLink(path: string): string {
    const node = this.entry(path)
    return node.kind === 'symlink' ? node.target : fail('INVAL')
  }

  changeMode(path: string, mode: number): void {
    const { path: where, node = fail('NOENT') } = this.place(path)
    this.checkWritable(where)
    if (node.kind !== 'symlink') node.mode = mode & 0o7777
  }

  /** A link itself has no time: `entry` then changes nothing. */
  changeTime(path: string, mtimeS: number, to: WalkTo = 'target'): void {
    const { path: where, node = fail('NOENT') } = this.place(path, to)
    this.checkWritable(where)
    if (node.kind !== 'symlink') node.mtimeS = mtimeS
  }

  /** @param path as a Place has it. */
  checkWritable(path: string): void {
    if (!this.#writability.isWritable(path)) fail('ROFS')
  }

  opened(file: OverlayFile): void {
    file.opens++
  }

  closed(file: OverlayFile): void {
    file.opens--
    this.#release(file)
  }

  /** What is new is zero. */
  resize(file: OverlayFile, size: number): void {
    if (!(size >= 0)) fail('INVAL')
    if (size > FILE_BYTES_MAX) fail('FBIG')
    const { content } = file
    this.#charge(Math.max(0, size - content.size))
    const before = content.charge + Math.max(0, size - content.size)
    content.resize(size)
    this.#ownedBytes += content.charge - before
  }

  write(file: OverlayFile, bytes: Uint8Array, at: number, nowS: number): void {
    if (at + bytes.length > FILE_BYTES_MAX) fail('FBIG')
    this.#charge(file.content.chargeOfWrite(at, bytes.length))
    file.content.write(at, bytes)
    file.mtimeS = nowS
  }

  #charge(bytes: number): void {
    if (bytes > this.#limits.ownedBytesMax - this.#ownedBytes) fail('NOSPC')
    this.#ownedBytes += bytes
  }

  #freePlace(path: string): Place {
    const place = this.place(path, 'entry')
    if (place.node !== undefined) fail('EXIST')
    return place
  }

  #takenPlace(path: string): Place & { node: OverlayNode } {
    const place = this.place(path, 'entry')
    return { ...place, node: place.node ?? fail('NOENT') }
  }

  /** The folder of a place, if the name in it may be given or taken away. */
  #parentToChange({ path, parent, name }: Place, nowS: number): OverlayDirectory {
    this.checkWritable(path)
    if (parent === undefined || this.#writability.isPinned(path)) fail('PERM')
    if (!this.#isFit(path, name)) fail(name.includes('\\') ? 'INVAL' : 'NAMETOOLONG')
    parent.mtimeS = nowS
    this.#lacks.clear()
    return parent
  }

  /** A path that a site can hold, or any outside it. */
  #isFit(path: string, name: string): boolean {
    const { site } = this.#writability
    return isSiteName(name) && (!path.startsWith(`${site}/`) || isSitePath(path.slice(site.length + 1)))
  }

  #take({ name, node }: Place & { node: OverlayNode }, parent: OverlayDirectory): void {
    if (node.kind !== 'file') this.#folders.clear()
    this.#vacate(parent, name)
    this.#forget(node)
  }

  /** A mark that a name is free is needed only where the base has it. */
  #vacate(parent: OverlayDirectory, name: string): void {
    parent.count--
    if (parent.base?.entries.has(name)) parent.children.set(name, undefined)
    else parent.children.delete(name)
  }

  /** A node that lost its name. */
  #forget(node: OverlayNode): void {
    if (node.base === undefined) this.#madeNodes--
    if (node.kind !== 'file') return
    node.named = false
    this.#release(node)
  }

  #release(file: OverlayFile): void {
    if (file.named || file.opens > 0) return
    const { charge } = file.content
    file.content.resize(0)
    this.#ownedBytes -= charge - file.content.charge
  }

  #checkLinkAt(link: OverlaySymlink, path: string): void {
    const folder = this.#foldersInSite(path)
    if (folder !== undefined && !isSiteTarget(link.target, folder.length)) fail('PERM')
  }

  /** Names of the folders from the site's top to what lies at `path`; undefined outside the site. */
  #foldersInSite(path: string): string[] | undefined {
    const { site } = this.#writability
    return path.startsWith(`${site}/`)
      ? path
          .slice(site.length + 1)
          .split('/')
          .slice(0, -1)
      : undefined
  }

  #newInode(parent: OverlayDirectory, name: string): number {
    if (this.#madeNodes >= this.#limits.madeNodesMax) fail('NOSPC')
    this.#madeNodes++
    return inodeOf(parent.inode, `${name}/${++this.#inodes}`)
  }
}

/** At a free name. */
function put(parent: OverlayDirectory, name: string, node: OverlayNode): void {
  parent.children.set(name, node)
  parent.count++
}
