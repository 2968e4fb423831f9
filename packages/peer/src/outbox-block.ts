import { type Block, blockOf, type GetBlock, type Missing } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { OUTBOX_CHUNK_BYTES, outboxRequestSchema } from '@interpeer/peer-group'
import { concatBytes, decodeWith, encodeWith } from '@interpeer/wire-codec'
import type { OutboxRequest } from './script-runtime.js'

/** The blocks of what is to be sent; the first one's CID stands for it. Undefined for what no message of ours can hold. */
export function blocksOfOutbox(request: OutboxRequest): { readonly cid: ContentId; readonly blocks: readonly Block[] } | undefined {
  const chunks: Block[] = []
  const { body } = request
  for (let at = 0; at < body.length; at += OUTBOX_CHUNK_BYTES) chunks.push(blockOf(body.slice(at, at + OUTBOX_CHUNK_BYTES), 'raw'))
  const [first, second] = request.type === 'http' ? [request.method, request.url] : [request.to, request.subject]
  const headers = request.headers.map(([name, value]) => ({ name, value }))
  const value = { kind: request.type, first, second, headers, chunks: chunks.map(({ cid }) => bytesOfContentId(cid)) }
  try {
    const head = blockOf(encodeWith(outboxRequestSchema, value), 'dag-cbor')
    return { cid: head.cid, blocks: [head, ...chunks] }
  } catch {
    return undefined // a lone surrogate, or more than the schema's bounds: the same at every member
  }
}

/** What is to be sent, or what of it is missing here. @throws {WireError} what no member makes */
export function readOutbox(get: GetBlock, cid: ContentId): OutboxRequest | Missing {
  const head = get(cid)
  if (head === undefined) return { missing: [cid] }
  const { kind, first, second, headers: pairs, chunks: links } = decodeWith(outboxRequestSchema, head)
  const cids = links.map(contentIdOfBytes)
  const missing = cids.filter((one) => get(one) === undefined)
  if (missing.length > 0) return { missing }
  const body = concatBytes(...cids.map((one) => get(one) as Uint8Array))
  const headers = pairs.map(({ name, value }) => [name, value] as const)
  return kind === 'http'
    ? { type: 'http', method: first, url: second, headers, body }
    : { type: 'mail', to: first, subject: second, headers, body }
}
