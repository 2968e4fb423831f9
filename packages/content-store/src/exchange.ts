import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytesMax, type Infer, link, list, message, nullable } from '@interpeer/wire-codec'
import { BLOCK_MAX_BYTES, type GetBlock } from './blocks.js'

/** The most blocks one request asks for. As many full chunks as one reply holds. */
export const WANT_MAX_BLOCKS = 64
/** A server stops here: the blocks of one reply together. */
const REPLY_MAX_CONTENT_BYTES = 4 * 1024 * 1024
/** The largest reply: content, and the heads around it. For the transport's `maxReplyBytes`. */
export const REPLY_MAX_BYTES = REPLY_MAX_CONTENT_BYTES + 1024

export const wantBlocks = message('want-blocks', 1, { cids: list(link, WANT_MAX_BLOCKS) })
export type WantBlocks = Infer<typeof wantBlocks>
/** In the order of the request; null = not here; shorter than the request = the rest did not fit. */
export const blocksReply = message(
  'blocks',
  1,
  { blocks: list(nullable(bytesMax(BLOCK_MAX_BYTES)), WANT_MAX_BLOCKS) },
  { maxBytes: REPLY_MAX_BYTES },
)
export type BlocksReply = Infer<typeof blocksReply>

export const askFor = (cids: readonly ContentId[]): Uint8Array => wantBlocks.encode({ cids: cids.map(bytesOfContentId) })

/**
 * Answers a peer's `want-blocks`. Pass a `get` that hides what that peer may not have.
 * @throws {WireError} when the request is not one
 * @throws {CryptoError} CONTENT_ID_BYTES when it asks for what cannot be a block
 */
export function serveBlocks(get: GetBlock, request: Uint8Array): Uint8Array {
  const blocks: (Uint8Array | null)[] = []
  let contentBytes = 0
  for (const cid of wantBlocks.decode(request).cids) {
    const bytes = get(contentIdOfBytes(cid)) ?? null
    contentBytes += bytes?.length ?? 0
    if (contentBytes > REPLY_MAX_CONTENT_BYTES) break
    blocks.push(bytes)
  }
  return blocksReply.encode({ blocks })
}
