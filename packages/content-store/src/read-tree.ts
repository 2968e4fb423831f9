import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { BlockSource, type Missing } from './block-source.js'
import type { GetBlock } from './blocks.js'
import { joinFile } from './chunks.js'
import { entriesOf } from './directory-blocks.js'
import type { DirectoryEntry, FileEntry } from './files.js'
import { followPath, topPlace } from './follow-path.js'
import { pathFault, segmentsOf } from './paths.js'
import { type SymlinkEntry, targetFault } from './symlinks.js'
import { malformed } from './tree-blocks.js'
import { DEFAULT_TREE_LIMITS, type TreeLimits, tooLarge } from './tree-limits.js'

/** A file as a directory lists it. */
export interface FileListing {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly size: number
  /** Whether it is cut as a database is (docs/adr/0006). */
  readonly paged: boolean
  /** The only chunk, or a list of chunks; null for an empty file. Equal content has equal ids. */
  readonly content: ContentId | null
}
export interface TreeFiles {
  readonly files: readonly FileEntry[]
  readonly directories: readonly DirectoryEntry[]
  readonly symlinks: readonly SymlinkEntry[]
}
export interface TreeListing {
  readonly files: readonly FileListing[]
  readonly directories: readonly DirectoryEntry[]
  readonly symlinks: readonly SymlinkEntry[]
}

/**
 * Everything in a tree, each list sorted by path, segment by segment; a directory comes before what is in it.
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 */
export function readTree(get: GetBlock, root: ContentId, limits: TreeLimits = {}): TreeFiles | Missing {
  const source = new BlockSource(get)
  return source.finish(() => {
    const { files, ...others } = walk(source, root, { ...DEFAULT_TREE_LIMITS, ...limits })
    const read = files.map(({ content, size, paged, ...file }): FileEntry => {
      let bytes: Uint8Array = new Uint8Array()
      source.attempt(() => {
        bytes = joinFile(source, content, { size, paged })
      })
      return { ...file, bytes }
    })
    return { files: read, ...others }
  })
}

/** The same without content: reads directories only. @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE */
export function listTree(get: GetBlock, root: ContentId, limits: TreeLimits = {}): TreeListing | Missing {
  const source = new BlockSource(get)
  return source.finish(() => walk(source, root, { ...DEFAULT_TREE_LIMITS, maxBytes: Number.POSITIVE_INFINITY, ...limits }))
}

/**
 * One file; undefined when no file is there. Symbolic links on the way and at its end are followed, at most 32: one that leads
 * nowhere, or in a circle, is no file.
 * @throws {ContentStoreError} FILE_PATH, TREE_MALFORMED, TREE_TOO_LARGE
 */
export function readFile(
  get: GetBlock,
  root: ContentId,
  path: string,
  { maxBytes = DEFAULT_TREE_LIMITS.maxBytes }: TreeLimits = {},
): { readonly file: FileEntry | undefined } | Missing {
  const segments = segmentsOf(path)
  const source = new BlockSource(get)
  return source.finish(() => {
    const found = followPath(source, topPlace(root), segments)
    if (found?.type !== 'file') return { file: undefined }
    const { mode, mtimeS, size, content } = found.entry
    if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`)
    return { file: { path, mode, mtimeS, bytes: joinFile(source, content && contentIdOfBytes(content), found.entry) } }
  })
}

type Walked = { [K in keyof TreeListing]: TreeListing[K][number][] }
function walk(source: BlockSource, root: ContentId, limits: Required<TreeLimits>): Walked {
  const walked: Walked = { files: [], directories: [], symlinks: [] }
  let [totalEntries, totalBytes] = [0, 0]
  const enter = (cid: ContentId, above: string, depth: number): void => {
    for (const entry of entriesOf(source, cid, totalEntries, limits.maxEntries)) {
      const path = above + entry.name
      const fault = pathFault(path) ?? (entry.type === 'symlink' ? targetFault(entry.target, depth) : undefined)
      if (fault !== undefined) throw malformed(cid, fault)
      if (++totalEntries > limits.maxEntries) throw tooLarge(`more than ${limits.maxEntries} entries`)
      if (entry.type === 'symlink') walked.symlinks.push({ path, target: entry.target })
      else if (entry.type === 'directory') {
        walked.directories.push({ path, mode: entry.mode })
        source.attempt(() => enter(contentIdOfBytes(entry.node), `${path}/`, depth + 1))
      } else {
        totalBytes += entry.size
        if (totalBytes > limits.maxBytes) throw tooLarge(`more than ${limits.maxBytes} bytes`)
        const { mode, mtimeS, size, paged, content } = entry
        walked.files.push({ path, mode, mtimeS, size, paged, content: content && contentIdOfBytes(content) })
      }
    }
  }
  enter(root, '', 0)
  return walked
}
