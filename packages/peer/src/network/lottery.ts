import { type MapCache, readAt, readEntry, readHeldMap, readTotal } from '@interpeer/content-store'
import {
  type AccountId,
  accountOfJob,
  accountOfPeer,
  bytesOfContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  keyOfPeerId,
  type PeerId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import { type Lottery, lotteryOf, type Moment, seatOfTicket } from '@interpeer/job-scheduler'
import { type BlockInfo, isMature, mayBeDrawn, type PeerEntry } from '@interpeer/vote-chain'
import { mayPayOf } from './may-pay.js'
import type { NetworkState } from './network-state.js'

/** The names under which a peer declines a job: the job's own, and its uploader's. */
const declining = (job: JobId, uploader: PeerId): readonly AccountId[] => [accountOfJob(job), accountOfPeer(uploader)]

/** Whether a peer's entry lets it be drawn for a job. */
export const isEligible = (
  entry: PeerEntry,
  { job, uploader }: { readonly job: JobId; readonly uploader: PeerId },
  height: number,
  settings: { readonly matureCycles: number },
): boolean => mayBeDrawn(entry, height, settings) && !declining(job, uploader).some((name) => entry.declines.includes(name))

/** Whether a peer's entry lets it be drawn for a jury: whatever seats it has. */
export const mayJudge = (entry: PeerEntry, height: number, settings: { readonly matureCycles: number }): boolean =>
  entry.standing === 'joined' && entry.awaySinceHeight === null && isMature(entry, height, settings)

/**
 * The moment of a block, as job-scheduler takes it. Tickets, seats and who may be drawn are those of the state before the block: nothing in
 * the block itself can choose who its seed draws. `settings` are the block's own, where they are not those of the block before. Finds one ticket's owner, and one job's seats, by sums in the maps: no list is walked.
 */
export function momentOf(
  before: NetworkState,
  { height, timeMs, seed }: Pick<BlockInfo, 'height' | 'timeMs' | 'seed'>,
  {
    cache,
    settings = before.settings,
    mayPay = (job) => mayPayOf(before, job),
  }: { readonly cache?: MapCache; readonly settings?: Moment['settings']; readonly mayPay?: Moment['mayPay'] } = {},
): Moment {
  const { maps, registry } = before
  const totalOf = (name: 'peers' | 'jobs') => Number(readHeldMap(maps[name], (get, root) => readTotal(get, root, cache)).total)
  const ownerOf = (ticket: number) =>
    peerIdOfKey(readHeldMap(maps.peers, (get, root) => readAt(get, root, BigInt(ticket), cache)).entry.key)
  let lottery: Moment['lottery'] | undefined
  let count: number | undefined
  let judges: number | undefined
  const mayJudgeHere = (entry: PeerEntry | undefined): boolean => entry !== undefined && mayJudge(entry, height, before.settings)
  return {
    height,
    timeMs,
    seed,
    settings,
    get lottery() {
      lottery ??= lotteryOf(seed, { tickets: totalOf('peers'), seats: totalOf('jobs'), ownerOf })
      return lottery
    },
    firstSeatOf: (job) => {
      const { entry } = readHeldMap(maps.jobs, (get, root) => readEntry(get, root, bytesOfContentId(job), cache))
      return entry && Number(entry.before)
    },
    eligible: (peer, job) => {
      const entry = registry.get(peer)
      return entry !== undefined && isEligible(entry, job, height, before.settings)
    },
    formerOf: (peer) => registry.get(peer)?.former ?? [],
    eligibleCount: () => {
      count ??= [...registry.values()].filter((entry) => mayBeDrawn(entry, height, before.settings)).length
      return count
    },
    mayPay,
    judgesBeside: (members) => {
      judges ??= [...registry.values()].filter(mayJudgeHere).length
      return judges - members.filter((peer) => mayJudgeHere(registry.get(peer))).length
    },
  }
}

/** A seat that one of a peer's tickets fell to first. Backup 0 has won it, if it may be drawn; backup k, if none before it may. */
export interface TicketSeat {
  readonly ticket: number
  readonly job: JobId
  readonly seat: number
  readonly backup: number
}
/**
 * What a block's seed made of a peer's tickets: "they calculate which jobs they are doing" (§6.4.2.1). Reads its own entry and one job for
 * each ticket, so the size of the network is nothing to it. Which of these seats are given away in the block, the jobs' timetables say.
 * @param before the state of the block before
 */
export function seatsOfTickets(
  { maps }: Pick<NetworkState, 'maps'>,
  lottery: Lottery,
  peer: PeerId,
  cache?: MapCache,
): readonly TicketSeat[] {
  const { entry } = readHeldMap(maps.peers, (get, root) => readEntry(get, root, keyOfPeerId(peer), cache))
  if (entry === undefined || lottery.seats === 0) return []
  return Array.from({ length: Number(entry.sum) }, (_, i) => {
    const ticket = Number(entry.before) + i
    const { seat, backup } = seatOfTicket(lottery, ticket)
    const at = readHeldMap(maps.jobs, (get, root) => readAt(get, root, BigInt(seat), cache)).entry
    return { ticket, job: jobIdOf(contentIdOfBytes(at.key)), seat: seat - Number(at.before), backup }
  })
}
