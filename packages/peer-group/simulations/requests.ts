import { type ContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { decodeCbor, encodeCbor, sameBytes } from '@interpeer/wire-codec'
import { type RequestRef, writeIdOf } from '../src/index.js'

/** Whoever asks on all visitors' behalf. */
export const VISITOR = sha256(encodeCbor('a visitor'))

/** The block that stands for a request that `from` signed under an id of its choice. */
export const requestOf = (from: Uint8Array, id: Uint8Array, ms: number, body: Uint8Array = new Uint8Array()): Uint8Array =>
  encodeCbor([from, id, ms, body])

/** Some have their bodies in blocks of their own: those a group spreads before it batches them. */
export const requestCid = (block: Uint8Array, isPieced: boolean): ContentId => contentIdOf(block, isPieced ? 'dag-cbor' : 'raw')

/** Who signed a block's request, and what it says. */
export function readRequest(block: Uint8Array): { readonly from: Uint8Array; readonly id: Uint8Array; readonly ms: number } | undefined {
  const [from, id, ms] = decodeCbor(block) as unknown[]
  return from instanceof Uint8Array && id instanceof Uint8Array && typeof ms === 'number' ? { from, id, ms } : undefined
}

/** What a shell checks of a request's block. */
export function checkRequest({ id, ms }: RequestRef, block: Uint8Array): boolean {
  const request = readRequest(block)
  return request !== undefined && request.ms === ms && sameBytes(writeIdOf(request), id)
}
