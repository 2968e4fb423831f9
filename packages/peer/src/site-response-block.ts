import { type Block, blockOf, type GetBlock } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import {
  type HttpHeader,
  httpHeader,
  RESPONSE_BODY_MAX_BYTES,
  RESPONSE_CHUNK_BYTES,
  RESPONSE_INLINE_MAX_BYTES,
  type SiteResponse,
  siteResponse,
} from '@interpeer/peer-group'
import { concatBytes, decodeWith, encodeWith, list } from '@interpeer/wire-codec'
import type { ScriptOutcome } from './script-runtime.js'

export interface Response {
  readonly status: number
  readonly headers: SiteResponse['headers']
  readonly body: Uint8Array
}
export interface StoredResponse extends Response {
  /** SHA-256 of the signed request that it answers, 32 bytes. */
  readonly request: Uint8Array
}

/** What a script answered, as a response that fits our messages: one that does not becomes the same 500 on every member. */
export function responseOf({ status, headers, body }: Extract<ScriptOutcome, { type: 'answered' }>): Response {
  const named = headers.map(([name, value]) => ({ name, value }))
  if (!Number.isInteger(status) || status < 200 || status > 599) return failure('RESPONSE_MALFORMED')
  if (body.length > RESPONSE_BODY_MAX_BYTES || !fit(named)) return failure('RESPONSE_TOO_LARGE')
  return { status, headers: named, body }
}
const HEADERS_MAX_BYTES = 64 * 1024
const headerList = list(httpHeader, 200)

/** Not too many, none too long, each text that can be written; all together as they travel. */
function fit(headers: readonly HttpHeader[]): boolean {
  try {
    return encodeWith(headerList, [...headers], HEADERS_MAX_BYTES).length > 0
  } catch {
    return false
  }
}

const failure = (code: string): Response => ({
  status: 500,
  headers: [{ name: 'content-type', value: 'text/plain; charset=utf-8' }],
  body: Uint8Array.from(`${code}\n`, (letter) => letter.charCodeAt(0)),
})

/** The blocks of a response that the group agreed on; the first one's CID stands for it. */
export function blocksOfResponse({ request, status, headers, body }: StoredResponse): {
  readonly cid: ContentId
  readonly blocks: readonly Block[]
} {
  const chunks: Block[] = []
  const isInline = body.length <= RESPONSE_INLINE_MAX_BYTES
  for (let at = 0; !isInline && at < body.length; at += RESPONSE_CHUNK_BYTES) {
    chunks.push(blockOf(body.slice(at, at + RESPONSE_CHUNK_BYTES), 'raw'))
  }
  const value = { request, status, headers, body: isInline ? body : NO_BODY, chunks: chunks.map(({ cid }) => bytesOfContentId(cid)) }
  const head = blockOf(encodeWith(siteResponse, value), 'dag-cbor')
  return { cid: head.cid, blocks: [head, ...chunks] }
}

const NO_BODY = new Uint8Array()

/** The response behind a CID, or undefined where a block of it is missing, or is not what a group of honest members makes. */
export function readResponse(get: GetBlock, cid: ContentId): StoredResponse | undefined {
  const head = get(cid)
  if (head === undefined) return undefined
  try {
    const { request, status, headers, body: inline, chunks } = decodeWith(siteResponse, head)
    if (chunks.length === 0) return { request, status, headers, body: inline }
    if (inline.length > 0) return undefined
    const parts = chunks.map((chunk) => get(contentIdOfBytes(chunk)))
    if (parts.some((part) => part === undefined)) return undefined
    const body = concatBytes(...(parts as Uint8Array[]))
    return body.length > RESPONSE_BODY_MAX_BYTES ? undefined : { request, status, headers, body }
  } catch {
    return undefined
  }
}
