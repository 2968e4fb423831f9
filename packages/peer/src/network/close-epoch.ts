import { accountOfJob, bytesOfContentId, type ContentId, type JobId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { escrowOf } from '@interpeer/intercoin-ledger'
import {
  closeEpoch,
  earningsOf,
  earningsWithin,
  type HeldClosing,
  holdClosing,
  inOrder,
  isHeldLongEnough,
  type Job,
  type Moment,
  recoveringSince,
  type SeatOutcome,
  withJob,
} from '@interpeer/job-scheduler'
import { type CertifiedStep, type GroupContext, type MemberOutcome, sumOfPayments, verifyClosing } from '@interpeer/peer-group'
import { withOutcomes, withReview } from '@interpeer/vote-chain'
import { type DisputeCase, isDisputed, isOfClosed, judgedCasesOf, underClosing } from './disputes.js'
import { NetworkError } from './errors.js'
import { throwHostFault } from './host-fault.js'
import type { NetworkState } from './network-state.js'
import { endIfPoor, payMembers, payOut } from './pay.js'
import type { Setting } from './setting.js'

/**
 * Takes a closing certificate. Where all members revealed it, or no jury could judge what they say, it is carried out; otherwise it is kept for a while first, as who did not reveal it may have been kept out of what it
 * closes (ADR 0043). While a jury judges a step that it closes it is kept too, and where one let such a step stand just before: members may have gone on from it (ADR 0045).
 */
export function close(
  state: NetworkState,
  entry: Job,
  certificate: Uint8Array,
  batch: Uint8Array,
  { moment, verification }: Setting,
): NetworkState {
  const disputed = isInTheWay(state, entry, certificate)
  if (disputed !== undefined) throw new NetworkError({ code: disputed })
  const closing = verifyClosing(certificate, batch, contextOf(state, entry), verification)
  const { value } = closing.batch
  const { epoch } = entry
  checkStart(entry, closing)
  // what such an epoch passes on is undecided: it is recovered from shows instead, by the verdict if there is one
  if (value.disputed > value.final) throw new NetworkError({ code: 'EPOCH_FROZEN' })
  const closed = carryOutClosing(state, entry, { certificate, closing }, moment)
  const waits = !closing.unanimous && epoch.jurors >= epoch.members.length
  if (!waits && !isBeforeJury(state, entry)) return withoutLosers(closed, entry.job, losersIn(disputesOf(state, entry)), moment)
  if (entry.closing !== null) throw new NetworkError({ code: 'CLOSING_HELD' })
  const cases = disputesOf(state, entry).map((one) => [one.id, underClosing(one, { certificate }, state.network, verification)] as const)
  const held = holdClosing(entry, { certificate, batch }, moment)
  return { ...state, disputes: new Map([...state.disputes, ...cases]), jobs: withJob(state.jobs, held) }
}

/**
 * A closing changes nothing, so one that is an epoch's first step leaves what that began from. Of any other one a member can object to what leads there, but of the first there is nothing.
 * @throws {NetworkError} CLOSING_OTHER_START
 */
function checkStart({ epoch }: Job, { step, state }: { readonly step: number; readonly state: ContentId }): void {
  if (step === 1 && state !== epoch.start) throw new NetworkError({ code: 'CLOSING_OTHER_START' })
}

/** Why a closing certificate is not taken now: a verdict opens the next epoch, from what members show; or a jury judges what it does not close, or where one is kept already. */
export function isInTheWay(state: NetworkState, entry: Job, certificate: Uint8Array): 'EPOCH_FROZEN' | 'DISPUTE_OPEN' | undefined {
  const cases = disputesOf(state, entry).filter(({ judgment }) => judgment === null || judgment.opens !== undefined)
  if (cases.some(({ judgment }) => judgment?.outcome === 'overturned' || judgment?.outcome === 'dropped')) return 'EPOCH_FROZEN'
  const left = cases.filter((one) => entry.closing !== null || !isOfClosed(one, { certificate }))
  if (left.some(({ judgment }) => judgment === null)) return 'DISPUTE_OPEN'
  return left.length > 0 ? 'EPOCH_FROZEN' : undefined
}

/** Carries out the closing certificates that were kept for long enough, in the order of their jobs' ids: they move coins. */
export function carryOutHeld(state: NetworkState, setting: Setting): NetworkState {
  let now = state
  for (const { job } of inOrder([...state.jobs.values()].filter(({ closing }) => closing !== null))) {
    const entry = now.jobs.get(job)
    const held = entry?.closing ?? null
    if (entry === undefined || held === null || !isHeldLongEnough(held, setting.moment) || isBeforeJury(now, entry)) continue
    now = withHeldCarriedOut(now, entry, held, setting)
  }
  return now
}
function withHeldCarriedOut(
  state: NetworkState,
  entry: Job,
  { certificate, batch }: HeldClosing,
  { moment, verification }: Setting,
): NetworkState {
  const disputed = disputesOf(state, entry)
  try {
    const closing = verifyClosing(certificate, batch, contextOf(state, entry), verification)
    const closed = carryOutClosing(state, entry, { certificate, closing }, moment)
    return withoutLosers(closed, entry.job, losersIn(disputed), moment)
  } catch (error) {
    throwHostFault(error)
    // it could be carried out when it was recorded: what came since decides, and without a closing the job is recovered
    const disputes = new Map([...state.disputes].filter(([, one]) => !disputed.includes(one)))
    return { ...state, disputes, jobs: withJob(state.jobs, { ...entry, closing: null }) }
  }
}

export const disputesOf = ({ disputes }: Pick<NetworkState, 'disputes'>, { job, epoch }: Job): readonly DisputeCase[] =>
  [...disputes.values()].filter((one) => one.job === job && one.epoch === epoch.number)
export const losersIn = (disputes: readonly DisputeCase[]): readonly PeerId[] =>
  disputes.flatMap(({ judgment, debtors }) => [...(judgment?.leave ?? []), ...debtors])

/** Who objected falsely, or in vain and without the coins for it, loses its seat in the epoch that stood open meanwhile: by a recovery, which loses nothing final. */
function withoutLosers(state: NetworkState, job: JobId, losers: readonly PeerId[], { height, timeMs }: Moment): NetworkState {
  const entry = state.jobs.get(job)
  const leave = entry?.state === 'running' ? entry.epoch.members.filter((peer) => losers.includes(peer)) : []
  if (entry === undefined || leave.length === 0) return state
  return { ...state, jobs: withJob(state.jobs, { ...entry, recovering: recoveringSince(height, timeMs, leave) }) }
}

/** A jury is to judge a step of the job's running epoch, or undid one: then its recovery opens the next. */
export const isBeforeJury = ({ disputes }: NetworkState, { job, epoch }: Job): boolean =>
  isDisputed(disputes, job, epoch.number) || judgedCasesOf(disputes, job, epoch.number).length > 0

/** Pays the epoch's members by the outcomes of its closing certificate, records those, and opens the next epoch. */
function carryOutClosing(
  state: NetworkState,
  entry: Job,
  { certificate, closing }: { readonly certificate: Uint8Array; readonly closing: ReturnType<typeof verifyClosing> },
  moment: Moment,
): NetworkState {
  const { epoch } = entry
  const outcomes = outcomesOf(entry, closing)
  const { payments } = closing.batch.value
  const said = {
    ...{ epoch: epoch.number, certificate: sha256(certificate), state: closing.state, timeMs: closing.timeMs, outcomes },
    paid: sumOfPayments(payments),
  }
  const { job, paidMs } = closeEpoch(entry, said, moment)
  const { cycleMs, seatPricePerCycle } = state.settings
  const earned = earningsOf(outcomes, paidMs, cycleMs, seatPricePerCycle)
  // what scripts were told that they may pay comes first, in this epoch and in the one that is named; it leaves what seats cost
  const settled = { ...state, ledger: payOut(state, entry, payments) }
  const held = escrowOf(settled.ledger, accountOfJob(entry.job)) ?? 0n
  const promised = job.epoch.mayPay > job.paid ? job.epoch.mayPay - job.paid : 0n
  const ledger = payMembers(settled, entry, earningsWithin(earned, held > promised ? held - promised : 0n))
  const registry = withOutcomes(state.registry, outcomes, moment.height, state.settings)
  const about = { job: bytesOfContentId(entry.job), epoch: epoch.number, certificate: said.certificate }
  return endIfPoor({ ...state, ledger, registry, reviews: withReview(state.reviews, about, outcomes) }, job)
}

/** The receipt's outcomes; in an epoch without earlier steps, what the closing step itself shows. */
function outcomesOf({ epoch }: Job, closing: CertifiedStep & { readonly outcomes: readonly MemberOutcome[] }): readonly SeatOutcome[] {
  const counted = epoch.members.map((peer, seat) => ({ peer, ...(closing.outcomes[seat] as MemberOutcome) }))
  if (counted.some((one) => one.agreed + one.late + one.absent + one.contradicted + one.unresolved > 0)) return counted
  return epoch.members.map((peer) => {
    const [agreed, contradicted] = [Number(closing.agreed.includes(peer)), Number(closing.contradicted.includes(peer))]
    return { peer, agreed, late: 0, absent: 1 - agreed - contradicted, contradicted, unresolved: 0 }
  })
}

export const contextOf = ({ network }: NetworkState, { job, epoch }: Job): GroupContext => ({
  network,
  job,
  epoch: epoch.number,
  members: epoch.members,
})
