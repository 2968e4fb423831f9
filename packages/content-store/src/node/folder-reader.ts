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
import type { ImportCounts, ImportOrder } from './import-messages.js'
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
  #top = ''

  constructor(order: ImportOrder, writer: SlabWriter) {
    this.#order = order
    this.#writer = writer
  }
  get counts(): ImportCounts {
    return { ...this.#counts }
  }

  /** The root of the folder's tree. Blocks are in the writer. @throws {ContentStoreError} as `importFolder` says */
  read(): ContentId {
    const { folder } = this.#order
    try {
      this.#top = realpathSync(folder)
      if (!lstatSync(this.#top).isDirectory()) throw new ContentStoreError({ code: 'IMPORT_NOT_A_FOLDER', path: folder })
    } catch (cause) {
      throw cause instanceof ContentStoreError ? cause : new ContentStoreError({ code: 'IMPORT_NOT_A_FOLDER', path: folder }, { cause })
    }
    return this.#directory(this.#top, '', [])
  }

  /**
   * The folder at `real`, a path without symbolic links.
   * @param above its path in the tree, with a slash, or ''; @param within the real folders that it is read as part of
   */
  #directory(real: string, above: string, within: readonly string[]): ContentId {
    const before = attempt(above, () => lstatSync(real, { bigint: true }))
    const inside = [...within, real]
    const entries = this.#names(real, above).map((name) => this.#entry(real, name, above, inside))
    const after = attempt(above, () => lstatSync(real, { bigint: true }))
    if (after.ino !== before.ino || after.dev !== before.dev) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path: above })
    const edits = entries.map((entry) => ({ name: entry.name, entry }))
    return editDirectory(this.#nothing, (block) => this.#writer.add(block), undefined, edits)
  }

  /** Sorted, so that of several faults the same is found each time. */
  #names(real: string, above: string): readonly string[] {
    const { maxEntries } = this.#order
    const directory = attempt(above, () => opendirSync(real, { encoding: 'buffer' as BufferEncoding, bufferSize: 512 }))
    const names: string[] = []
    try {
      for (;;) {
        const entry = attempt(above, () => directory.readSync())
        if (entry === null) return names.sort()
        names.push(textOf(entry.name as unknown as Buffer, above))
        if (names.length + this.#entryCount > maxEntries) throw tooLarge(`more than ${maxEntries} entries`)
      }
    } finally {
      directory.closeSync()
    }
  }
  get #entryCount(): number {
    const { files, directories, symlinks } = this.#counts
    return files + directories + symlinks
  }

  #entry(folder: string, name: string, above: string, within: readonly string[]): TreeEntry {
    const path = above + name
    const reason = pathFault(path)
    if (reason !== undefined) throw new ContentStoreError({ code: 'FILE_PATH', path, reason })
    if (this.#entryCount >= this.#order.maxEntries) throw tooLarge(`more than ${this.#order.maxEntries} entries`)
    let real = `${folder}${sep}${name}`
    let stats = attempt(path, () => lstatSync(real, { bigint: true }))
    if (stats.isSymbolicLink()) {
      if (this.#order.symlinks === 'keep') return this.#symlink(real, name, path)
      real = attempt(path, () => realpathSync(real))
      if (real !== this.#top && !real.startsWith(this.#top + sep)) throw new ContentStoreError({ code: 'IMPORT_OUTSIDE', path })
      stats = attempt(path, () => lstatSync(real, { bigint: true }))
    }
    if (stats.isFile()) return this.#file(real, name, path)
    if (!stats.isDirectory()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
    if (within.includes(real)) throw new ContentStoreError({ code: 'IMPORT_LOOP', path })
    this.#counts.directories++
    const node = bytesOfContentId(this.#directory(real, `${path}/`, within))
    return { type: 'directory', name, mode: Number(stats.mode) & PERMISSIONS, node }
  }

  #symlink(real: string, name: string, path: string): TreeEntry {
    const text = textOf(
      attempt(path, () => readlinkSync(real, { encoding: 'buffer' })),
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

  #file(real: string, name: string, path: string): TreeEntry {
    const file = attempt(path, () => openSync(real, OPEN_FLAGS))
    try {
      const stats = attempt(path, () => fstatSync(file, { bigint: true }))
      if (!stats.isFile()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
      const size = Number(stats.size)
      const { maxBytes } = this.#order
      const maxFileBytes = Math.min(this.#order.maxFileBytes, FILE_MAX_BYTES)
      if (size > maxFileBytes) throw new ContentStoreError({ code: 'FILE_TOO_LARGE', path, bytes: size, maxBytes: maxFileBytes })
      this.#counts.bytes += size
      if (this.#counts.bytes > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`)
      const { paged, content } = this.#content(file, size, path)
      const after = attempt(path, () => fstatSync(file, { bigint: true }))
      if (after.size !== stats.size || after.mtimeNs !== stats.mtimeNs) throw new ContentStoreError({ code: 'IMPORT_CHANGED', path })
      this.#counts.files++
      const mtimeS = Math.max(0, Math.floor(Number(stats.mtimeMs) / 1000))
      return { type: 'file', name, mode: Number(stats.mode) & PERMISSIONS, mtimeS, size, paged, content }
    } finally {
      closeSync(file)
    }
  }

  #content(file: number, size: number, path: string): { paged: boolean; content: Uint8Array | null } {
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
