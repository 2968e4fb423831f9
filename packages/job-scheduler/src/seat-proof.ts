import { checkEntry } from '@interpeer/content-store'
import { bytesOfContentId, type JobId, type PeerId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import {
  bool,
  bytesMax,
  decodeWith,
  encodeWith,
  type Infer,
  link,
  list,
  message,
  nullable,
  sameBytes,
  struct,
  uint8,
  uint53,
} from '@interpeer/wire-codec'
import { isPassedOver, lotteryOf, TRIES_MAX, ticketsTried } from './draw.js'
import { SchedulerError } from './errors.js'
import type { Job, NextEpoch } from './job.js'
import { type JobRecord, jobRecord } from './jobs-map.js'
import { manifestMessage } from './manifest.js'

export const SEAT_PROOF_BYTES_MAX = 4_194_304
/**
 * What shows who a seat fell to (job-scheduler.cddl), to someone who knows the hash of the block that drew: its header and the one before,
 * the job's entry in both blocks, and in the block before the entry of who has the seat, and the owner of each ticket that the draw tried.
 */
export const seatProofRecord = struct({
  before: bytesMax(500),
  at: bytesMax(500),
  jobBefore: bytesMax(65_536),
  jobAt: bytesMax(65_536),
  peer: bytesMax(16_384),
  tickets: list(bytesMax(16_384), TRIES_MAX),
})
export type SeatProof = Infer<typeof seatProofRecord>
export const encodeSeatProof = (proof: SeatProof): Uint8Array => encodeWith(seatProofRecord, proof, SEAT_PROOF_BYTES_MAX)
/** @throws {WireError} */
export const decodeSeatProof = (bytes: Uint8Array): SeatProof => decodeWith(seatProofRecord, bytes, SEAT_PROOF_BYTES_MAX)

/** What fits an answer with room around it; proofs of the usual groups have some ten kilobytes. */
export const SEAT_SHOWN_BYTES_MAX = 983_040
/** Who a seat fell to last: asked of anyone who has the chain, and not signed. */
export const wantSeat = message('want-seat', 117, 1, { job: link, seat: uint8 }, { maxBytes: 64 })
/**
 * The last draw of that seat that whoever is asked can prove, in the block of that height. `isNext`: it was drawn for the next epoch, which was only named. Null: it has none.
 * `checkSeat` shows it, to who knows that block's hash.
 */
export const seatShown = message('seat-shown', 118, 1, {
  shown: nullable(struct({ height: uint53, isNext: bool, proof: bytesMax(SEAT_SHOWN_BYTES_MAX) })),
})

/** One draw of a block: for a seat of the epoch that it opened, or of the next one, which it named. */
export interface SeatClaim {
  readonly job: JobId
  readonly seat: number
  readonly of: 'epoch' | 'next'
}
/** Who a seat was drawn for, and who was passed over whatever they are. */
export interface DrawnSeat {
  readonly peer: PeerId
  readonly staying: readonly PeerId[]
  readonly leaver: PeerId | undefined
}

/** What of a job's entry says who was drawn: a `Job` is one, and nothing of it is hashed. */
export interface SeatEntry {
  readonly state: Job['state']
  readonly epoch: Pick<Job['epoch'], 'number' | 'members' | 'seed'>
  readonly next: Pick<NextEpoch, 'seed' | 'seat' | 'leaver' | 'joiner'> | null
}
const seatEntryOf = ({ state, epoch, next }: JobRecord): SeatEntry => ({
  state,
  epoch: { ...epoch, members: epoch.members.map(peerIdOfKey) },
  next: next && { ...next, leaver: peerIdOfKey(next.leaver), joiner: peerIdOfKey(next.joiner) },
})

/** The draw that a block made for a seat, from the job's entries before and after it; undefined: it drew nobody for it. */
export function drawnSeat(before: SeatEntry, at: SeatEntry, { seat, of }: Omit<SeatClaim, 'job'>): DrawnSeat | undefined {
  const [old, members] = [before.epoch.members, at.epoch.members]
  const isFirst = before.state === 'waiting' && at.state === 'running'
  const isOtherEpoch = before.epoch.number !== at.epoch.number
  const closed = before.next !== null && sameBytes(before.next.seed, at.epoch.seed)
  const isRecovery = !isFirst && isOtherEpoch && !closed
  if (of === 'next') {
    const { next } = at
    if (next === null || next.seat !== seat || (before.next !== null && sameBytes(before.next.seed, next.seed))) return undefined
    const { leaver } = next
    const gone = isRecovery ? old.filter((peer) => !members.includes(peer)) : []
    const staying = [...members, ...gone].filter((peer) => peer !== leaver)
    return { peer: next.joiner, staying, leaver }
  }
  const peer = members[seat]
  if (peer === undefined) return undefined
  if (isFirst) return { peer, staying: members.slice(0, seat), leaver: undefined }
  if (!isRecovery || peer === old[seat]) return undefined
  const drawnBefore = members.slice(0, seat).filter((other, i) => other !== old[i])
  return { peer, staying: [...old, ...drawnBefore], leaver: undefined }
}

/** What proofs of the registry's map show, by way of vote-chain. They throw what does not hold. */
export interface SeatGrounds {
  /** How many tickets there were in the block before, from the proof of a peer's entry. */
  readonly ticketsBy: (peer: PeerId, proof: Uint8Array) => number
  /** The owner of a ticket in the block before, whether it might be drawn for the job, and its former keys. */
  readonly ownerOf: (
    ticket: number,
    proof: Uint8Array,
  ) => { readonly peer: PeerId; readonly isEligible: boolean; readonly former: readonly PeerId[] }
}

/**
 * Checks who a seat fell to, without any list of peers or jobs: one proof for each ticket that the draw tried.
 * @param groundsOf from the job's uploader, for whom peers may decline
 * @throws {SchedulerError} SEAT_NOT_DRAWN: that block drew nobody for the seat; SEAT_PROOF_WRONG
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} @throws {CryptoError}
 */
export function checkSeat(
  claim: SeatClaim,
  { jobBefore, jobAt, peer, tickets }: Omit<SeatProof, 'before' | 'at'>,
  hashes: { readonly jobsBefore: Uint8Array; readonly jobsAt: Uint8Array; readonly seed: Uint8Array },
  groundsOf: (uploader: PeerId) => SeatGrounds,
): PeerId {
  const key = bytesOfContentId(claim.job)
  const [before, at] = [checkEntry(hashes.jobsBefore, key, jobBefore), checkEntry(hashes.jobsAt, key, jobAt)]
  if (before.entry === undefined || at.entry === undefined) throw new SchedulerError({ code: 'SEAT_NOT_DRAWN' })
  const record = decodeWith(jobRecord, before.entry.value)
  const drawn = drawnSeat(seatEntryOf(record), seatEntryOf(decodeWith(jobRecord, at.entry.value)), claim)
  if (drawn === undefined || claim.seat >= Number(before.entry.sum)) throw new SchedulerError({ code: 'SEAT_NOT_DRAWN' })
  const grounds = groundsOf(uploaderOf(record))
  const lottery = { tickets: grounds.ticketsBy(drawn.peer, peer), seats: Number(before.total), ownerOf: () => drawn.peer }
  const place = Number(before.entry.before) + claim.seat
  const winner = firstOf(ticketsTried(lotteryOf(hashes.seed, lottery), place), drawn, tickets, grounds)
  if (winner !== drawn.peer) throw wrong('another peer’s seat')
  return winner
}
function uploaderOf({ manifest }: JobRecord): PeerId {
  const payload = peekPayload(manifest)
  if (payload === undefined) throw wrong('no manifest')
  return peerIdOfKey(manifestMessage.decode(payload).uploader)
}

/** Walks the tickets as the draw did, each by its proof. */
function firstOf(
  tried: Iterable<number>,
  { staying, leaver }: DrawnSeat,
  proofs: readonly Uint8Array[],
  { ownerOf }: SeatGrounds,
): PeerId | undefined {
  let used = 0
  for (const ticket of tried) {
    const proof = proofs[used++]
    if (proof === undefined) throw wrong('a ticket without proof')
    const { peer, isEligible, former } = ownerOf(ticket, proof)
    if (isPassedOver(peer, { staying, leaver, eligible: () => isEligible, formerOf: () => former })) continue
    if (used < proofs.length) throw wrong('tickets past the winner')
    return peer
  }
  if (used < proofs.length) throw wrong('tickets past the last')
  return leaver
}
const wrong = (reason: string): SchedulerError => new SchedulerError({ code: 'SEAT_PROOF_WRONG', reason })
