import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import type { BlockSource } from './block-source.js'
import { type Block, blockOf } from './blocks.js'
import { CHUNKS_PER_LIST, linked, malformed, openBlock, sealBlock } from './tree-blocks.js'

/** Files are cut here, so that a page written into a database changes one chunk. A multiple of SQLite's 4 KiB pages. */
export const CHUNK_BYTES = 64 * 1024
/** Two levels of chunk lists. */
export const FILE_MAX_BYTES = CHUNK_BYTES * CHUNKS_PER_LIST * CHUNKS_PER_LIST

export interface CutFile {
  readonly size: number
  /** Null for an empty file. */
  readonly content: ContentId | null
  /** Every block of the content, chunks first. Chunks are views into the bytes given. */
  readonly blocks: readonly Block[]
}

/** Content as blocks: up to 64 KiB one raw block, more as lists of up to 256 links, one or two levels. The size alone decides the shape. */
export function cutFile(bytes: Uint8Array): CutFile {
  const blocks: Block[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) blocks.push(blockOf(bytes.subarray(at, at + CHUNK_BYTES), 'raw'))
  let level: readonly Block[] = [...blocks]
  while (level.length > 1) {
    const lists: Block[] = []
    for (let at = 0; at < level.length; at += CHUNKS_PER_LIST) {
      const parts = level.slice(at, at + CHUNKS_PER_LIST).map(({ cid }) => bytesOfContentId(cid))
      lists.push(sealBlock({ type: 'chunks', parts }))
    }
    blocks.push(...lists)
    level = lists
  }
  return { size: bytes.length, content: level[0]?.cid ?? null, blocks }
}

/**
 * Joins the content of a file of `size` bytes.
 * @throws {ContentStoreError} TREE_MALFORMED when it is not exactly what `cutFile` makes of that many bytes
 * What is missing leaves a hole, and is in `source.missing`.
 */
export function joinFile(source: BlockSource, content: ContentId | null, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  visitChunks(source, content, size, (cid, at, length) => {
    const chunk = source.read(cid)
    if (chunk.length !== length) throw malformed(cid, `a chunk of ${length} bytes was expected`)
    bytes.set(chunk, at)
  })
  return bytes
}

/** Marks all that the lists of a file link to as known to the store, without reading the chunks. */
export function markKnown(source: BlockSource, content: ContentId | null, size: number): void {
  visitChunks(source, content, size, (cid) => source.known.add(cid))
}

type VisitChunk = (cid: ContentId, at: number, length: number) => void

/** Every chunk in order: its id, where in the file it starts, and its length. */
export function visitChunks(source: BlockSource, content: ContentId | null, size: number, visit: VisitChunk): void {
  let capacity = CHUNK_BYTES
  while (capacity < size) capacity *= CHUNKS_PER_LIST
  if (content !== null) visitPart(source, { cid: content, at: 0, length: size, capacity }, visit)
}

/** A chunk or a list, where in the file it starts, its length, and the length of a full one of its level. */
interface Part {
  readonly cid: ContentId
  readonly at: number
  readonly length: number
  readonly capacity: number
}
function visitPart(source: BlockSource, { cid, at, length, capacity }: Part, visit: VisitChunk): void {
  if (capacity === CHUNK_BYTES) {
    visit(cid, at, length)
    return
  }
  const step = capacity / CHUNKS_PER_LIST
  const { parts } = openBlock(cid, source.read(cid), 'chunks')
  if (parts.length !== Math.ceil(length / step)) throw malformed(cid, `${Math.ceil(length / step)} parts were expected`)
  for (const [i, part] of parts.entries()) {
    const child = linked(cid, part, step === CHUNK_BYTES ? 'raw' : 'dag-cbor')
    const partLength = Math.min(step, length - i * step)
    source.attempt(() => visitPart(source, { cid: child, at: at + i * step, length: partLength, capacity: step }, visit))
  }
}

/** What a file of this size has to link to: a chunk, or a list. */
export const contentCodecOf = (size: number): 'raw' | 'dag-cbor' => (size <= CHUNK_BYTES ? 'raw' : 'dag-cbor')
