import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Dispute } from './dispute.js'
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
 * run there: it may be of another branch.
 * @param of what the verdict was about
 */
export function isSettled(
  { step, batch, base, gap }: Pick<Dispute, 'step' | 'batch' | 'gap'> & { readonly base: Pick<Dispute['base'], 'step'> },
  { outcome, step: judged }: Pick<Judgment, 'outcome' | 'step'>,
  of: Pick<Dispute, 'step' | 'batch'> & {
    readonly base: Pick<Dispute['base'], 'step'>
    readonly path: readonly { readonly step: number; readonly batchHash: Uint8Array }[]
  },
): boolean {
  if (step <= of.base.step || (gap > 0 && (base.step < of.base.step || outcome === 'unjudged'))) return false
  if (outcome === 'overturned' || outcome === 'dropped') return true
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
