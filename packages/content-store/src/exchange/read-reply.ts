import type { ContentId } from '@interpeer/crypto-ids'
import { type Block, isContentOf } from '../blocks.js'
import type { Lie } from '../errors.js'
import { blocksReply, contentBusy } from './messages.js'

/** What one reply says about the blocks that were asked for. */
export type ReadReply =
  | { readonly type: 'busy'; readonly retryMs: number }
  | {
      readonly type: 'answers'
      /** True ones: each hashes to its name. */
      readonly blocks: readonly Block[]
      readonly lacked: readonly ContentId[]
      /** How many of the ids it answers: the rest did not fit. */
      readonly answered: number
      /** What is wrong with it. What came before that in the reply is true all the same. */
      readonly lie: Lie | undefined
    }

/** Reads a reply to a request for `cids`. Never throws: what a peer sent wrong is said by code. */
export function readReply(cids: readonly ContentId[], reply: Uint8Array): ReadReply {
  const busy = busyOf(reply)
  if (busy !== undefined) return { type: 'busy', retryMs: busy }
  const [blocks, lacked]: [Block[], ContentId[]] = [[], []]
  const read = (answered: number, lie?: Lie): ReadReply => ({ type: 'answers', blocks, lacked, answered, lie })
  const answers = answersOf(reply)
  if (answers === undefined) return read(0, 'REPLY_MALFORMED')
  if (answers.length === 0) return read(0, 'REPLY_EMPTY')
  for (const [i, bytes] of answers.entries()) {
    const cid = cids[i]
    if (cid === undefined) return read(i, 'REPLY_TOO_LONG')
    if (bytes === null) lacked.push(cid)
    else if (isContentOf(cid, bytes)) blocks.push({ cid, bytes })
    else return read(i, 'BLOCK_FALSE')
  }
  return read(answers.length)
}

function answersOf(reply: Uint8Array): readonly (Uint8Array | null)[] | undefined {
  try {
    return blocksReply.decode(reply).blocks
  } catch {
    return undefined
  }
}

/** In how many ms it is worth asking again; undefined: the reply is another. */
export function busyOf(reply: Uint8Array): number | undefined {
  if (reply.length > contentBusy.maxBytes) return undefined
  try {
    return contentBusy.decode(reply).retryMs
  } catch {
    return undefined
  }
}
