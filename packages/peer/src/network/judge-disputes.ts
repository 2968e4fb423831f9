import type { PeerId } from '@interpeer/crypto-ids'
import { type Moment, recoveringSince, withJob } from '@interpeer/job-scheduler'
import type { Judgment, Verification } from '@interpeer/peer-group'
import { withMarks } from '@interpeer/vote-chain'
import { type DisputeCase, type Disputes, judgmentOf } from './disputes.js'
import { drawnJury } from './draw-jury.js'
import type { NetworkState } from './network-state.js'
import { canNotPay, paidJurors } from './pay-jurors.js'
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
  const one = given.jury === null && given.recordedHeight < moment.height ? { ...given, ...drawnJury(before, state, given, moment) } : given
  const heard = one !== before.disputes.get(one.id) // a jury, or a verdict
  if (one.jury === null || (!heard && moment.timeMs < one.deadlineMs)) return state
  const judgment = judgmentOf(one, state.network, moment.timeMs, verification)
  const judged = judgment === null ? {} : { judgedMs: moment.timeMs, debtors: debtorsIn(state, judgment) }
  const heardState = { ...state, disputes: new Map(state.disputes).set(one.id, { ...one, judgment, ...judged }) }
  return judgment === null ? heardState : applied(heardState, one, judgment, moment)
}

/** What a verdict does: marks, ended accounts, pay; and if another epoch has to open, members are asked to show what they hold. */
function applied(state: NetworkState, { job, epoch }: DisputeCase, judgment: Judgment, { height, timeMs }: Moment): NetworkState {
  const { marks, faults, pay, opens } = judgment
  const marked = { ...state, registry: withMarks(state.registry, [...new Set(marks.map(({ peer }) => peer))], state.settings) }
  const without = faults.reduce((all, { peer }) => ended(all, peer), marked)
  const paid = { ...without, ledger: paidJurors(without, pay) }
  const entry = paid.jobs.get(job)
  // it was let stand, and who else was kept out has its time again
  if (opens === undefined && entry?.closing != null && entry.epoch.number === epoch) {
    return { ...paid, jobs: withJob(paid.jobs, { ...entry, closing: { ...entry.closing, sinceHeight: height, sinceMs: timeMs } }) }
  }
  if (opens === undefined || entry === undefined || entry.epoch.number !== epoch || entry.recovering !== null) return paid
  return { ...paid, jobs: withJob(paid.jobs, { ...entry, recovering: recoveringSince(height, timeMs) }) }
}

/** Who asked for a jury in vain and can't pay it leaves its seat: otherwise it could hold its group up again and again, for nothing. */
function debtorsIn(state: NetworkState, { unresolved, pay }: Judgment): readonly PeerId[] {
  return unresolved.filter((peer) => canNotPay(state, peer, pay))
}
