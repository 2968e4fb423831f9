import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'

const RAW_SHA256 = Uint8Array.of(1, 0x55, 0x12, 32)
/** The name of a batch's bytes as a raw block, by its SHA-256: so that jurors fetch it as they do everything else. */
export const batchBlockId = (hash: Uint8Array): ContentId => contentIdOfBytes(concatBytes(RAW_SHA256, hash))
