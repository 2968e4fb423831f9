import { bytesOfContentId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { createVerifier, type Verification } from '../verifier.js'
import { type Dispute, type DisputeContext, follows, type ShownStep, shownStep } from './dispute.js'
import { DISPUTE_STEPS_MAX } from './settings.js'

/** A dispute, and what has been shown since that changes what there is to judge. */
export interface DisputeSoFar extends Dispute {
  /** All members revealed this step alike: nothing is left to judge. */
  readonly unanimous: ShownStep | undefined
  /** Another batch was certified in the disputed one's place, which therefore never can be. */
  readonly superseded: ShownStep | undefined
}

/**
 * Adds certificates that anyone has shown the chain before the verdict: of the disputed step, and of steps that build on it, so that whoever brings a dispute can't
 * lose what was certified later by leaving it out. In any order; those that have nothing to do with it change nothing.
 * @throws {PeerGroupError} DISPUTE_INVALID where one does not hold
 */
export function withShown(
  dispute: Dispute,
  certificates: readonly Uint8Array[],
  context: DisputeContext,
  verification?: Verification,
): DisputeSoFar {
  const verifier = createVerifier(context, verification)
  const shown = certificates.map((certificate) => shownStep(certificate, verifier)).sort((a, b) => a.step - b.step || a.rank - b.rank)
  const start = bytesOfContentId(dispute.start)
  const ofStep = shown.filter((one) => one.step === dispute.step && sameBytes(one.start, start))
  const ofBatch = ofStep.filter(({ batchHash }) => sameBytes(batchHash, dispute.batch))
  const known = dispute.certified === undefined ? ofBatch : [dispute.certified, ...ofBatch]
  const unanimous = known.find((one) => one.unanimous)
  const superseded = known.length > 0 ? undefined : ofStep[0]
  const certified = unanimous ?? known[0] ?? superseded
  const later = isSameAnswer(certified, dispute.certified) ? [...dispute.later] : []
  for (const one of shown) {
    const tip = later.at(-1) ?? certified
    if (tip !== undefined && later.length < DISPUTE_STEPS_MAX && follows(one, tip)) later.push(one)
  }
  return { ...dispute, certified, later, unanimous, superseded }
}

const isSameAnswer = (a: ShownStep | undefined, b: ShownStep | undefined): boolean =>
  a !== undefined && b !== undefined && matches(a.answer, b.answer)
