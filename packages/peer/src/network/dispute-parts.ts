import {
  bytesOfContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { SchedulerError, showPartBytes } from '@interpeer/job-scheduler'
import type { Verification } from '@interpeer/peer-group'
import { bytes, bytesMax, concatBytes, hexOf, link, message, sameBytes, uint32 } from '@interpeer/wire-codec'
import { DISPUTE_BYTES_MAX, isDisputed, recordDispute } from './disputes.js'
import { NetworkError } from './errors.js'
import type { NetworkState } from './network-state.js'

const PART_BYTES_MAX = 131_072
/** One part of a group-dispute that is larger than the room for transactions beside a full certificate. `dispute`: the SHA-256 of all of it; `size`: its bytes; `at`: where this part begins. */
export const disputePartMessage = message(
  'dispute-part',
  116,
  1,
  { job: link, epoch: uint32, from: bytes(32), dispute: bytes(32), size: uint32, at: uint32, bytes: bytesMax(PART_BYTES_MAX) },
  { maxBytes: PART_BYTES_MAX + 512 },
)

/** What the chain has of a dispute that one member brings in parts. */
export interface DisputeParts {
  readonly job: JobId
  readonly epoch: number
  readonly member: PeerId
  readonly dispute: Uint8Array
  readonly size: number
  /** All so far. */
  readonly bytes: Uint8Array
}
/** By `partsKeyOf`. */
export type AllDisputeParts = ReadonlyMap<string, DisputeParts>
/** SHA-256 of job and member, hexadecimal: one dispute of each member at a time. */
export const partsKeyOf = (job: Uint8Array, member: Uint8Array): string => hexOf(sha256(job, member))

/** What brings a dispute to the chain: itself, or signed parts of it in order, where a block with a full certificate has no room for all. */
export function disputeTransactions(
  dispute: Uint8Array,
  { job, epoch, blockBytesMax }: { readonly job: JobId; readonly epoch: number; readonly blockBytesMax: number },
  signer: Signer,
  network: NetworkId,
): readonly Uint8Array[] {
  const most = showPartBytes(blockBytesMax)
  if (dispute.length <= most) return [dispute]
  const whole = { job: bytesOfContentId(job), epoch, from: signer.publicKey, dispute: sha256(dispute), size: dispute.length }
  return Array.from({ length: Math.ceil(dispute.length / most) }, (_, i) => {
    const part = { ...whole, at: i * most, bytes: dispute.subarray(i * most, (i + 1) * most) }
    return signMessage(disputePartMessage, part, signer, network)
  })
}

/**
 * Keeps a part of a dispute; with the last one, the dispute is recorded as if it had come in one piece. Of members of the running epoch only, one dispute of each: of another it gets nothing in, so a member
 * that brings what is none has used up its room.
 * @throws {NetworkError} DISPUTE_PART_EARLY (those before it may come yet), DISPUTE_PART_WRONG, DISPUTE_PART_STRANGER, DISPUTE_KNOWN, and what `recordDispute` throws
 * @throws {SchedulerError} JOB_UNKNOWN, EPOCH_OTHER
 */
export function recordDisputePart(
  state: NetworkState,
  envelope: Uint8Array,
  { height, verification }: { readonly height: number; readonly verification: Verification },
): NetworkState {
  const part = openMessage(disputePartMessage, envelope, state.network, ({ from }) => peerIdOfKey(from))
  const job = jobIdOf(contentIdOfBytes(part.job))
  const entry = state.jobs.get(job)
  if (entry === undefined || entry.state !== 'running') throw new SchedulerError({ code: 'JOB_UNKNOWN', job })
  const { number: epoch, members } = entry.epoch
  if (part.epoch !== epoch) throw new SchedulerError({ code: 'EPOCH_OTHER', current: epoch, given: part.epoch })
  const member = peerIdOfKey(part.from)
  if (!members.includes(member)) throw new NetworkError({ code: 'DISPUTE_PART_STRANGER' })
  if (isDisputed(state.disputes, job, epoch)) throw new NetworkError({ code: 'DISPUTE_OPEN' })
  const key = partsKeyOf(part.job, part.from)
  const before = state.disputeParts.get(key)
  const held = before?.bytes ?? new Uint8Array()
  if (part.at < held.length || (before !== undefined && !sameBytes(before.dispute, part.dispute))) {
    throw new NetworkError({ code: 'DISPUTE_KNOWN' })
  }
  const most = showPartBytes(state.settings.blockBytesMax)
  const isFit = part.size > most && part.size <= DISPUTE_BYTES_MAX && part.bytes.length === Math.min(most, part.size - part.at)
  if (!isFit || part.bytes.length === 0) throw new NetworkError({ code: 'DISPUTE_PART_WRONG' })
  if (part.at > held.length) throw new NetworkError({ code: 'DISPUTE_PART_EARLY' })
  const all = concatBytes(held, part.bytes)
  const parts = new Map(state.disputeParts)
  if (all.length < part.size) {
    parts.set(key, { job, epoch, member, dispute: part.dispute, size: part.size, bytes: all })
    return { ...state, disputeParts: parts }
  }
  if (!sameBytes(sha256(all), part.dispute)) throw new NetworkError({ code: 'DISPUTE_PART_WRONG' })
  parts.delete(key)
  return recordDispute({ ...state, disputeParts: parts }, all, { height, verification }, DISPUTE_BYTES_MAX)
}

/**
 * An epoch that ends takes what was brought of its disputes along; and so does a dispute that was recorded: others mostly brought the same, would never bring the rest, and so could bring no
 * other one.
 */
export function openDisputeParts({
  disputeParts,
  disputes,
  jobs,
}: Pick<NetworkState, 'disputeParts' | 'disputes' | 'jobs'>): AllDisputeParts {
  const left = [...disputeParts].filter(([, one]) => {
    const entry = jobs.get(one.job)
    return entry?.state === 'running' && entry.epoch.number === one.epoch && !isDisputed(disputes, one.job, one.epoch)
  })
  return left.length === disputeParts.size ? disputeParts : new Map(left)
}
