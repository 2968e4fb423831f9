import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'
import type { KnownBatch } from './batch.js'
import type { Turn } from './group-state.js'

const RAW_SHA256 = Uint8Array.of(1, 0x55, 0x12, 32)
/** The name of a batch's bytes as a raw block, by its SHA-256: so that jurors fetch it as they do everything else. */
export const batchBlockId = (hash: Uint8Array): ContentId => contentIdOfBytes(concatBytes(RAW_SHA256, hash))

/** Others may need a certified batch and have only its hash, also long after this group has gone on. */
export function storeBatch({ bodies }: Pick<Turn, 'bodies'>, { hash, bytes }: KnownBatch): void {
  bodies.push({ cid: batchBlockId(hash), bytes })
}
