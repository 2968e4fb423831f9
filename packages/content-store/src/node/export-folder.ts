import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
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
const DIRECTORY_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0)

export interface ExportOptions extends TreeLimits {
  /** Hears what has been written, after each file, and at the end. */
  readonly onProgress?: (counts: ImportCounts) => void
}

/**
 * Writes a tree to a folder, which is made, or is there and empty: so nothing in it can lead a write elsewhere. Symbolic links come
 * last, when everything else is in place. Modes (without set-id bits) and times are restored. No more of the content than a few
 * chunks is in memory at a time.
 * Says what is missing; missing content is found when its file's turn comes, and what was written by then stays.
 * @throws {ContentStoreError} EXPORT_NOT_EMPTY; EXPORT_CONFLICT when the disk takes two names of the tree for one; TREE_MALFORMED,
 * TREE_TOO_LARGE; and Node's own error when the disk refuses (rejects)
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
  const waiting = tree.files.values()
  const writeFiles = async (): Promise<void> => {
    for (const file of waiting) {
      for (const cid of await writeFile(get, folder, file)) missing.add(cid)
      if (missing.size > 0) return
      counts.files++
      counts.bytes += file.size
      onProgress({ ...counts })
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, writeFiles))
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

/** What of the file is missing; if anything is, the file is not written. */
async function writeFile(get: GetBlock, folder: string, listing: FileListing): Promise<readonly ContentId[]> {
  const { path, mode, mtimeS, content } = listing
  const source = new BlockSource(get)
  const chunks: Chunk[] = []
  source.attempt(() => visitChunks(source, content, listing, (chunk) => chunks.push(chunk)))
  if (source.missing.length > 0) return source.missing
  const file = await made(path, () => open(join(folder, path), 'wx', 0o600))
  await finish(file, async () => {
    for (const chunk of chunks) {
      let bytes: Uint8Array | undefined
      source.attempt(() => {
        bytes = readChunk(source, listing, chunk)
      })
      if (bytes === undefined) return
      await file.writeFile(bytes)
    }
    await file.chmod(mode & PERMISSIONS)
    await file.utimes(mtimeS, mtimeS)
  })
  return source.missing
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
