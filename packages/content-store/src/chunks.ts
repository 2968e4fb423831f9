import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import type { BlockSource } from './block-source.js'
import { BLOCK_MAX_BYTES, type Block, blockOf } from './blocks.js'
import { CHUNKS_PER_LIST, linked, malformed, openBlock, sealBlock } from './tree-blocks.js'

/** Paged files, and the end of every other file, are cut here. A multiple of SQLite's pages, of 4 KiB mostly. */
export const CHUNK_BYTES = 64 * 1024
/** What is not paged is cut here as long as there is so much. */
export const LARGE_CHUNK_BYTES = BLOCK_MAX_BYTES
/** Two levels of chunk lists. */
export const FILE_MAX_BYTES = CHUNK_BYTES * CHUNKS_PER_LIST * CHUNKS_PER_LIST
const CHUNKS_PER_LARGE = LARGE_CHUNK_BYTES / CHUNK_BYTES

/** What decides where a file is cut, and nothing else does (docs/adr/0006). */
export interface FileShape {
  readonly size: number
  /** A database that is edited in place: it begins with the 16 bytes that every SQLite 3 file begins with. */
  readonly paged: boolean
}

const PAGED_START = 'SQLite format 3\0'
/** A file that is smaller cannot be paged. */
export const PAGED_MIN_BYTES = PAGED_START.length
/** @param start the file's first 16 bytes or more; fewer only if the file has no more */
export function isPaged(start: Uint8Array): boolean {
  if (start.length < PAGED_MIN_BYTES) return false
  for (let i = 0; i < PAGED_MIN_BYTES; i++) if (start[i] !== PAGED_START.charCodeAt(i)) return false
  return true
}

const largeChunksOf = ({ size, paged }: FileShape): number => (paged ? 0 : Math.floor(size / LARGE_CHUNK_BYTES))

/** How many chunks a file of that shape has. */
export function chunkCount(shape: FileShape): number {
  const large = largeChunksOf(shape)
  return large + Math.ceil((shape.size - large * LARGE_CHUNK_BYTES) / CHUNK_BYTES)
}
/** Where chunk `index` starts, in bytes. After the last one: the file's size. */
export function chunkStart(shape: FileShape, index: number): number {
  const large = largeChunksOf(shape)
  if (index <= large) return index * LARGE_CHUNK_BYTES
  return Math.min(shape.size, (large * CHUNKS_PER_LARGE + index - large) * CHUNK_BYTES)
}

/** What a file of this shape links to: its only chunk, or a list. */
export const contentCodecOf = (shape: FileShape): 'raw' | 'dag-cbor' => (chunkCount(shape) <= 1 ? 'raw' : 'dag-cbor')

export interface CutFile extends FileShape {
  /** Null for an empty file. */
  readonly content: ContentId | null
  /** Every block of the content, chunks first. Chunks are views into the bytes given. */
  readonly blocks: readonly Block[]
}

/** Content as blocks: one raw chunk, or more under lists of up to 256 links, one or two levels. The shape alone decides how. */
export function cutFile(bytes: Uint8Array): CutFile {
  const shape = { size: bytes.length, paged: isPaged(bytes) }
  const chunks: Block[] = []
  for (let i = 0; i < chunkCount(shape); i++) {
    chunks.push(blockOf(bytes.subarray(chunkStart(shape, i), chunkStart(shape, i + 1)), 'raw'))
  }
  const { content, lists } = listChunks(chunks.map(({ cid }) => cid))
  return { ...shape, content, blocks: [...chunks, ...lists] }
}

/** The lists over all chunks of a file, in order, and what the file then links to. */
export function listChunks(chunks: readonly ContentId[]): { readonly content: ContentId | null; readonly lists: readonly Block[] } {
  const lists: Block[] = []
  let level = chunks
  while (level.length > 1) {
    const above: ContentId[] = []
    for (let at = 0; at < level.length; at += CHUNKS_PER_LIST) {
      const list = sealBlock({ type: 'chunks', parts: level.slice(at, at + CHUNKS_PER_LIST).map(bytesOfContentId) })
      lists.push(list)
      above.push(list.cid)
    }
    level = above
  }
  return { content: level[0] ?? null, lists }
}

/**
 * Joins the content of a file.
 * @throws {ContentStoreError} TREE_MALFORMED when it is not exactly what `cutFile` makes of the file
 * What is missing leaves a hole, and is in `source.missing`.
 */
export function joinFile(source: BlockSource, content: ContentId | null, shape: FileShape): Uint8Array {
  const bytes = new Uint8Array(shape.size)
  visitChunks(source, content, shape, (chunk) => bytes.set(readChunk(source, shape, chunk), chunk.at))
  return bytes
}

/** Marks all that the lists of a file link to as known to the store, without reading the chunks. */
export function markKnown(source: BlockSource, content: ContentId | null, shape: FileShape): void {
  visitChunks(source, content, shape, ({ cid }) => source.known.add(cid))
}

/** A chunk: where in the file it starts, and its length, in bytes. */
export interface Chunk {
  readonly cid: ContentId
  readonly at: number
  readonly length: number
}

/** @throws {ContentStoreError} TREE_MALFORMED when it is of another length, or the file begins otherwise than its shape says */
export function readChunk(source: BlockSource, { paged }: FileShape, { cid, at, length }: Chunk): Uint8Array {
  const bytes = source.read(cid)
  if (bytes.length !== length) throw malformed(cid, `a chunk of ${length} bytes was expected`)
  if (at === 0 && isPaged(bytes) !== paged) throw malformed(cid, `the start of a file that is ${paged ? '' : 'not '}paged was expected`)
  return bytes
}

/** Every chunk in order. @throws {ContentStoreError} TREE_MALFORMED when the lists are not those of a file of that shape */
export function visitChunks(source: BlockSource, content: ContentId | null, shape: FileShape, visit: (chunk: Chunk) => void): void {
  const count = chunkCount(shape)
  let span = 1
  while (span < count) span *= CHUNKS_PER_LIST
  if (content !== null) visitPart(source, shape, { cid: content, first: 0, count, span }, visit)
}

/** A chunk or a list: its first chunk, how many it has, and how many a full one of its level has. */
interface Part {
  readonly cid: ContentId
  readonly first: number
  readonly count: number
  readonly span: number
}
function visitPart(source: BlockSource, shape: FileShape, { cid, first, count, span }: Part, visit: (chunk: Chunk) => void): void {
  if (span === 1) {
    const at = chunkStart(shape, first)
    visit({ cid, at, length: chunkStart(shape, first + 1) - at })
    return
  }
  const step = span / CHUNKS_PER_LIST
  const { parts } = openBlock(cid, source.read(cid), 'chunks')
  if (parts.length !== Math.ceil(count / step)) throw malformed(cid, `${Math.ceil(count / step)} parts were expected`)
  for (const [i, part] of parts.entries()) {
    const child = linked(cid, part, step === 1 ? 'raw' : 'dag-cbor')
    const its = { cid: child, first: first + i * step, count: Math.min(step, count - i * step), span: step }
    source.attempt(() => visitPart(source, shape, its, visit))
  }
}
