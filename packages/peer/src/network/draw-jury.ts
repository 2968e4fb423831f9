import { type PeerId, sealOf } from '@interpeer/crypto-ids'
import { lotteryOf, type Moment, ticketsTried } from '@interpeer/job-scheduler'
import { callJury, GROUP_SIZE_MAX } from '@interpeer/peer-group'
import { ratingPerMille } from '@interpeer/vote-chain'
import { bytesOfHex } from '@interpeer/wire-codec'
import { mayJudge } from './lottery.js'
import type { NetworkState } from './network-state.js'

/** Jurors of one case: 2N + 1 of the largest group. */
export const JURY_MAX = 2 * GROUP_SIZE_MAX + 1

/** What is to be judged, of which group. */
export interface ToJudge {
  /** Hexadecimal. */
  readonly id: string
  readonly members: readonly PeerId[]
}
/** A jury, and until when it fetches, answers and is heard. */
export interface DrawnJury {
  /** Empty: there is none. */
  readonly jury: readonly PeerId[]
  /** In thousandths. */
  readonly ratings: ReadonlyMap<PeerId, number>
  readonly fetchUntilMs: number
  readonly answerUntilMs: number
  readonly deadlineMs: number
}

/**
 * Draws a jury by this block's seed over the tickets of the block before; each peer once, no member.
 * @param before the state of the block before: who may be a juror
 * @param now this block's: how long the jury has
 */
export function drawnJury(
  before: NetworkState,
  now: Pick<NetworkState, 'settings'>,
  { id, members }: ToJudge,
  { lottery, seed, height, timeMs }: Moment,
): DrawnJury {
  const { registry } = before
  const { shuffle } = lotteryOf(sealOf('jury seed', [seed, bytesOfHex(id)]), {
    tickets: lottery.shuffle.count,
    seats: 1,
    ownerOf: lottery.ownerOf,
  })
  const most = 2 * members.length + 1
  const drawn = new Set<PeerId>()
  for (const ticket of ticketsTried({ shuffle, seats: 1 }, 0)) {
    if (drawn.size === most) break
    const peer = lottery.ownerOf(ticket)
    const entry = registry.get(peer)
    if (entry === undefined || !mayJudge(entry, height, before.settings)) continue
    if (![peer, ...entry.former].some((key) => members.includes(key))) drawn.add(peer)
  }
  const jury = callJury(seed, members, drawn.size, (_, __, count) => [...drawn].slice(0, count))
  const ratings = new Map(jury.map((peer) => [peer, ratingPerMille(registry.get(peer)?.agreement ?? { good: 0, bad: 0 })]))
  const { cycleMs, disputeFetchCycles, disputeAnswerCycles, disputeCycles } = now.settings
  const after = (cycles: number) => timeMs + cycles * cycleMs
  const times = { fetchUntilMs: after(disputeFetchCycles), answerUntilMs: after(disputeFetchCycles + disputeAnswerCycles) }
  return { jury, ratings, ...times, deadlineMs: after(disputeFetchCycles + disputeAnswerCycles + disputeCycles) }
}
