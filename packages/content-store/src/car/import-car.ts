import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytesOfHex, concatBytes, sameBytes } from '@interpeer/wire-codec'
import { bytesReader, readBlockHead, readHeader } from '@ipld/car/decoder'
import type { CID } from 'multiformats/cid'
import { BLOCK_MAX_BYTES, type Block, type BlockStore, hashedHere, isContentOf } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { CarFrames, malformed } from './car-frames.js'

export interface CarLimits {
  /** The whole archive. Default 1 GiB. */
  readonly maxBytes?: number
  /** Default 1,000,000. */
  readonly maxBlocks?: number
}
export interface ImportedCar {
  readonly roots: readonly ContentId[]
  /** Blocks in the archive, one that is there twice counted twice. */
  readonly blocks: number
  /** Of the blocks. */
  readonly bytes: number
}

const DEFAULT_LIMITS = { maxBytes: 1024 ** 3, maxBlocks: 1_000_000 }
/** The map { version: 2 }. */
const PRAGMA_OF_CARV2 = bytesOfHex('a16776657273696f6e02')
/** Room for more than a thousand roots. */
const HEADER_MAX_BYTES = 64 * 1024
const CID_BYTES = 36
/** A section with a CID of another kind, which is refused by its kind and not by its length. */
const SECTION_MAX_BYTES = BLOCK_MAX_BYTES + 256
/** Blocks are stored when so much has come together. */
const BATCH_BYTES = 4 * 1024 * 1024
/** Or so many, as a small block takes many times its bytes in memory. */
const BATCH_BLOCKS = 1024

/**
 * Stores the blocks of a CARv1 archive, each of which has to be what its CID names; durable when it resolves. Holds 4 MiB of it, and
 * 1,024 blocks, at a time. Blocks before a fault have been stored then, but nothing refers to them. A block that comes again changes nothing. What the
 * blocks link to need not be in the archive: `missingBlocks` says whether it is.
 * @throws {ContentStoreError} CAR_MALFORMED not CARv1; CAR_UNSUPPORTED a later version, no root, or a CID that is not CIDv1 sha2-256 of
 * raw or dag-cbor; CAR_TOO_LARGE; CAR_INCOMPLETE a root without its block; BLOCK_MISMATCH, BLOCK_TOO_LARGE; and as `put` does (rejects)
 */
export async function importCar(
  source: AsyncIterable<Uint8Array>,
  store: Pick<BlockStore, 'put'>,
  limits: CarLimits = {},
): Promise<ImportedCar> {
  const { maxBytes, maxBlocks } = { ...DEFAULT_LIMITS, ...limits }
  const frames = new CarFrames(source, maxBytes)
  try {
    const roots = await rootsOf(await frames.next(HEADER_MAX_BYTES))
    const missing = new Set(roots)
    let [blocks, bytes, batchBytes] = [0, 0, 0]
    let batch: Block[] = []
    const putBatch = async (): Promise<void> => {
      await store.put(batch)
      batch = []
      batchBytes = 0
    }
    for (let section = await frames.next(SECTION_MAX_BYTES); section !== undefined; section = await frames.next(SECTION_MAX_BYTES)) {
      if (++blocks > maxBlocks) throw new ContentStoreError({ code: 'CAR_TOO_LARGE', reason: `more than ${maxBlocks} blocks` })
      const block = await blockOfSection(section)
      missing.delete(block.cid)
      batch.push(block)
      bytes += block.bytes.length
      batchBytes += section.length
      if (batchBytes >= BATCH_BYTES || batch.length >= BATCH_BLOCKS) await putBatch()
    }
    if (missing.size > 0) throw new ContentStoreError({ code: 'CAR_INCOMPLETE', missing: [...missing] })
    await putBatch()
    return { roots, blocks, bytes }
  } finally {
    await frames.end()
  }
}

async function rootsOf(header: Uint8Array | undefined): Promise<readonly ContentId[]> {
  if (header === undefined) throw malformed('it is empty')
  if (sameBytes(header, PRAGMA_OF_CARV2)) throw new ContentStoreError({ code: 'CAR_UNSUPPORTED', reason: 'CARv2' })
  let found: readonly CID[]
  try {
    found = (await readHeader(bytesReader(framed(header)), 1)).roots
  } catch (cause) {
    throw malformed('no header of CARv1', cause)
  }
  if (found.length === 0) throw new ContentStoreError({ code: 'CAR_UNSUPPORTED', reason: 'no root' })
  return found.map((cid) => {
    try {
      return contentIdOfBytes(cid.bytes)
    } catch (cause) {
      throw new ContentStoreError({ code: 'CAR_UNSUPPORTED', reason: `the root ${shown(cid)}` }, { cause })
    }
  })
}

async function blockOfSection(section: Uint8Array): Promise<Block> {
  const cid = await cidOfSection(section)
  const bytes = section.subarray(CID_BYTES)
  if (bytes.length > BLOCK_MAX_BYTES) {
    throw new ContentStoreError({ code: 'BLOCK_TOO_LARGE', bytes: bytes.length, maxBytes: BLOCK_MAX_BYTES })
  }
  if (!isContentOf(cid, bytes)) throw new ContentStoreError({ code: 'BLOCK_MISMATCH', cid })
  return hashedHere({ cid, bytes })
}

async function cidOfSection(section: Uint8Array): Promise<ContentId> {
  try {
    return contentIdOfBytes(section.subarray(0, CID_BYTES))
  } catch (cause) {
    let cid: CID
    try {
      cid = (await readBlockHead(bytesReader(framed(section)))).cid
    } catch {
      throw malformed('a section that begins with no CID', cause)
    }
    throw new ContentStoreError({ code: 'CAR_UNSUPPORTED', reason: `the block ${shown(cid)}` }, { cause })
  }
}

/** With its length before it again, as `@ipld/car` reads it. */
function framed(section: Uint8Array): Uint8Array {
  const length: number[] = []
  let rest = section.length
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128)
  return concatBytes(Uint8Array.of(...length, rest), section)
}

const shown = (cid: CID): string => cid.toString().slice(0, 100)
