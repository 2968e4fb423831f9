import { bytesOfContentId, type ContentId, contentIdOf, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytes, decodeWith, encodeWith, hexOf, link, list, struct, uint53 } from '@interpeer/wire-codec'
import type { StoredBlock } from './api.js'
import type { KnownBatch } from './batch.js'
import { PeerGroupError } from './errors.js'
import { BATCH_REQUESTS_LIMIT, STATE_REQUESTS_MAX } from './settings.js'

/**
 * The group state block: what a certificate's root names (dag-cbor, links as tag 42). The request ids make a write run once however often it is sent: they are
 * part of the state until their own ms plus ten minutes (design §6, Writes).
 */
export const stateSchema = struct({
  files: link,
  requests: list(struct({ id: bytes(16), ms: uint53, response: link }), STATE_REQUESTS_MAX),
})
export const STATE_BLOCK_MAX_BYTES = 1024 * 1024

export interface AnsweredRequest {
  readonly id: Uint8Array
  readonly ms: number
  readonly response: ContentId
}
export interface GroupState {
  readonly root: ContentId
  /** The root of the file tree. */
  readonly files: ContentId
  readonly requests: readonly AnsweredRequest[]
  /** The same by id, in hexadecimal. */
  readonly byId: ReadonlyMap<string, AnsweredRequest>
}

/** The state of a job that has run nothing yet: to be stored by whoever publishes it. */
export function firstStateBlock(files: ContentId): StoredBlock {
  const block = encodeWith(stateSchema, { files: bytesOfContentId(files), requests: [] })
  return { cid: contentIdOf(block, 'dag-cbor'), bytes: block }
}

/** @throws {PeerGroupError} STATE_INVALID */
export function readStateBlock(block: Uint8Array): GroupState {
  try {
    const { files, requests } = decodeWith(stateSchema, block, STATE_BLOCK_MAX_BYTES)
    const answered = requests.map(({ id, ms, response }) => ({ id, ms, response: contentIdOfBytes(response) }))
    return stateOf(contentIdOf(block, 'dag-cbor'), contentIdOfBytes(files), answered)
  } catch (cause) {
    throw new PeerGroupError({ code: 'STATE_INVALID', reason: 'not a group state block' }, { cause })
  }
}

/** The state after a batch: ids too old for its time are dropped, its own are added in order. */
export function nextState(
  state: GroupState,
  batch: KnownBatch,
  files: ContentId,
  responses: readonly ContentId[],
  requestsKeptMs: number,
): { readonly state: GroupState; readonly block: StoredBlock } {
  const requests = [
    ...keptRequests(state, batch.value.timeMs, requestsKeptMs),
    ...batch.requests.map(({ id, ms }, i) => ({ id, ms, response: responses[i] as ContentId })),
  ]
  const block = encodeWith(
    stateSchema,
    {
      files: bytesOfContentId(files),
      requests: requests.map(({ id, ms, response }) => ({ id, ms, response: bytesOfContentId(response) })),
    },
    STATE_BLOCK_MAX_BYTES,
  )
  const cid = contentIdOf(block, 'dag-cbor')
  return { state: stateOf(cid, files, requests), block: { cid, bytes: block } }
}

export function keptRequests(state: GroupState, timeMs: number, requestsKeptMs: number): readonly AnsweredRequest[] {
  return state.requests.filter(({ ms }) => ms + requestsKeptMs >= timeMs)
}

/**
 * How many requests a batch of this time may add: exactly, or at least `wanted`, which is cheaper. Never negative, so an empty batch always fits.
 */
export function roomIn(state: GroupState, timeMs: number, requestsKeptMs: number, wanted = BATCH_REQUESTS_LIMIT): number {
  const room = STATE_REQUESTS_MAX - state.requests.length
  return room >= wanted ? room : STATE_REQUESTS_MAX - keptRequests(state, timeMs, requestsKeptMs).length
}

function stateOf(root: ContentId, files: ContentId, requests: readonly AnsweredRequest[]): GroupState {
  return { root, files, requests, byId: new Map(requests.map((one) => [hexOf(one.id), one])) }
}
