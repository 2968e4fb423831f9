import { accountOfPeer, type PeerId, sealOf } from '@interpeer/crypto-ids'
import { balanceOf, COMMONS, type Ledger } from '@interpeer/intercoin-ledger'
import { lotteryOf, type Moment, recoveringSince, ticketsTried, withJob } from '@interpeer/job-scheduler'
import { callJury, type Judgment, type Verification } from '@interpeer/peer-group'
import { ratingPerMille, withMarks } from '@interpeer/vote-chain'
import { bytesOfHex } from '@interpeer/wire-codec'
import { type DisputeCase, type Disputes, judgmentOf } from './disputes.js'
import { mayJudge } from './lottery.js'
import type { NetworkState } from './network-state.js'
import { movedAtMost, payeeOf } from './pay.js'
import { ended } from './registry-orders.js'

/**
 * What a block does to all disputes, after its transactions: it draws the juries of those that the block before recorded, and decides those that can be
 * decided.
 * @param before the state of the block before: who may be a juror
 */
export function advanceDisputes(before: NetworkState, state: NetworkState, moment: Moment, verification: Verification): NetworkState {
  let now = state
  // in the order of their ids, which is the same on a peer that did not see them come
  for (const id of [...state.disputes.keys()].sort()) {
    const one = now.disputes.get(id) as DisputeCase
    if (!isOver(one, now.jobs) && one.judgment === null) now = advanceCase(before, now, one, moment, verification)
  }
  return now
}

/** A block that ends an epoch forgets its disputes: what an entry says of one goes by its job's entry. */
export function openDisputes(disputes: Disputes, jobs: NetworkState['jobs']): Disputes {
  const left = [...disputes].filter(([, one]) => !isOver(one, jobs))
  return left.length === disputes.size ? disputes : new Map(left)
}
function isOver({ job, epoch }: DisputeCase, jobs: NetworkState['jobs']): boolean {
  const entry = jobs.get(job)
  return entry?.state !== 'running' || entry.epoch.number !== epoch
}

function advanceCase(
  before: NetworkState,
  state: NetworkState,
  given: DisputeCase,
  moment: Moment,
  verification: Verification,
): NetworkState {
  const one = given.jury === null && given.recordedHeight < moment.height ? withJury(before, given, moment) : given
  const heard = one !== before.disputes.get(one.id) // a jury, or a verdict
  if (one.jury === null || (!heard && moment.timeMs < one.deadlineMs)) return state
  const judgment = judgmentOf(one, state.network, moment.timeMs, verification)
  const judged = judgment === null ? {} : { judgedMs: moment.timeMs, debtors: debtorsIn(state, judgment) }
  const heardState = { ...state, disputes: new Map(state.disputes).set(one.id, { ...one, judgment, ...judged }) }
  return judgment === null ? heardState : applied(heardState, one, judgment, moment)
}

/** The jury, drawn by this block's seed over the tickets of the block before; each peer once. */
function withJury(before: NetworkState, one: DisputeCase, { lottery, seed, height, timeMs }: Moment): DisputeCase {
  const { registry, settings } = before
  const { shuffle } = lotteryOf(sealOf('jury seed', [seed, bytesOfHex(one.id)]), {
    tickets: lottery.shuffle.count,
    seats: 1,
    ownerOf: lottery.ownerOf,
  })
  const most = 2 * one.members.length + 1
  const drawn = new Set<PeerId>()
  for (const ticket of ticketsTried({ shuffle, seats: 1 }, 0)) {
    if (drawn.size === most) break
    const peer = lottery.ownerOf(ticket)
    const entry = registry.get(peer)
    if (entry === undefined || !mayJudge(entry, height, settings)) continue
    if (![peer, ...entry.former].some((key) => one.members.includes(key))) drawn.add(peer)
  }
  const jury = callJury(seed, one.members, drawn.size, (_, __, count) => [...drawn].slice(0, count))
  const ratings = new Map(jury.map((peer) => [peer, ratingPerMille(registry.get(peer)?.agreement ?? { good: 0, bad: 0 })]))
  const after = (cycles: number) => timeMs + cycles * settings.cycleMs
  const { disputeFetchCycles, disputeAnswerCycles, disputeCycles } = settings
  const times = { fetchUntilMs: after(disputeFetchCycles), answerUntilMs: after(disputeFetchCycles + disputeAnswerCycles) }
  return { ...one, jury, ratings, ...times, deadlineMs: after(disputeFetchCycles + disputeAnswerCycles + disputeCycles) }
}

/** What a verdict does: marks, ended accounts, pay; and if another epoch has to open, members are asked to show what they hold. */
function applied(state: NetworkState, { job, epoch }: DisputeCase, judgment: Judgment, { height, timeMs }: Moment): NetworkState {
  const { marks, faults, pay, opens } = judgment
  const marked = { ...state, registry: withMarks(state.registry, [...new Set(marks.map(({ peer }) => peer))], state.settings) }
  const without = faults.reduce((all, { peer }) => ended(all, peer), marked)
  const paid = { ...without, ledger: paidJurors(without, pay) }
  const entry = paid.jobs.get(job)
  if (opens === undefined || entry === undefined || entry.epoch.number !== epoch || entry.recovering !== null) return paid
  return { ...paid, jobs: withJob(paid.jobs, { ...entry, recovering: recoveringSince(height, timeMs) }) }
}

/** Who asked for a jury in vain and can't pay it leaves its seat: otherwise it could hold its group up again and again, for nothing. */
function debtorsIn(state: NetworkState, { unresolved, pay }: Judgment): readonly PeerId[] {
  const share = shareOf(state, pay)
  return unresolved.filter((peer) => pay.owing.includes(peer) && balanceOf(state.ledger, payeeOf(state, accountOfPeer(peer))) < share)
}
const shareOf = ({ settings }: NetworkState, { owed, owing }: Judgment['pay']): bigint =>
  owing.length === 0 ? 0n : (settings.jurorFee * BigInt(owed.length)) / BigInt(owing.length)

/** Jurors are paid by the losing side, in equal parts and as far as it has coins, otherwise from the commons account. Heirs pay, and are paid, for rotated keys. */
function paidJurors(state: NetworkState, { owed, owing }: Judgment['pay']): Ledger {
  const fee = state.settings.jurorFee
  const share = shareOf(state, { owed, owing })
  const accountFor = (peer: PeerId) => payeeOf(state, accountOfPeer(peer))
  const collected = owing.reduce((all, peer) => movedAtMost(all, { from: accountFor(peer), to: COMMONS, most: share }), state.ledger)
  return owed.reduce((all, peer) => movedAtMost(all, { from: COMMONS, to: accountFor(peer), most: fee }), collected)
}
