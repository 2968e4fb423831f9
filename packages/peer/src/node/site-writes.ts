import type { BlockStore } from '@interpeer/content-store'
import { type NetworkId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type RequestRef, readRequestBlock, writeIdOf } from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { openReport } from './known-reports.js'
import type { KnownRequests } from './known-requests.js'
import { bodyOf } from './request-bodies.js'

/**
 * Whether bytes are what a reference of a job says: a visitor's request, or a member's report on the outbox. That `ref.cid` names them was checked before.
 * @param of the job's id in bytes, and who may report for it
 */
export function isWriteOf(
  { job, members }: { readonly job: Uint8Array; readonly members: readonly PeerId[] },
  ref: RequestRef,
  bytes: Uint8Array,
  { requests, network }: { readonly requests: KnownRequests; readonly network: NetworkId },
): boolean {
  const block = readRequestBlock(ref.cid, bytes)
  if (block === undefined) return false
  const report = block.parts.length === 0 ? openReport(bytes, network) : undefined
  if (report !== undefined && !members.includes(peerIdOfKey(report.from))) return false
  const request = report ?? requests.findIn(ref.cid, block)
  if (request === undefined || request.ms !== ref.ms) return false
  return sameBytes(writeIdOf(request), ref.id) && sameBytes(request.job, job)
}

/** Whether the block of a reference, and its body's pieces, are what an honest member would have run. What is not in the store is not judged. */
export function isHeldWriteOf(
  of: Parameters<typeof isWriteOf>[0],
  ref: RequestRef,
  {
    store,
    requests,
    count,
  }: { readonly store: Pick<BlockStore, 'get'>; readonly requests: KnownRequests; readonly count: (code: string) => void },
): boolean {
  const bytes = store.get(ref.cid)
  if (bytes === undefined) return true
  const parts = readRequestBlock(ref.cid, bytes)?.parts ?? []
  const fits =
    isWriteOf(of, ref, bytes, { requests, network: requests.network }) && (parts.length === 0 || bodyOf(store.get, parts) !== 'other')
  if (!fits) count('REQUEST_MISMATCH')
  return fits
}
