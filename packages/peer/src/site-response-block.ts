import { type Block, blockOf, type GetBlock } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { RESPONSE_BODY_MAX_BYTES, RESPONSE_CHUNK_BYTES, type SiteResponse, siteResponse } from '@interpeer/peer-group'
import { concatBytes, decodeWith, encodeWith } from '@interpeer/wire-codec'
import type { ScriptOutcome } from './script-runtime.js'

export interface StoredResponse {
  readonly status: number
  readonly headers: SiteResponse['headers']
  readonly body: Uint8Array
}

/** What a script answered, as a response that fits our messages: one that does not becomes the same 500 on every member. */
export function responseOf({ status, headers, body }: Extract<ScriptOutcome, { type: 'answered' }>): StoredResponse {
  const headerBytes = headers.reduce((sum, [name, value]) => sum + utf8.encode(name).length + utf8.encode(value).length, 0)
  const fits = body.length <= RESPONSE_BODY_MAX_BYTES && headers.length <= HEADERS_MAX && headerBytes <= HEADERS_MAX_BYTES
  if (fits && headers.every(([name, value]) => fitsHeader(name, value))) return { status, headers: headers.map(([name, value]) => ({ name, value })), body }
  const type = { name: 'content-type', value: 'text/plain; charset=utf-8' }
  return { status: 500, headers: [type], body: new TextEncoder().encode('RESPONSE_TOO_LARGE\n') }
}
const HEADERS_MAX = 200
const HEADERS_MAX_BYTES = 64 * 1024
const utf8 = new TextEncoder()
const fitsHeader = (name: string, value: string): boolean => utf8.encode(name).length <= 256 && utf8.encode(value).length <= 8192

/** The blocks of a response that the group agreed on; the first one's CID stands for it. */
export function blocksOfResponse({ status, headers, body }: StoredResponse): { readonly cid: ContentId; readonly blocks: readonly Block[] } {
  const chunks: Block[] = []
  for (let at = 0; at < body.length; at += RESPONSE_CHUNK_BYTES) chunks.push(blockOf(body.slice(at, at + RESPONSE_CHUNK_BYTES), 'raw'))
  const head = blockOf(encodeWith(siteResponse, { status, headers, chunks: chunks.map(({ cid }) => bytesOfContentId(cid)) }), 'dag-cbor')
  return { cid: head.cid, blocks: [head, ...chunks] }
}

/** The response behind a CID, or undefined where a block of it is missing. */
export function readResponse(get: GetBlock, cid: ContentId): StoredResponse | undefined {
  const head = get(cid)
  if (head === undefined) return undefined
  const { status, headers, chunks } = decodeWith(siteResponse, head)
  const parts = chunks.map((chunk) => get(contentIdOfBytes(chunk)))
  return parts.some((part) => part === undefined) ? undefined : { status, headers, body: concatBytes(...(parts as Uint8Array[])) }
}
