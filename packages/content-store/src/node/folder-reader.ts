import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { sep } from 'node:path'
import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { BlockSource } from '../block-source.js'
import { CHUNK_BYTES, chunkCount, chunkStart, FILE_MAX_BYTES, type FileShape, isPaged, LARGE_CHUNK_BYTES, listChunks } from '../chunks.js'
import { editDirectory } from '../edit-directory.js'
import { ContentStoreError } from '../errors.js'
import { pathFault } from '../paths.js'
import { targetFault } from '../symlinks.js'
import type { TreeEntry } from '../tree-blocks.js'
import { tooLarge } from '../tree-limits.js'
import { type ImportCounts, type ImportOrder, LEFT_OUT_MAX, type LeftOut } from './import-messages.js'
import { isSameFolder, type OpenFolder, openFolder } from './open-folder.js'
import type { SlabWriter } from './slab-writer.js'

const PERMISSIONS = 0o777
/** No following and no waiting: what was a file a moment ago may be a link or a pipe now. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

interface MutableCounts {
  files: number
  directories: number
  symlinks: number
  bytes: number
}

/** Reads a folder into blocks, file after file. It waits for the disk: it belongs in a thread of its own. */
export class FolderReader {
  readonly #order: ImportOrder
  readonly #writer: SlabWriter
  readonly #nothing = new BlockSource(() => undefined)
  readonly #counts: MutableCounts = { files: 0, directories: 0, symlinks: 0, bytes: 0 }
  readonly #leftOut: LeftOut[] = []
  #leftOutCount = 0
  #top = ''
  /** The folders that are being read, the whole one first, each in the one before it: no more than a path has names. */
  readonly #open: OpenFolder[] = []

  constructor(order: ImportOrder, writer: SlabWriter) {
    this.#order = order
    this.#writer = writer
  }
  get counts(): ImportCounts {
    return { ...this.#counts }
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut
  }
  get leftOutCount(): number {
    return this.#leftOutCount
  }

  /** The root of the folder's tree. Blocks are in the writer. @throws {ContentStoreError} as `importFolder` says */
  read(): ContentId {
    const { folder } = this.#order
    try {
      this.#top = realpathSync(folder)
      if (!lstatSync(this.#top).isDirectory()) throw new Error('not a folder')
    } catch (cause) {
      throw new ContentStoreError({ code: 'IMPORT_NOT_A_FOLDER', path: folder }, { cause })
    }
    const top = attempt('', () => openFolder(this.#top))
    return this.#directory(top, this.#top, '')
  }

  /**
   * What is in a folder, and closes it.
   * @param real its path without symbolic links; @param above its path in the tree, with a slash, or ''
   */
  #directory(folder: OpenFolder, real: string, above: string): ContentId {
    this.#open.push(folder)
    try {
      const entries = this.#names(folder, above).flatMap((name) =>
        this.#passesOver(folder, name, above) ? [] : this.#fit(folder, name, above, () => this.#entry(folder, real, name, above)),
      )
      const after = attempt(above, () => lstatSync(real, { bigint: true }))
      if (!isSameFolder(after, folder.stats)) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path: above })
      const edits = entries.map((entry) => ({ name: entry.name, entry }))
      return editDirectory(this.#nothing, (block) => this.#writer.add(block), undefined, edits)
    } finally {
      this.#open.pop()
      folder.close()
    }
  }

  /** Sorted, so that of several faults the same is found each time. */
  #names(folder: OpenFolder, above: string): readonly string[] {
    const { maxEntries, passOver } = this.#order
    const directory = attempt(above, () => opendirSync(folder.at('.'), { encoding: 'buffer' as BufferEncoding, bufferSize: 512 }))
    const names: string[] = []
    let passed = 0
    try {
      for (;;) {
        const entry = attempt(above, () => directory.readSync())
        if (entry === null) return names.sort()
        const name = entry.name as unknown as Buffer
        for (const text of this.#fit(folder, undefined, above, () => textOf(name, above))) {
          names.push(text)
          if (passOver.includes(text)) passed++
        }
        if (names.length - passed + this.#entryCount > maxEntries) throw tooLarge(`more than ${maxEntries} entries`)
      }
    } finally {
      directory.closeSync()
    }
  }
  get #entryCount(): number {
    const { files, directories, symlinks } = this.#counts
    return files + directories + symlinks
  }

  /** Whether it is a folder by a name that is passed over: what is in it is not looked at. */
  #passesOver(folder: OpenFolder, name: string, above: string): boolean {
    if (!this.#order.passOver.includes(name)) return false
    const path = above + name
    if (!attempt(path, () => lstatSync(folder.at(name))).isDirectory()) return false
    this.#leave({ path, code: 'PASSED_OVER', target: undefined })
    return true
  }

  #leave(left: LeftOut): void {
    this.#leftOutCount++
    if (this.#leftOutCount > this.#order.maxEntries) throw tooLarge(`more than ${this.#order.maxEntries} entries that do not fit`)
    if (this.#leftOut.length < LEFT_OUT_MAX) this.#leftOut.push(left)
  }

  /** What `read` gives; nothing where that does not fit into a tree and may be left out. @param name undefined where it is none */
  #fit<T>(folder: OpenFolder, name: string | undefined, above: string, read: () => T): [] | [T] {
    try {
      return [read()]
    } catch (error) {
      if (this.#order.unfit === 'refuse' || !(error instanceof ContentStoreError) || !isUnfit(error)) throw error
      const { code, failure } = error
      const path = 'path' in failure && name === undefined ? failure.path : above + name
      this.#leave({ path, code, target: name === undefined ? undefined : targetAt(folder.at(name)) })
      return []
    }
  }

  #entry(folder: OpenFolder, folderReal: string, name: string, above: string): TreeEntry {
    const path = above + name
    const reason = pathFault(path)
    if (reason !== undefined) throw new ContentStoreError({ code: 'FILE_PATH', path, reason })
    if (this.#entryCount >= this.#order.maxEntries) throw tooLarge(`more than ${this.#order.maxEntries} entries`)
    const at = folder.at(name)
    const stats = attempt(path, () => lstatSync(at, { bigint: true }))
    if (!stats.isSymbolicLink()) return this.#content(at, stats, `${folderReal}${sep}${name}`, name, path)
    return this.#order.symlinks === 'keep' ? this.#symlink(at, name, path) : this.#followed(at, name, path)
  }

  /** @param at the way to it; @param real its path without symbolic links */
  #content(at: string, stats: BigIntStats, real: string, name: string, path: string): TreeEntry {
    if (stats.isFile()) return this.#file(at, name, path)
    if (!stats.isDirectory()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
    const folder = attempt(path, () => openFolder(at))
    if (this.#open.some((other) => isSameFolder(other.stats, folder.stats))) {
      folder.close()
      throw new ContentStoreError({ code: 'IMPORT_LOOP', path })
    }
    this.#counts.directories++
    const node = bytesOfContentId(this.#directory(folder, real, `${path}/`))
    return { type: 'directory', name, mode: Number(folder.stats.mode) & PERMISSIONS, node }
  }

  /** What a link leads to. Its path is gone again from the top, folder by folder: a part of it may have become a link since. */
  #followed(link: string, name: string, path: string): TreeEntry {
    const real = attempt(path, () => realpathSync(link))
    if (real === this.#top) throw new ContentStoreError({ code: 'IMPORT_LOOP', path })
    if (!real.startsWith(this.#top + sep)) throw new ContentStoreError({ code: 'IMPORT_OUTSIDE', path })
    const parts = real.slice(this.#top.length + 1).split(sep)
    const last = parts.pop() as string
    const folder = attempt(path, () => this.#below(parts))
    try {
      const at = folder.at(last)
      const stats = attempt(path, () => lstatSync(at, { bigint: true }))
      if (stats.isSymbolicLink()) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path })
      return this.#content(at, stats, real, name, path)
    } finally {
      folder.close()
    }
  }
  #below(parts: readonly string[]): OpenFolder {
    const [top] = this.#open as [OpenFolder]
    let folder = openFolder(top.at('.'))
    for (const part of parts) {
      const above = folder
      try {
        folder = openFolder(above.at(part))
      } finally {
        above.close()
      }
    }
    return folder
  }

  #symlink(at: string, name: string, path: string): TreeEntry {
    const text = textOf(
      attempt(path, () => readlinkSync(at, { encoding: 'buffer' })),
      path,
    )
    const target = text
      .split('/')
      .filter((part, i) => part !== '.' && (part !== '' || i === 0))
      .join('/')
    if (target === '') throw new ContentStoreError({ code: 'IMPORT_LOOP', path }) // './': to the folder it lies in
    if (targetFault(target, path.split('/').length - 1) !== undefined) throw new ContentStoreError({ code: 'IMPORT_OUTSIDE', path })
    this.#counts.symlinks++
    return { type: 'symlink', name, target }
  }

  #file(at: string, name: string, path: string): TreeEntry {
    const file = attempt(path, () => openSync(at, OPEN_FLAGS))
    try {
      const stats = attempt(path, () => fstatSync(file, { bigint: true }))
      if (!stats.isFile()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
      const size = Number(stats.size)
      const { maxBytes } = this.#order
      const maxFileBytes = Math.min(this.#order.maxFileBytes, FILE_MAX_BYTES)
      if (size > maxFileBytes) throw new ContentStoreError({ code: 'FILE_TOO_LARGE', path, bytes: size, maxBytes: maxFileBytes })
      this.#counts.bytes += size
      if (this.#counts.bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`)
      const { paged, content } = this.#chunks(file, size, path)
      const after = attempt(path, () => fstatSync(file, { bigint: true }))
      if (after.size !== stats.size || after.mtimeNs !== stats.mtimeNs) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path })
      this.#counts.files++
      const mtimeS = Math.max(0, Math.floor(Number(stats.mtimeMs) / 1000))
      return { type: 'file', name, mode: Number(stats.mode) & PERMISSIONS, mtimeS, size, paged, content }
    } finally {
      closeSync(file)
    }
  }

  #chunks(file: number, size: number, path: string): { paged: boolean; content: Uint8Array | null } {
    if (size === 0) return { paged: false, content: null }
    const start = this.#writer.room(Math.min(size, LARGE_CHUNK_BYTES))
    const begun = Math.min(size, CHUNK_BYTES)
    readWhole(file, start.subarray(0, begun), 0, path)
    const shape: FileShape = { size, paged: isPaged(start.subarray(0, begun)) }
    const chunks: ContentId[] = []
    for (let i = 0; i < chunkCount(shape); i++) {
      const [at, end] = [chunkStart(shape, i), chunkStart(shape, i + 1)]
      const room = i === 0 ? start.subarray(0, end) : this.#writer.room(end - at)
      const there = i === 0 ? begun : 0
      readWhole(file, room.subarray(there), at + there, path)
      chunks.push(this.#writer.seal(end - at, 'raw'))
    }
    const { content, lists } = listChunks(chunks)
    for (const list of lists) this.#writer.add(list)
    return { paged: shape.paged, content: content && bytesOfContentId(content) }
  }
}

/** @throws {ContentStoreError} IMPORT_CHANGED when the file ends before the room is full */
function readWhole(file: number, room: Uint8Array, at: number, path: string): void {
  for (let done = 0; done < room.length; ) {
    const bytesRead = attempt(path, () => readSync(file, room, done, room.length - done, at + done))
    if (bytesRead === 0) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path })
    done += bytesRead
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw cause instanceof ContentStoreError ? cause : new ContentStoreError({ code: 'IMPORT_UNREADABLE', path }, { cause })
  }
}

/** Of one entry, rather than of the whole or of the moment. */
function isUnfit({ code, cause }: ContentStoreError): boolean {
  if (code === 'IMPORT_UNREADABLE') return !VANISHED.has(String((cause as { code?: unknown } | undefined)?.code))
  return UNFIT.has(code)
}
const UNFIT: ReadonlySet<string> = new Set(['IMPORT_OUTSIDE', 'IMPORT_LOOP', 'IMPORT_KIND', 'IMPORT_NAME', 'FILE_PATH', 'FILE_TOO_LARGE'])
/** What says that something has become another thing since it was listed. */
const VANISHED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'undefined'])

function targetAt(at: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readlinkSync(at, { encoding: 'buffer' }))
  } catch {
    return undefined
  }
}

function textOf(name: Buffer, above: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name)
  } catch (cause) {
    throw new ContentStoreError({ code: 'IMPORT_NAME', path: above + name.toString('latin1') }, { cause })
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'pipe'
  if (stats.isSocket()) return 'socket'
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'unknown'
}
