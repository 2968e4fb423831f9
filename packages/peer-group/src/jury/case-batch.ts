import { bytesOfContentId, CryptoError, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf, sameBytes, WireError } from '@interpeer/wire-codec'
import { areDue } from '../agenda/due.js'
import { purseWith, samePayments } from '../agenda/purse.js'
import { type KnownBatch, readBatch, seedAlpha } from '../batch.js'
import { GROUP_DEFAULTS } from '../settings.js'
import { answeredBy, type GroupState, roomIn } from '../state-block.js'
import type { Verifier } from '../verifier.js'
import type { Juror } from './juror-api.js'

/** Bytes that have the hash of a batch; `known` is undefined where they are none. */
export interface FetchedBatch {
  readonly bytes: Uint8Array
  readonly known: KnownBatch | undefined
}
export function readFetched(bytes: Uint8Array): FetchedBatch {
  try {
    return { bytes, known: readBatch(bytes) }
  } catch (error) {
    if (error instanceof CryptoError || error instanceof WireError) return { bytes, known: undefined }
    throw error
  }
}

/** 64 bytes; undefined where the collator's proof does not hold. */
export function batchSeed({ value }: KnownBatch, { context, verification }: Verifier): Uint8Array | undefined {
  return verification.vrfVerify(value.collator, seedAlpha(context.network, context.job, value.epoch, value.step), value.proof)
}

/**
 * Whether any honest member could have run a batch at this step on the state that is held: of this place, or one that the epoch runs again there; by a member, of
 * requests that are what it says of them; none that has run already; no event that is not due; none of both where it closes. Clocks and tallies are not judged: nobody can tell later. Nor is the batch that it names before it, but at
 * the epoch's first step: whoever brings a dispute chooses what leads there, and two branches may come to one state.
 */
export function isRunnable(batch: KnownBatch, step: number, { setup, verifier, held }: Juror): boolean {
  const { context, rerun } = setup
  const { value, requests } = batch
  if (held === undefined || !sameBytes(value.job, bytesOfContentId(context.job))) return false
  const again = rerun[step - 1]
  if (again !== undefined && !sameBytes(again, batch.hash)) return false
  if (again === undefined) {
    if (value.epoch !== context.epoch || value.step !== step) return false
    if (step === 1 && value.ancestors.length > 0) return false
    if (batch.from !== held.state.root || !isMember(value.collator, verifier)) return false
    if (!requests.every((ref) => setup.checkRequest?.(ref) ?? true)) return false
  }
  const ids = new Set(requests.map(({ id }) => hexOf(id)))
  if (ids.size !== requests.length || [...ids].some((id) => answeredBy(held.state, id) !== undefined)) return false
  if (value.closing && requests.length + value.events.length > 0) return false
  if (again === undefined && !isPaidAsOwed(batch, held.state)) return false
  if (again === undefined && !areDue(held.state.agenda, value.timeMs, value.events)) return false
  return requests.length <= roomIn(held.state, value.timeMs, setup.requestsKeptMs ?? GROUP_DEFAULTS.requestsKeptMs)
}

/** A closing batch pays all that its state owes, unless its group is frozen; any other pays nothing (peer-group.md, P3). */
function isPaidAsOwed({ value }: KnownBatch, { agenda }: GroupState): boolean {
  const owed = value.closing && value.disputed === 0 ? purseWith(agenda.purse, value).payments : []
  return samePayments(owed, value.payments)
}

function isMember(key: Uint8Array, { context }: Verifier): boolean {
  let peer: PeerId
  try {
    peer = peerIdOfKey(key)
  } catch {
    return false
  }
  return context.members.includes(peer)
}
