import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { ContentId } from '@interpeer/crypto-ids'
import { BlockSource, type Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { type Chunk, readChunk, visitChunks } from '../chunks.js'
import { ContentStoreError } from '../errors.js'
import { type FileListing, listTree } from '../read-tree.js'
import { DEFAULT_TREE_LIMITS, type TreeLimits } from '../tree-limits.js'
import type { ImportCounts } from './import-messages.js'

const PERMISSIONS = 0o777
const FILES_AT_ONCE = 8
/** How many chunks of one file are named as missing. */
const MISSING_AT_ONCE = 1024
const DIRECTORY_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

export interface ExportOptions extends TreeLimits {
  /** Hears what has been written, after each file, and at the end. */
  readonly onProgress?: (counts: ImportCounts) => void
}

/**
 * Writes a tree to a folder, which is made, or is there and empty: so nothing in it can lead a write elsewhere. Symbolic links come
 * last, when everything else is in place. Modes (without set-id bits) and times are restored. No more of the content than a few
 * chunks is in memory at a time.
 * Says what is missing; missing content is found when its file's turn comes. Whole files that were written by then stay, also when it
 * rejects, and nothing more is written after that.
 * @throws {ContentStoreError} EXPORT_NOT_EMPTY; EXPORT_CONFLICT when the disk takes two names of the tree for one; TREE_MALFORMED,
 * TREE_TOO_LARGE; and Node's own error when the disk refuses, or `onProgress`'s (rejects)
 */
export async function exportFolder(
  get: GetBlock,
  root: ContentId,
  folder: string,
  { onProgress = () => {}, ...limits }: ExportOptions = {},
): Promise<ImportCounts | Missing> {
  const tree = listTree(get, root, { ...DEFAULT_TREE_LIMITS, ...limits })
  if ('missing' in tree) return tree
  await mkdir(folder, { recursive: true })
  if ((await readdir(folder)).length > 0) throw new ContentStoreError({ code: 'EXPORT_NOT_EMPTY', path: folder })
  for (const { path } of tree.directories) await made(path, () => mkdir(join(folder, path), { mode: 0o700 }))

  const counts = { files: 0, directories: tree.directories.length, symlinks: 0, bytes: 0 }
  const missing = new Set<ContentId>()
  const errors: unknown[] = []
  const waiting = tree.files.values()
  const writeFiles = async (): Promise<void> => {
    try {
      for (const file of waiting) {
        for (const cid of await writeFile(get, folder, file)) missing.add(cid)
        if (missing.size > 0 || errors.length > 0) return
        counts.files++
        counts.bytes += file.size
        onProgress({ ...counts })
      }
    } catch (error) {
      errors.push(error)
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, writeFiles))
  if (errors.length > 0) throw errors[0]
  if (missing.size > 0) return { missing: [...missing] }

  for (const { path, target } of tree.symlinks) {
    await made(path, () => symlink(target, join(folder, path)))
    counts.symlinks++
  }
  // the deepest first: a directory may be read-only
  for (const { path, mode } of tree.directories.toReversed()) {
    const directory = await open(join(folder, path), DIRECTORY_FLAGS)
    await finish(directory, () => directory.chmod(mode & PERMISSIONS))
  }
  onProgress({ ...counts })
  return counts
}

/** What of the file is missing: nothing if it has been written. A file that can't be written whole is not left behind. */
async function writeFile(get: GetBlock, folder: string, listing: FileListing): Promise<readonly ContentId[]> {
  const { mode, mtimeS, content } = listing
  const source = new BlockSource(get)
  const chunks: Chunk[] = []
  source.attempt(() => visitChunks(source, content, listing, (chunk) => chunks.push(chunk)))
  if (source.missing.length > 0) return source.missing
  const path = join(folder, listing.path)
  const file = await made(listing.path, () => open(path, 'wx', 0o600))
  let isWhole = false
  try {
    await finish(file, async () => {
      if (!(await writeChunks(source, listing, chunks, file))) return
      await file.chmod(mode & PERMISSIONS)
      await file.utimes(mtimeS, mtimeS)
      isWhole = true
    })
  } finally {
    if (!isWhole) await rm(path, { force: true })
  }
  return source.missing
}

/** Whether all of them were there. Looks for the others when one is missing, so that one round finds them all. */
async function writeChunks(source: BlockSource, listing: FileListing, chunks: readonly Chunk[], file: FileHandle): Promise<boolean> {
  let missing = 0
  for (const chunk of chunks) {
    let bytes: Uint8Array | undefined
    source.attempt(() => {
      bytes = readChunk(source, listing, chunk)
    })
    if (bytes === undefined) missing++
    if (missing >= MISSING_AT_ONCE) break
    if (missing > 0 || bytes === undefined) await setImmediate()
    else await file.writeFile(bytes)
  }
  return missing === 0
}

async function finish(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } finally {
    await file.close()
  }
}

async function made<T>(path: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (cause) {
    throw (cause as { code?: string }).code === 'EEXIST' ? new ContentStoreError({ code: 'EXPORT_CONFLICT', path }, { cause }) : cause
  }
}
