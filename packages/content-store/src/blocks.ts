import { bytesOfContentId, type Codec, type ContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { ContentStoreError } from './errors.js'

export const BLOCK_MAX_BYTES = 1024 * 1024
/** Where the SHA-256 begins in the bytes of a CID: after version, codec, hash and length. */
const HASH_AT = 4

/** A piece of content and its name: the CID says how to read it (raw bytes or dag-cbor) and what its SHA-256 is. */
export interface Block {
  readonly cid: ContentId
  /** At most 1 MiB. Blocks cut from a file are views into it: whoever keeps one for long copies it. */
  readonly bytes: Uint8Array
}

/** Synchronous, because the trees are: what is not here is `undefined`, and the caller fetches it and runs again. */
export type GetBlock = (cid: ContentId) => Uint8Array | undefined

export interface BlockStore {
  /** The block's bytes, hashed again on every read from disk: a corrupt block is `undefined` and counted, and `put` replaces it. */
  readonly get: GetBlock
  /** Whether something is kept under this name. Does not read it: a corrupt block counts as kept. */
  readonly has: (cid: ContentId) => boolean
  /**
   * Durable when it resolves, all of them or none. A block that is there already costs no write. Urgent ones may take half of what blocks leave to
   * records (`maxBytes`): for few and small ones without which a record that frees room can't be written.
   * @throws {ContentStoreError} BLOCK_TOO_LARGE, BLOCK_MISMATCH, STORE_FULL, STORE_WRITE_FAILED, STORE_CLOSED (rejects)
   */
  readonly put: (blocks: readonly Block[], how?: PutOptions) => Promise<void>
  /** @throws {ContentStoreError} STORE_WRITE_FAILED, STORE_CLOSED (rejects) */
  readonly delete: (cids: readonly ContentId[]) => Promise<void>
  readonly list: () => Iterable<ContentId>
  readonly counters: () => BlockCounters
}
export interface PutOptions {
  /** Default: false. */
  readonly urgent?: boolean
}
export interface BlockCounters {
  /** Reads that found bytes which do not hash to their name. */
  readonly corrupt: number
}

/** @throws {ContentStoreError} BLOCK_TOO_LARGE */
export function blockOf(bytes: Uint8Array, codec: Codec): Block {
  assertBlockSize(bytes)
  return { cid: contentIdOf(bytes, codec), bytes }
}

/** Whether `bytes` are what `cid` names. */
export const isContentOf = (cid: ContentId, bytes: Uint8Array): boolean =>
  bytes.length <= BLOCK_MAX_BYTES && sameBytes(sha256(bytes), bytesOfContentId(cid).subarray(HASH_AT))

const hashed = new WeakSet<Block>()
/** For code of this package that has just named these bytes itself, in memory that nobody else writes to: `put` need not hash them again. */
export function hashedHere(block: Block): Block {
  hashed.add(block)
  return block
}
/** Before that memory is written to again: whoever still has the block has it hashed as any other. */
export function hashedNoMore(block: Block): void {
  hashed.delete(block)
}

/** @throws {ContentStoreError} BLOCK_TOO_LARGE, BLOCK_MISMATCH */
export function assertBlocks(blocks: readonly Block[]): void {
  for (const block of blocks) {
    const { cid, bytes } = block
    assertBlockSize(bytes)
    if (!hashed.has(block) && !isContentOf(cid, bytes)) throw new ContentStoreError({ code: 'BLOCK_MISMATCH', cid })
  }
}

function assertBlockSize(bytes: Uint8Array): void {
  if (bytes.length > BLOCK_MAX_BYTES) {
    throw new ContentStoreError({ code: 'BLOCK_TOO_LARGE', bytes: bytes.length, maxBytes: BLOCK_MAX_BYTES })
  }
}
