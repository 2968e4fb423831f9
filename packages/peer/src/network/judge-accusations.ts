import { type Moment, recoveringSince, withJob } from '@interpeer/job-scheduler'
import { judgeAccusation } from '@interpeer/peer-group'
import { withMarks } from '@interpeer/vote-chain'
import { type AccusationCase, isFoundLying } from './accusations.js'
import { drawnJury } from './draw-jury.js'
import type { NetworkState } from './network-state.js'
import { canNotPay, paidJurors } from './pay-jurors.js'

/** Recoveries that begin so that a liar leaves its seat: one that ends by a closing certificate, or finds nobody else for the seat, changes nothing. */
const ASKED_MAX = 3

/**
 * What a block does to all accusations, after its transactions and disputes: it draws juries, judges, and has who lied leave its seat.
 * @param before the state of the block before: who may be a juror
 */
export function advanceAccusations(before: NetworkState, state: NetworkState, moment: Moment): NetworkState {
  let now = state
  // in the order of their ids, which is the same on a peer that did not see them come
  for (const id of [...state.accusations.keys()].sort()) {
    const one = now.accusations.get(id) as AccusationCase
    now = one.outcome === 'open' ? advanceCase(before, now, one, moment) : leaving(now, one, moment)
  }
  // also those gone through before the one that was upheld, which this block may forget already
  for (const one of now.accusations.values()) now = settledIfFound(now, one)
  return now
}

/** It leaves already: whoever else noticed asks nothing more, owes nothing, and is not made to wait for a jury. */
function settledIfFound(state: NetworkState, one: AccusationCase): NetworkState {
  if (one.outcome !== 'open' || !isFoundLying(state.accusations, one)) return state
  return { ...state, accusations: new Map(state.accusations).set(one.id, { ...one, outcome: 'settled' }) }
}

/** Forgets those that are judged, once nobody may accuse in their epoch any more and who is to leave has left, or can't be replaced. */
export function openAccusations({
  accusations,
  jobs,
  closedEpochs,
}: Pick<NetworkState, 'accusations' | 'jobs' | 'closedEpochs'>): NetworkState['accusations'] {
  const left = [...accusations].filter(([, one]) => {
    const entry = jobs.get(one.job)
    if (entry?.state !== 'running') return false
    const { number, members } = entry.epoch
    if (one.outcome === 'open' || number === one.epoch || number === one.askedEpoch) return true
    if (closedEpochs.get(one.job)?.epoch === one.epoch) return true
    return one.asked < ASKED_MAX && one.leave.some((peer) => members.includes(peer))
  })
  return left.length === accusations.size ? accusations : new Map(left)
}

function advanceCase(before: NetworkState, state: NetworkState, given: AccusationCase, moment: Moment): NetworkState {
  if (isFoundLying(state.accusations, given)) return state
  const one = given.jury === null && given.recordedHeight < moment.height ? { ...given, ...drawnJury(before, state, given, moment) } : given
  if (one.jury === null) return state
  const held = { ...state, accusations: new Map(state.accusations).set(one.id, one) }
  const judgment = judgeAccusation({ ...one, jury: one.jury, nowMs: moment.timeMs })
  if (judgment === undefined) return one === given ? state : held
  const { finding, liars, pay } = judgment
  const debtors = pay.owing.filter((peer) => !liars.includes(peer) && canNotPay(state, peer, pay))
  const judged: AccusationCase = { ...one, outcome: finding ?? 'unjudged', leave: [...liars, ...debtors] }
  const marked = { ...held, registry: withMarks(state.registry, liars, state.settings) }
  // a member that leaves anyway loses nothing by a vain accusation that it has no coins for: it must not cost all others either
  const ledger = paidJurors(marked, pay, { isInVain: liars.length === 0 })
  return leaving({ ...marked, ledger }, judged, moment)
}

/** A recovery gives the seats of those that are to leave to others, as a verdict on a step does. What is final stays; in an epoch that another recovery ends already, it is done by that. */
function leaving(state: NetworkState, one: AccusationCase, { height, timeMs }: Moment): NetworkState {
  const entry = state.jobs.get(one.job)
  const put = (changed: AccusationCase) => ({ ...state, accusations: new Map(state.accusations).set(one.id, changed) })
  const isDue =
    entry?.state === 'running' &&
    entry.closing === null && // it would open nothing
    entry.epoch.number !== one.askedEpoch &&
    one.asked < ASKED_MAX &&
    one.leave.some((peer) => entry.epoch.members.includes(peer))
  if (entry === undefined || !isDue) return one === state.accusations.get(one.id) ? state : put(one)
  const begun = put({ ...one, askedEpoch: entry.epoch.number, asked: one.asked + 1 })
  if (entry.recovering !== null) return begun
  return { ...begun, jobs: withJob(state.jobs, { ...entry, recovering: recoveringSince(height, timeMs) }) }
}
