import { constants, type Stats } from 'node:fs'
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { ContentStoreError } from '../errors.js'
import type { DirectoryEntry, FileEntry } from '../files.js'
import { pathFault } from '../paths.js'
import type { TreeFiles } from '../read-tree.js'

export interface ImportLimits {
  /** One file. Default 256 MiB. */
  readonly maxFileBytes?: number
  /** All files. Default 1 GiB. */
  readonly maxBytes?: number
  /** Files and directories. Default 100,000. */
  readonly maxEntries?: number
}
const DEFAULT_LIMITS = { maxFileBytes: 256 * 1024 ** 2, maxBytes: 1024 ** 3, maxEntries: 100_000 }
const PERMISSIONS = 0o777

/**
 * Reads a folder for `buildTree`, each directory in it too. A symbolic link that stays inside the folder is read as what it points
 * to; nothing outside is ever read. Owner, set-id bits and extended attributes are left behind; times are whole seconds.
 * @throws {ContentStoreError} IMPORT_NOT_A_FOLDER; IMPORT_OUTSIDE a link that leads out; IMPORT_LOOP a link to a folder it lies in;
 * IMPORT_KIND a device, socket or pipe; IMPORT_NAME not UTF-8; IMPORT_UNREADABLE; FILE_PATH; FILE_TOO_LARGE; TREE_TOO_LARGE (rejects)
 */
export async function importFolder(folder: string, limits: ImportLimits = {}): Promise<TreeFiles> {
  let top: string
  try {
    top = await realpath(folder)
    if (!(await lstat(top)).isDirectory()) throw new ContentStoreError({ code: 'IMPORT_NOT_A_FOLDER', path: folder })
  } catch (cause) {
    throw cause instanceof ContentStoreError ? cause : new ContentStoreError({ code: 'IMPORT_NOT_A_FOLDER', path: folder }, { cause })
  }
  const importer = new Importer(top, { ...DEFAULT_LIMITS, ...limits })
  await importer.enter(top, '', [top])
  return { files: importer.files, directories: importer.directories, symlinks: [] }
}

class Importer {
  readonly files: FileEntry[] = []
  readonly directories: DirectoryEntry[] = []
  readonly #top: string
  readonly #limits: Required<ImportLimits>
  #bytes = 0

  constructor(top: string, limits: Required<ImportLimits>) {
    this.#top = top
    this.#limits = limits
  }

  /** Reads the folder at `real`, a path without symbolic links. `within`: the real folders it is read as part of. */
  async enter(real: string, above: string, within: readonly string[]): Promise<void> {
    const names = (await read(above, () => readdir(real, { encoding: 'buffer' }))).map((name) => textOf(name, above))
    for (const name of names.sort()) {
      const path = above + name
      const reason = pathFault(path)
      if (reason !== undefined) throw new ContentStoreError({ code: 'FILE_PATH', path, reason })
      if (this.files.length + this.directories.length >= this.#limits.maxEntries) {
        throw new ContentStoreError({ code: 'TREE_TOO_LARGE', reason: `more than ${this.#limits.maxEntries} entries` })
      }
      await this.#entry(await this.#resolve(`${real}${sep}${name}`, path), path, within)
    }
  }

  async #entry(real: string, path: string, within: readonly string[]): Promise<void> {
    const stats = await read(path, () => lstat(real))
    if (stats.isFile()) return this.#file(real, path)
    if (!stats.isDirectory()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
    if (within.includes(real)) throw new ContentStoreError({ code: 'IMPORT_LOOP', path })
    this.directories.push({ path, mode: stats.mode & PERMISSIONS })
    await this.enter(real, `${path}/`, [...within, real])
  }

  /** Where it really is. @throws {ContentStoreError} IMPORT_OUTSIDE when that is not inside the folder */
  async #resolve(full: string, path: string): Promise<string> {
    if (!(await read(path, () => lstat(full))).isSymbolicLink()) return full
    const real = await read(path, () => realpath(full))
    if (real !== this.#top && !real.startsWith(this.#top + sep)) throw new ContentStoreError({ code: 'IMPORT_OUTSIDE', path })
    return real
  }

  async #file(real: string, path: string): Promise<void> {
    // No following and no waiting: what was a file a moment ago may be a link or a pipe now
    const file = await read(path, () => open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
    try {
      const stats = await file.stat()
      if (!stats.isFile()) throw new ContentStoreError({ code: 'IMPORT_KIND', path, kind: kindOf(stats) })
      const { maxFileBytes, maxBytes } = this.#limits
      if (stats.size > maxFileBytes)
        throw new ContentStoreError({ code: 'FILE_TOO_LARGE', path, bytes: stats.size, maxBytes: maxFileBytes })
      this.#bytes += stats.size
      if (this.#bytes > maxBytes) throw new ContentStoreError({ code: 'TREE_TOO_LARGE', reason: `more than ${maxBytes} bytes` })
      const bytes = new Uint8Array(stats.size)
      const { bytesRead } = await read(path, () => file.read(bytes, 0, stats.size, 0))
      const mtimeS = Math.max(0, Math.floor(stats.mtimeMs / 1000))
      this.files.push({ path, mode: stats.mode & PERMISSIONS, mtimeS, bytes: bytes.subarray(0, bytesRead) })
    } finally {
      await file.close()
    }
  }
}

async function read<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    throw new ContentStoreError({ code: 'IMPORT_UNREADABLE', path }, { cause })
  }
}

function textOf(name: Buffer, above: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(name)
  } catch (cause) {
    throw new ContentStoreError({ code: 'IMPORT_NAME', path: above + name.toString('latin1') }, { cause })
  }
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'pipe'
  if (stats.isSocket()) return 'socket'
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'unknown'
}
