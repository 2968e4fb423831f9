import { contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { matches } from '../answer.js'
import { createVerifier, type Verification } from '../verifier.js'
import { type DisputeContext, isFromWord, isNamedFinal, isWithheld } from './dispute.js'
import { gapStart } from './gap.js'
import type { DecidedBy, Judgment, Opens, Outcome } from './judgment.js'
import { weightsOf } from './jury.js'
import { faultsShown, type Losers, losersByAnswer, NO_LOSERS, runnersOf, saidInVain } from './losers.js'
import type { Finding } from './messages.js'
import type { DisputeSoFar } from './shown.js'
import { collectVerdicts, type Findings, type ReadVerdict, sameFinding } from './verdict.js'

/** What the chain has recorded about one dispute. */
export interface Trial {
  /** As `callJury` gave it; empty: there is none. */
  readonly jury: readonly PeerId[]
  /** In thousandths, by the jurors' ratings. */
  readonly ratings: ReadonlyMap<PeerId, number>
  /** Signed verdicts, each with the time of the block that recorded it. */
  readonly verdicts: readonly { readonly envelope: Uint8Array; readonly atMs: number }[]
  /** Verdicts recorded later do not count. */
  readonly deadlineMs: number
  readonly nowMs: number
  /** The epoch was closed before it was brought: all of its steps were acknowledged, whatever the dispute shows of that, and it stays closed unless one is undone. */
  readonly isClosed?: boolean
  /** The group counted on a jury and froze: without one, too, it goes on only in a new epoch. */
  readonly frozen?: boolean
}

/**
 * Decides a dispute, as everyone does who has the same record (WP §6.2, design §6, Jury): a finding wins with more than half of all drawn jurors, by number and by weight.
 * Undefined: not decided yet. Never throws on verdicts: those that do not hold count for nothing.
 */
export function judge(dispute: DisputeSoFar, trial: Trial, context: DisputeContext, verification?: Verification): Judgment | undefined {
  const { jury, verdicts, deadlineMs, nowMs } = trial
  const inTime = verdicts.filter(({ atMs }) => atMs <= deadlineMs).map(({ envelope }) => envelope)
  const findings = collectVerdicts(inTime, dispute, jury, createVerifier(context, verification))
  const bench = { dispute, context, findings, frozen: trial.frozen ?? false, isClosed: trial.isClosed ?? false }
  if (dispute.superseded !== undefined) return judged(bench, 'stands', 'another-batch', dispute.step)
  if (dispute.unanimous !== undefined)
    return judged(bench, 'stands', 'unanimity', dispute.step, { faults: faultsShown(dispute, context, verification) })
  if (jury.length === 0) return withoutVerdict(bench, 'no-jury', dispute.certified !== undefined)
  const weights = weightsOf(jury, trial.ratings)
  const spoken = opinionsIn(findings)
  const total = sumOf(jury, weights)
  for (const { finding } of spoken) {
    const alike = spoken.filter((one) => sameFinding(one.finding, finding)).map(({ juror }) => juror)
    if (2 * alike.length > jury.length && 2 * sumOf(alike, weights) > total) return byJury(bench, finding, alike)
  }
  if (nowMs < deadlineMs && findings.byJuror.size + findings.twice.length < jury.length) return undefined
  const { certified, step } = dispute
  const confirms = (finding: Finding) =>
    finding.type === 'holds' ||
    (certified !== undefined && finding.type === 'answered' && finding.step === step && matches(finding.answer, certified.answer))
  const pro = spoken.filter(({ finding }) => confirms(finding)).map(({ juror }) => juror)
  const contra = spoken.filter(({ finding }) => !confirms(finding)).map(({ juror }) => juror)
  // at a tie it is not believed: a drop costs a retry, but a lie that stands may leave a state that nobody honest has
  const isOutvoted = contra.length > 0 && (contra.length >= pro.length || sumOf(contra, weights) >= sumOf(pro, weights))
  return withoutVerdict(bench, 'no-majority', certified !== undefined && (isAcknowledged(bench, step) || !isOutvoted))
}

interface Bench {
  readonly dispute: DisputeSoFar
  readonly context: DisputeContext
  readonly findings: Findings
  readonly frozen: boolean
  readonly isClosed: boolean
}
const isAcknowledged = ({ dispute, isClosed }: Pick<Bench, 'dispute' | 'isClosed'>, step: number): boolean =>
  isClosed || isNamedFinal(dispute, step)
type Opinion = Exclude<Finding, { readonly type: 'too-slow' }>
const opinionsIn = ({ byJuror }: Findings) =>
  [...byJuror.values()].filter((one): one is ReadVerdict & { readonly finding: Opinion } => one.finding.type !== 'too-slow')
const sumOf = (peers: readonly PeerId[], weights: ReadonlyMap<PeerId, number>): number =>
  peers.reduce((sum, peer) => sum + (weights.get(peer) ?? 0), 0)

/** More than half of the jury, by number and weight, found this. */
function byJury(bench: Bench, finding: Opinion, majority: readonly PeerId[]): Judgment {
  const { dispute, context } = bench
  if (finding.type === 'holds') return judged(bench, 'stands', 'jury', dispute.step, { majority, unresolved: saidInVain(dispute) })
  const { step } = finding
  if (finding.type === 'answered') {
    const isUpheld = step === dispute.step && dispute.certified !== undefined && matches(finding.answer, dispute.certified.answer)
    // what this stretch began from nobody certified: that it goes wrong there shows that something before it may be wrong as well
    if (!isUpheld && isFromWord(dispute)) return judged(bench, 'dropped', 'jury', gapStart(dispute) ?? step, { majority })
    const losers = losersByAnswer(dispute, step, finding.answer, context)
    const start = { start: contentIdOfBytes(finding.answer.root), holders: majority }
    return judged(bench, isUpheld ? 'stands' : 'overturned', 'jury', step, { ...losers, majority, start })
  }
  // What visitors were told is final is not undone because what it was made from is gone: only where a member said at the time that it was not given it, or what follows on it.
  // What no honest member could have run is as wrong as another answer.
  const isUpheld = finding.type === 'invalid' || isWithheld(dispute, step)
  if (isAcknowledged(bench, step) && !isUpheld)
    return judged(bench, 'unjudged', 'jury', step, { majority, unresolved: saidInVain(dispute) })
  const mark = finding.type === 'invalid' ? 'false' : 'withheld'
  const marks = runnersOf(dispute, step, mark, context).map((peer) => ({ peer, step, mark }) as const)
  return judged(bench, 'dropped', 'jury', step, { majority, marks })
}

/** Nobody can say who is right: what is certified stands, what is not is dropped, and nobody is marked. */
function withoutVerdict(bench: Bench, by: 'no-majority' | 'no-jury', stands: boolean): Judgment {
  const { dispute } = bench
  return judged(bench, stands ? 'unjudged' : 'dropped', by, dispute.step, { unresolved: saidInVain(dispute) })
}

interface Found extends Partial<Losers> {
  readonly majority?: readonly PeerId[]
  readonly start?: Pick<Opens, 'start' | 'holders'>
}
function judged(bench: Bench, outcome: Outcome, by: DecidedBy, step: number, found: Found = {}): Judgment {
  const { findings, context } = bench
  const { majority, marks, unresolved, wrongDissenters, faults: shown } = { ...NO_LOSERS, majority: undefined, ...found }
  const faults = [...shown, ...findings.twice]
  const atFault = new Set(faults.map(({ peer }) => peer))
  const leave = context.members.filter((peer) => wrongDissenters.includes(peer) || atFault.has(peer))
  const spoken = opinionsIn(findings).map(({ juror }) => juror)
  // who said for nothing that it was not given a batch is not marked, for it may have been so: but a jury that everyone waits for has its price
  const inVain = by === 'jury' && outcome === 'stands' ? unresolved : []
  const owing = context.members.filter((peer) => atFault.has(peer) || marks.some((one) => one.peer === peer) || inVain.includes(peer))
  return {
    outcome,
    by,
    step,
    marks,
    unresolved: unresolved.filter((peer) => !atFault.has(peer)),
    leave,
    differed: majority === undefined ? [] : spoken.filter((juror) => !majority.includes(juror)),
    faults,
    pay: { owed: majority ?? spoken, owing },
    opens: opensFrom(bench, outcome, by, step, leave, found.start),
  }
}

/** A frozen group goes on only in a new epoch. One that never froze, for lack of a jury or because the step was final, goes on as it is unless its state changes. */
function opensFrom(
  { dispute, context, frozen, isClosed }: Bench,
  outcome: Outcome,
  by: DecidedBy,
  step: number,
  leave: readonly PeerId[],
  start: Found['start'],
): Opens | undefined {
  const { path, certified, later, superseded } = dispute
  const stays = outcome === 'stands' || outcome === 'unjudged'
  if (stays && ((by === 'no-jury' && !frozen) || isAcknowledged({ dispute, isClosed }, step))) return undefined
  const disputed = { step: dispute.step, batchHash: superseded?.batchHash ?? dispute.batch }
  const batches = [...path, disputed, ...later].filter((one) => one.step > step).map(({ batchHash }) => batchHash)
  const members = context.members.filter((peer) => !leave.includes(peer))
  const before = path.find((one) => one.step === step - 1)
  const standing =
    stays && certified !== undefined
      ? { start: certified.state, holders: certified.agreed }
      : { start: before?.state ?? dispute.base.state, holders: before?.agreed ?? context.members }
  return { ...(start ?? standing), rerun: batches, members }
}
