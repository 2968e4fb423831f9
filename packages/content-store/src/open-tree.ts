import type { ContentId } from '@interpeer/crypto-ids'
import { BlockSource, type Missing, MissingBlock } from './block-source.js'
import type { GetBlock } from './blocks.js'
import { type Chunk, readChunk, visitChunks } from './chunks.js'
import type { DirectoryEntry } from './files.js'
import { type FileListing, listTree } from './read-tree.js'
import type { SymlinkEntry } from './symlinks.js'
import type { TreeLimits } from './tree-limits.js'

/** A file of a tree whose content is read when it is asked for, and never held whole. */
export interface OpenFile {
  readonly path: string
  readonly mode: number
  readonly mtimeS: number
  /** In bytes. */
  readonly size: number
  /**
   * The content in order, chunk by chunk, `size` bytes in all; it ends early where a block is not here (see `OpenTree.lacks`).
   * @throws {ContentStoreError} TREE_MALFORMED
   */
  read(): Iterable<Uint8Array>
}

/** A tree whose folders are read, and whose files are still in the store. */
export interface OpenTree {
  readonly files: readonly OpenFile[]
  readonly directories: readonly DirectoryEntry[]
  readonly symlinks: readonly SymlinkEntry[]
  /** Whether a block was not here when a file was read. */
  readonly lacks: boolean
  /**
   * Goes through all files and looks which of their blocks are missing, a step a chunk, so that who calls it can let others work in between. It
   * yields the bytes of the chunk looked at, and returns what is missing: at most 4096, there may be more.
   * @throws {ContentStoreError} TREE_MALFORMED
   */
  lookForMissing(): Generator<number, Missing, undefined>
}

/**
 * Everything in a tree as `readTree` lists it, without reading any content: for trees that are larger than memory.
 * @throws {ContentStoreError} TREE_MALFORMED, TREE_TOO_LARGE
 */
export function openTree(get: GetBlock, root: ContentId, limits: TreeLimits = {}): OpenTree | Missing {
  const listing = listTree(get, root, limits)
  return 'missing' in listing ? listing : new TreeOfStore(get, listing.files, listing.directories, listing.symlinks)
}

class TreeOfStore implements OpenTree {
  readonly files: readonly OpenFile[]
  readonly directories: readonly DirectoryEntry[]
  readonly symlinks: readonly SymlinkEntry[]
  readonly #get: GetBlock
  readonly #listed: readonly FileListing[]
  #lacks = false

  constructor(get: GetBlock, listed: readonly FileListing[], directories: readonly DirectoryEntry[], symlinks: readonly SymlinkEntry[]) {
    this.#get = get
    this.#listed = listed
    this.directories = directories
    this.symlinks = symlinks
    this.files = listed.map((file) => {
      const { path, mode, mtimeS, size } = file
      return { path, mode, mtimeS, size, read: () => this.#read(file) }
    })
  }

  get lacks(): boolean {
    return this.#lacks
  }

  *lookForMissing(): Generator<number, Missing, undefined> {
    const source = new BlockSource(this.#get)
    try {
      for (const file of this.#listed) {
        for (const chunk of chunksOf(source, file)) {
          source.attempt(() => readChunk(source, file, chunk))
          yield chunk.length
        }
      }
    } catch (cause) {
      // `attempt` ends a walk that has found the most
      if (!(cause instanceof MissingBlock)) throw cause
    }
    return { missing: source.missing }
  }

  *#read(file: FileListing): Iterable<Uint8Array> {
    const source = new BlockSource(this.#get)
    for (const chunk of chunksOf(source, file)) {
      let bytes: Uint8Array | undefined
      source.attempt(() => {
        bytes = readChunk(source, file, chunk)
      })
      if (bytes === undefined) break
      yield bytes
    }
    this.#lacks ||= source.missingCount > 0
  }
}

/** As many as are known: where a list is not here, those below it are left out, and it is among what is missing. */
function chunksOf(source: BlockSource, file: FileListing): readonly Chunk[] {
  const chunks: Chunk[] = []
  source.attempt(() => visitChunks(source, file.content, file, (chunk) => chunks.push(chunk)))
  return chunks
}
