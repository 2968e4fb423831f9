import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'
import { CID } from 'multiformats/cid'
import { BLOCK_MAX_BYTES, type BlockStore } from './blocks.js'
import { ContentStoreError } from './errors.js'

/** As much of an AbortSignal as is needed here. Looked at before each block. */
export interface BlockstoreOptions {
  readonly signal?: { throwIfAborted(): void }
}
export type BlockstoreInput = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
export interface BlockstorePair {
  cid: CID
  bytes: AsyncGenerator<Uint8Array>
}
/** Several, at once or one after the other. */
export type BlockstoreMany<T> = Iterable<T> | AsyncIterable<T>

/** What npm `interface-blockstore` 7 asks for: the stores of IPFS and Helia. */
export interface Blockstore {
  has(cid: CID, options?: BlockstoreOptions): Promise<boolean>
  put(cid: CID, bytes: BlockstoreInput, options?: BlockstoreOptions): Promise<CID>
  putMany(source: BlockstoreMany<{ cid: CID; bytes: BlockstoreInput }>, options?: BlockstoreOptions): AsyncGenerator<CID>
  get(cid: CID, options?: BlockstoreOptions): AsyncGenerator<Uint8Array>
  getMany(source: BlockstoreMany<CID>, options?: BlockstoreOptions): AsyncGenerator<BlockstorePair>
  getAll(options?: BlockstoreOptions): AsyncGenerator<BlockstorePair>
  delete(cid: CID, options?: BlockstoreOptions): Promise<void>
  deleteMany(source: BlockstoreMany<CID>, options?: BlockstoreOptions): AsyncGenerator<CID>
}

/**
 * A store of ours for who speaks `interface-blockstore`. Blocks that a store of ours can't name (other hashes than SHA-256, other codecs
 * than raw and dag-cbor, CIDv0) are not there, and putting one throws CryptoError. What can't be read, or is not there, is a
 * `NotFoundError`.
 */
export function asBlockstore(store: BlockStore): Blockstore {
  const blockstore: Blockstore = {
    has: async (cid, options) => {
      options?.signal?.throwIfAborted()
      const id = idOf(cid)
      return id !== undefined && store.has(id)
    },
    put: async (cid, input, options) => {
      options?.signal?.throwIfAborted()
      await store.put([{ cid: contentIdOfBytes(cid.bytes), bytes: await whole(input, options) }])
      return cid
    },
    putMany: (source, options) => each(source, options, ({ cid, bytes }) => blockstore.put(cid, bytes, options)),
    get: async function* (cid, options) {
      options?.signal?.throwIfAborted()
      const id = idOf(cid)
      const bytes = id && store.get(id)
      if (bytes === undefined) throw new NotFoundError(`${cid}`)
      yield bytes
    },
    getMany: (source, options) => each(source, options, async (cid) => ({ cid, bytes: blockstore.get(cid, options) })),
    getAll: (options) =>
      each(store.list(), options, async (id) => {
        const cid = CID.decode(bytesOfContentId(id))
        return { cid, bytes: blockstore.get(cid, options) }
      }),
    delete: async (cid, options) => {
      options?.signal?.throwIfAborted()
      const id = idOf(cid)
      if (id !== undefined) await store.delete([id])
    },
    deleteMany: (source, options) =>
      each(source, options, async (cid) => {
        await blockstore.delete(cid, options)
        return cid
      }),
  }
  return blockstore
}

/** The interface's own, told by its name. */
class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

function idOf(cid: CID): ContentId | undefined {
  try {
    return contentIdOfBytes(cid.bytes)
  } catch {
    return undefined
  }
}

async function* each<T, R>(
  source: BlockstoreMany<T>,
  options: BlockstoreOptions | undefined,
  act: (one: T) => Promise<R>,
): AsyncGenerator<R> {
  options?.signal?.throwIfAborted()
  for await (const one of source) {
    options?.signal?.throwIfAborted()
    yield await act(one)
  }
}

/** @throws {ContentStoreError} BLOCK_TOO_LARGE, as soon as it is */
async function whole(input: BlockstoreInput, options: BlockstoreOptions | undefined): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of input) {
    options?.signal?.throwIfAborted()
    bytes += part.length
    if (bytes > BLOCK_MAX_BYTES) throw new ContentStoreError({ code: 'BLOCK_TOO_LARGE', bytes, maxBytes: BLOCK_MAX_BYTES })
    parts.push(part)
  }
  return concatBytes(...parts)
}
