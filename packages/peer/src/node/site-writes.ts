import type { BlockStore } from '@interpeer/content-store'
import { type NetworkId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type OutboxReport, type RequestRef, readRequestBlock, writeIdOf } from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { openReport } from './known-reports.js'
import type { KnownRequests } from './known-requests.js'
import { bodyOf } from './request-bodies.js'

/** Whose writes: the job's id in bytes, and who may report for it. */
interface Site {
  readonly job: Uint8Array
  readonly members: readonly PeerId[]
}
interface Reading {
  readonly requests: KnownRequests
  readonly network: NetworkId
}

/** Whether bytes are what a reference of a job says: a visitor's request, or a member's report on the outbox. That `ref.cid` names them was checked before. */
export const isWriteOf = (of: Site, ref: RequestRef, bytes: Uint8Array, around: Reading): boolean =>
  writeOf(of, ref, bytes, around) !== undefined

/** The same, for an epoch: and the site's outbox hears of each report that comes, for the group may be slow to order it. */
export const checkWritesOf =
  (of: Site, around: Reading, hear: (report: OutboxReport) => void) =>
  (ref: RequestRef, bytes: Uint8Array): boolean => {
    const write = writeOf(of, ref, bytes, around)
    if (write?.report !== undefined) hear(write.report)
    return write !== undefined
  }

function writeOf(
  { job, members }: Site,
  ref: RequestRef,
  bytes: Uint8Array,
  { requests, network }: Reading,
): { readonly report: OutboxReport | undefined } | undefined {
  const block = readRequestBlock(ref.cid, bytes)
  if (block === undefined) return undefined
  const report = block.parts.length === 0 ? openReport(bytes, network) : undefined
  if (report !== undefined && !members.includes(peerIdOfKey(report.from))) return undefined
  const request = report ?? requests.findIn(ref.cid, block)
  if (request === undefined || request.ms !== ref.ms) return undefined
  return sameBytes(writeIdOf(request), ref.id) && sameBytes(request.job, job) ? { report } : undefined
}

/** Whether the block of a reference, and its body's pieces, are what an honest member would have run. What is not in the store is not judged. */
export function isHeldWriteOf(
  of: Site,
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
