import type { ContentId } from '@interpeer/crypto-ids'
import { BlockSource, MissingBlock } from './block-source.js'
import { type Block, blockOf } from './blocks.js'
import {
  type Chunk,
  type CutFile,
  chunkCount,
  chunkStart,
  FILE_MAX_BYTES,
  type FileShape,
  isPaged,
  listChunks,
  PAGED_MIN_BYTES,
  readChunk,
  visitChunks,
} from './chunks.js'
import { ContentStoreError } from './errors.js'
import type { FilePatch } from './files.js'

/**
 * The content after a patch. Only chunks that differ are read and made anew; the lists over them are. `blocks` has what is new, of a content that was itself
 * just made (`from.blocks`) too.
 * @throws {ContentStoreError} FILE_PATCH, FILE_TOO_LARGE, TREE_MALFORMED
 * @throws {MissingBlock}
 */
export function patchFile(source: BlockSource, from: CutFile, patch: FilePatch): CutFile {
  assertPatch(patch)
  const made = new Map(from.blocks.map((block) => [block.cid, block]))
  const old = new OldContent(source, from, made)
  const { size, parts } = patch
  const shape = { size, paged: isPaged(contentOf(old, patch, 0, Math.min(size, PAGED_MIN_BYTES))) }
  const chunks: ContentId[] = []
  const blocks = new Map<ContentId, Block>()
  let next = 0
  for (let i = 0; i < chunkCount(shape); i++) {
    const [start, end] = [chunkStart(shape, i), chunkStart(shape, i + 1)]
    while (next < parts.length && endOf(parts[next] as Part) <= start) next++
    const touched = next < parts.length && (parts[next] as Part).at < end
    const kept = touched ? undefined : old.chunkAt(start, end - start)
    const block = kept === undefined ? blockOf(contentOf(old, patch, start, end), 'raw') : made.get(kept)
    const cid = kept ?? (block as Block).cid
    chunks.push(cid)
    if (block !== undefined) blocks.set(cid, block)
  }
  const { content, lists } = listChunks(chunks)
  return { ...shape, content, blocks: [...blocks.values(), ...lists] }
}

type Part = FilePatch['parts'][number]
const endOf = ({ at, bytes }: Part): number => at + bytes.length

function assertPatch({ path, size, parts }: FilePatch): void {
  if (size > FILE_MAX_BYTES) throw new ContentStoreError({ code: 'FILE_TOO_LARGE', path, bytes: size, maxBytes: FILE_MAX_BYTES })
  let end = 0
  for (const part of parts) {
    if (!Number.isSafeInteger(part.at) || part.at < end || part.bytes.length === 0) {
      throw new ContentStoreError({ code: 'FILE_PATCH', path, reason: 'parts that are empty, out of order or one over another' })
    }
    end = endOf(part)
  }
  if (!Number.isSafeInteger(size) || end > size) throw new ContentStoreError({ code: 'FILE_PATCH', path, reason: 'a part beyond the size' })
}

/** From `start` to `end` of the content after the patch. */
function contentOf(old: OldContent, { parts }: FilePatch, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start)
  const over = parts.filter((part) => part.at < end && endOf(part) > start)
  const [only] = over
  if (over.length !== 1 || only === undefined || only.at > start || endOf(only) < end) old.copyTo(bytes, start)
  for (const { at, bytes: part } of over) {
    bytes.set(part.subarray(Math.max(0, start - at), Math.min(part.length, end - at)), Math.max(0, at - start))
  }
  return bytes
}

/** What a file was: its chunks by their place, read where it is needed. */
class OldContent {
  readonly #source: BlockSource
  readonly #shape: FileShape
  readonly #chunks: Chunk[] = []
  readonly #at = new Map<number, Chunk>()

  constructor(source: BlockSource, from: CutFile, made: ReadonlyMap<ContentId, Block>) {
    this.#source = new BlockSource((cid) => made.get(cid)?.bytes ?? source.read(cid))
    this.#shape = from
    visitChunks(this.#source, from.content, from, (chunk) => this.#chunks.push(chunk))
    // what is missing is noted in the walk's source already
    if (this.#chunks.length !== chunkCount(from)) throw new MissingBlock()
    for (const chunk of this.#chunks) this.#at.set(chunk.at, chunk)
  }

  chunkAt(start: number, length: number): ContentId | undefined {
    const chunk = this.#at.get(start)
    return chunk?.length === length ? chunk.cid : undefined
  }

  /** What was there from `start` on; nothing beyond the end. */
  copyTo(target: Uint8Array, start: number): void {
    const end = start + target.length
    for (const chunk of this.#chunks) {
      if (chunk.at >= end || chunk.at + chunk.length <= start) continue
      const bytes = readChunk(this.#source, this.#shape, chunk)
      target.set(bytes.subarray(Math.max(0, start - chunk.at), end - chunk.at), Math.max(0, chunk.at - start))
    }
  }
}
