import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { BlockSource, type Missing } from './block-source.js'
import type { GetBlock } from './blocks.js'
import { joinFile } from './chunks.js'
import { entriesOf, findEntry } from './directory-blocks.js'
import { ContentStoreError } from './errors.js'
import type { DirectoryEntry, FileEntry } from './files.js'
import { pathFault, segmentsOf } from './paths.js'
import { malformed, type TreeEntry } from './tree-blocks.js'

/** What a walk may cost. A tree can name one block many times, so its blocks say nothing about its size. */
export interface TreeLimits {
  /** Files and directories together. Default 100,000. */
  readonly maxEntries?: number
  /** Content of all files read. Default 1 GiB. */
  readonly maxBytes?: number
}
const DEFAULT_LIMITS = { maxEntries: 100_000, maxBytes: 1024 ** 3 }

/** A file as a directory lists it. */
export interface FileListing {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  readonly size: number
  /** A raw block up to 64 KiB, otherwise a list of chunks; null for an empty file. Equal content has equal ids. */
  readonly content: ContentId | null
}
export interface TreeFiles {
  readonly files: readonly FileEntry[]
  readonly directories: readonly DirectoryEntry[]
}
export interface TreeListing {
  readonly files: readonly FileListing[]
  readonly directories: readonly DirectoryEntry[]
}

/**
 * Everything in a tree, each list sorted by path, segment by segment; a directory comes before what is in it.
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 */
export function readTree(get: GetBlock, root: ContentId, limits: TreeLimits = {}): TreeFiles | Missing {
  const source = new BlockSource(get)
  return source.finish(() => {
    const { files, directories } = walk(source, root, { ...DEFAULT_LIMITS, ...limits })
    const read = files.map(({ content, size, ...file }): FileEntry => {
      let bytes: Uint8Array = new Uint8Array()
      source.attempt(() => {
        bytes = joinFile(source, content, size)
      })
      return { ...file, bytes }
    })
    return { files: read, directories }
  })
}

/** The same without content: reads directories only. @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE */
export function listTree(get: GetBlock, root: ContentId, limits: TreeLimits = {}): TreeListing | Missing {
  const source = new BlockSource(get)
  return source.finish(() => walk(source, root, { ...DEFAULT_LIMITS, maxBytes: Number.POSITIVE_INFINITY, ...limits }))
}

/** One file; undefined when no file is there. @throws {ContentStoreError} FILE_PATH, TREE_MALFORMED, TREE_TOO_LARGE */
export function readFile(
  get: GetBlock,
  root: ContentId,
  path: string,
  { maxBytes = DEFAULT_LIMITS.maxBytes }: TreeLimits = {},
): { readonly file: FileEntry | undefined } | Missing {
  const segments = segmentsOf(path)
  const source = new BlockSource(get)
  return source.finish(() => {
    let directory = root
    let entry: TreeEntry | undefined
    for (const [i, segment] of segments.entries()) {
      entry = findEntry(source, directory, segment)
      if (i === segments.length - 1 || entry?.type !== 'directory') {
        if (i < segments.length - 1) entry = undefined
        break
      }
      directory = contentIdOfBytes(entry.node)
    }
    if (entry?.type !== 'file') return { file: undefined }
    const { mode, mtimeS, size } = entry
    if (size > maxBytes) throw new ContentStoreError({ code: 'TREE_TOO_LARGE', reason: `more than ${maxBytes} bytes` })
    return { file: { path, mode, mtimeS, bytes: joinFile(source, entry.content && contentIdOfBytes(entry.content), size) } }
  })
}

function walk(source: BlockSource, root: ContentId, limits: Required<TreeLimits>): { files: FileListing[]; directories: DirectoryEntry[] } {
  const [files, directories]: [FileListing[], DirectoryEntry[]] = [[], []]
  let totalBytes = 0
  const enter = (cid: ContentId, above: string): void => {
    for (const entry of entriesOf(source, cid)) {
      const path = above + entry.name
      const fault = pathFault(path)
      if (fault !== undefined) throw malformed(cid, fault)
      if (files.length + directories.length >= limits.maxEntries) throw tooLarge(`more than ${limits.maxEntries} entries`)
      if (entry.type === 'directory') {
        directories.push({ path, mode: entry.mode })
        source.attempt(() => enter(contentIdOfBytes(entry.node), `${path}/`))
      } else {
        totalBytes += entry.size
        if (totalBytes > limits.maxBytes) throw tooLarge(`more than ${limits.maxBytes} bytes`)
        const { mode, mtimeS, size, content } = entry
        files.push({ path, mode, mtimeS, size, content: content && contentIdOfBytes(content) })
      }
    }
  }
  enter(root, '')
  return { files, directories }
}
const tooLarge = (reason: string): ContentStoreError => new ContentStoreError({ code: 'TREE_TOO_LARGE', reason })
