import { type ContentId, codecOf, contentIdOf, contentIdOfBytes, peekPayload } from '@interpeer/crypto-ids'
import { bytesMax, decodeWith, encodeWith, sameBytes, struct } from '@interpeer/wire-codec'
import { REQUEST_MAX_BYTES } from './settings.js'
import { requestParts, siteRequest } from './site-request.js'

export const PIECED_MAX_BYTES = REQUEST_MAX_BYTES
/**
 * The block of a request whose body lies in blocks of its own: the signed request, and the links that it has too. So all that a member needs to run it hangs
 * below one name, and is fetched, kept and let go of with it.
 */
export const piecedRequest = struct({ envelope: bytesMax(REQUEST_MAX_BYTES), parts: requestParts })

/** Whether the body of the request that a block holds lies in further blocks: those can't travel with an offer. */
export const isPieced = (cid: ContentId): boolean => codecOf(cid) === 'dag-cbor'

interface RequestBlock {
  readonly cid: ContentId
  readonly bytes: Uint8Array
}

/** The block that stands for a signed request. @param parts those of the request */
export function requestBlockOf(envelope: Uint8Array, parts: readonly Uint8Array[]): RequestBlock {
  if (parts.length === 0) return { cid: contentIdOf(envelope, 'raw'), bytes: envelope }
  const bytes = encodeWith(piecedRequest, { envelope, parts: [...parts] }, PIECED_MAX_BYTES)
  return { cid: contentIdOf(bytes, 'dag-cbor'), bytes }
}

export interface ReadRequestBlock {
  /** The signed request, its signature not verified. */
  readonly envelope: Uint8Array
  /** In order. */
  readonly parts: readonly ContentId[]
}

/** What a request's block holds, or undefined where it is none, or does not link to just what the request in it says. */
export function readRequestBlock(cid: ContentId, bytes: Uint8Array): ReadRequestBlock | undefined {
  if (!isPieced(cid)) return { envelope: bytes, parts: [] }
  try {
    const { envelope, parts } = decodeWith(piecedRequest, bytes)
    const said = siteRequest.decode(peekPayload(envelope) ?? new Uint8Array())
    const isSame = parts.length === said.parts.length && said.parts.every((part, i) => sameBytes(part, parts[i] as Uint8Array))
    if (!isSame || parts.length === 0 || said.body.length > 0) return undefined
    const cids = parts.map(contentIdOfBytes)
    return cids.every((part) => codecOf(part) === 'raw') ? { envelope, parts: cids } : undefined
  } catch {
    return undefined
  }
}
