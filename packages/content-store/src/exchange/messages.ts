import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { bytesMax, type Infer, link, list, message, nullable, oneOf, uint32 } from '@interpeer/wire-codec'
import { BLOCK_MAX_BYTES } from '../blocks.js'

/** The most blocks one request asks for. As many full chunks as one reply holds. */
export const WANT_MAX_BLOCKS = 64
/** A server stops here: the blocks of one reply together. */
export const REPLY_MAX_CONTENT_BYTES = 4 * 1024 * 1024
/** The largest reply: content, and the heads around it. For the transport's `maxReplyBytes`. */
export const REPLY_MAX_BYTES = REPLY_MAX_CONTENT_BYTES + 1024

export const wantBlocks = message('want-blocks', 32, 1, { cids: list(link, WANT_MAX_BLOCKS) })
export type WantBlocks = Infer<typeof wantBlocks>

/** In the order of the request; null = not here; shorter than the request = the rest did not fit. */
export const blocksReply = message(
  'blocks',
  33,
  1,
  { blocks: list(nullable(bytesMax(BLOCK_MAX_BYTES)), WANT_MAX_BLOCKS) },
  { maxBytes: REPLY_MAX_BYTES },
)
export type BlocksReply = Infer<typeof blocksReply>

/** A reply in place of `blocks` or of an audit's answer: not now, ask again after so many ms. */
export const contentBusy = message('content-busy', 34, 1, { reason: oneOf('queue', 'rate'), retryMs: uint32 }, { maxBytes: 64 })
export type ContentBusy = Infer<typeof contentBusy>

export const askFor = (cids: readonly ContentId[]): Uint8Array => wantBlocks.encode({ cids: cids.map(bytesOfContentId) })
