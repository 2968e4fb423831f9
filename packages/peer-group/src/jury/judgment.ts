import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type Begun, type Dispute, isFromWord, ranFrom } from './dispute.js'
import type { DisputeFault } from './faults.js'

/**
 * `stands`: the certified answer is right, or nothing is left to judge. `overturned`: the jury's answer stands in place of the certified one, or of one that could
 * not be certified. `dropped`: the batch is not run. `unjudged`: the certified answer stands, and nobody knows whether it is right.
 */
export type Outcome = 'stands' | 'overturned' | 'dropped' | 'unjudged'
/** What decided: all members' reveals alike, another batch's certificate, the jury's majority, the lack of one at the deadline, or the lack of a jury. */
export type DecidedBy = 'unanimity' | 'another-batch' | 'jury' | 'no-majority' | 'no-jury'

/** A rating mark. It never ends an account: only a provable fault does. `false`: a wrong answer. `withheld`: nobody could get what it says to have run. */
export interface Mark {
  readonly peer: PeerId
  readonly step: number
  readonly mark: 'false' | 'withheld'
}
/** What the next epoch is opened from. */
export interface Opens {
  /** The group state that stands. */
  readonly start: ContentId
  /** Who has it: to be asked first. */
  readonly holders: readonly PeerId[]
  /** Batches to be run again first, unchanged and in order: by their hashes. */
  readonly rerun: readonly Uint8Array[]
  /** In the order of their seats, without those that leave. */
  readonly members: readonly PeerId[]
}
/**
 * Whether a verdict leaves nothing to judge of a dispute's step: it was among those that the jury ran, or comes after one that was undone. What was final before those it did not look at, and
 * may be disputed still. So may a step with a gap before it that reaches further back, or that nobody could judge from where another began; and where a jury let steps stand, one of another batch than it is known to have
 * run there: it may be of another branch. Of a stretch that it let stand it settles what is in that and begins from no certificate.
 * @param of what the verdict was about
 */
export function isSettled(
  dispute: Pick<Dispute, 'step' | 'batch' | 'gap'> & Begun,
  { outcome, step: judged }: Pick<Judgment, 'outcome' | 'step'>,
  of: Pick<Dispute, 'step' | 'batch'> &
    Omit<Begun, 'path'> & { readonly path: readonly { readonly step: number; readonly batchHash: Uint8Array }[] },
): boolean {
  const { step, batch, gap, stretch } = dispute
  const isUndone = outcome === 'overturned' || outcome === 'dropped'
  const from = isUndone ? Math.min(ranFrom(of), judged - 1) : ranFrom(of)
  if (step <= from || (gap > 0 && (ranFrom(dispute) < from || outcome === 'unjudged'))) return false
  if (isUndone) return true
  if (of.stretch !== undefined) {
    // from a certified step on it is another question: what that came to may not be what the batch after it begins from
    const isWithin = stretch !== undefined && isFromWord(dispute) && stretch.through <= of.stretch.through
    return isWithin && step === of.step && sameBytes(batch, of.batch)
  }
  const ran = step === of.step ? of.batch : of.path.find((one) => one.step === step)?.batchHash
  return step <= judged && ran !== undefined && sameBytes(ran, batch)
}

export interface Judgment {
  readonly outcome: Outcome
  readonly by: DecidedBy
  /** The step that was judged: the disputed one, or one before it that was found false first. */
  readonly step: number
  readonly marks: readonly Mark[]
  /** Members that said something which nobody could decide. */
  readonly unresolved: readonly PeerId[]
  /** Members that lose their seats at once: dissenters judged wrong, and those at fault. */
  readonly leave: readonly PeerId[]
  /** Jurors that found otherwise than the majority: for the record, and no more. */
  readonly differed: readonly PeerId[]
  readonly faults: readonly DisputeFault[]
  /** Who is paid for judging, and who owes it, in equal parts, from earnings that mature; nobody: the commons account. */
  readonly pay: { readonly owed: readonly PeerId[]; readonly owing: readonly PeerId[] }
  /** Undefined: the epoch goes on. */
  readonly opens: Opens | undefined
}
