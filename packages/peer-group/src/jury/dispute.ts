import {
  bytesOfContentId,
  type ContentId,
  contentIdOfBytes,
  keyOfPeerId,
  type PeerId,
  peekMessageNumber,
  sealOf,
} from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { NO_BATCH } from '../ancestors.js'
import { provesFinal, type ReadReveals, readReveals } from '../certificate.js'
import { PeerGroupError } from '../errors.js'
import { type Answer, withheldMessage } from '../messages.js'
import { createVerifier, type GroupContext, type Verification, type Verifier } from '../verifier.js'
import { invalid, readBound, readSplit, readStatements } from './evidence.js'
import { disputeMessage } from './messages.js'
import { checkStretch, type Stretch, stretchAsked } from './stretch.js'

/** Which group's dispute, and the group state that its epoch began from. */
export interface DisputeContext extends GroupContext {
  readonly start: ContentId
}
/** A certified step as a certificate alone shows it. */
export type ShownStep = ReadReveals & { readonly certificate: Uint8Array }
/** What one member signed about the disputed batch; without an answer: that it was not given it. */
export interface Statement {
  readonly peer: PeerId
  readonly answer?: Answer
  readonly envelope: Uint8Array
}
/** A checked dispute: one question, what `batch` makes of `start`, and all that members have signed about it. */
export interface Dispute {
  /** 32 bytes. Whoever brings it, and with whatever evidence: the same question has the same id. */
  readonly id: Uint8Array
  readonly kind: 'objection' | 'split' | 'bound'
  readonly epoch: number
  readonly step: number
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  /** The group state that the batch runs on. */
  readonly start: ContentId
  /** The last final step, and its state; step 0: the epoch's beginning. */
  readonly base: { readonly step: number; readonly batch: Uint8Array; readonly state: ContentId }
  /** The certified steps between the base and this one, but for those of a gap. */
  readonly path: readonly ShownStep[]
  /** How many steps between those and this one nobody shows a certificate of: each batch names those before it. */
  readonly gap: number
  /** Which steps jurors run, where the gap makes them more than they can: those after `after` up to `through`, found from the disputed batch, from the state that the first of them names. Undefined: all after the base. */
  readonly stretch: Stretch | undefined
  /** The disputed step's certificate, where it has one. */
  readonly certified: ShownStep | undefined
  /** The certified steps that build on it. */
  readonly later: readonly ShownStep[]
  /** Against it, by distinct members: in the order of seats. */
  readonly statements: readonly Statement[]
}

/**
 * Checks a dispute from its messages alone (design §6, Jury): anyone can, without a batch. The answer to be judged is `certified.answer`.
 * @throws {PeerGroupError} DISPUTE_INVALID
 */
export function verifyDispute(bytes: Uint8Array, context: DisputeContext, verification?: Verification): Dispute {
  const verifier = createVerifier(context, verification)
  const { step, batch, base, steps, evidence } = decode(bytes, context)
  const before = base === null ? undefined : shownStep(base, verifier)
  const shown = steps.map((certificate) => shownStep(certificate, verifier))
  const from = { step: before?.step ?? 0, batch: before?.batchHash ?? NO_BATCH, state: before?.state ?? context.start }
  const mayLack = isAllWithheld(evidence)
  checkChain(from, shown, mayLack ? step : undefined)
  if (before !== undefined && ![undefined, ...shown].some((later) => provesFinal(before, later))) throw invalid('a base that is not final')
  const path = shown.filter((one) => one.step < step)
  const tip = path.at(-1) ?? from
  const certified = shown.find((one) => one.step === step)
  const gap = step - 1 - tip.step
  // what a frozen group repeats runs on what was before its frozen step, and leads back over nothing
  const mayGap = mayLack && certified !== undefined && certified.answer.disputed === 0
  if (gap < 0 || (gap > 0 && !mayGap)) throw invalid('steps are missing before the disputed one')
  const stretch = evidence.type === 'objection' ? stretchAsked(evidence.statements) : undefined
  checkStretch(stretch, { step, gap, base: from.step, tip: tip.step })
  if ((certified !== undefined) !== (evidence.type === 'objection')) {
    throw invalid(certified === undefined ? 'no certificate of the disputed step' : 'a certificate of a step that is said to have none')
  }
  if (certified !== undefined && !sameBytes(certified.batchHash, batch)) throw invalid('another batch')
  const start = gap > 0 && certified !== undefined ? contentIdOfBytes(certified.start) : tip.state
  const place = { step, batch, start, certified }
  const statements =
    evidence.type === 'objection'
      ? readStatements(evidence.statements, place, verifier)
      : evidence.type === 'split'
        ? readSplit(evidence, place, verifier)
        : readBound(evidence, place, verifier)
  const later = shown.filter((one) => one.step > step)
  const [asker] = statements
  const begun = begunAt({ base: from, path, gap, stretch }, asker && keyOfPeerId(asker.peer))
  const id = disputeId(context, { ...place, begun })
  const about = { id, kind: evidence.type, epoch: context.epoch, step, batch, start }
  return { ...about, base: from, path, gap, stretch, certified, later, statements }
}

/**
 * One id for one question: SHA-256 of canonical CBOR ["interpeer-group-dispute", network, job, epoch, step, batch, start], and of a dispute with a gap what it says of where jurors begin: an accomplice must not ask what jurors
 * answer without looking at what was hidden, or can't answer, and so keep who was kept out from asking.
 */
export function disputeId({ network, job, epoch }: GroupContext, { step, batch, start, begun = [] }: Question): Uint8Array {
  const place = [bytesOfContentId(network), bytesOfContentId(job), epoch, step, batch, bytesOfContentId(start)]
  return sealOf('interpeer-group-dispute', [...place, ...begun])
}
type Question = Pick<Dispute, 'step' | 'batch' | 'start'> & { readonly begun?: readonly (number | Uint8Array)[] }

/**
 * What the id says of where jurors begin. Of a gap: the last final step, and its state, for there may be another certificate of that step. Of a stretch: what it is after and through, the key of who asks for it, and the
 * state that is certified where it begins, if one is.
 */
export function begunAt(
  { base, path, gap, stretch }: Omit<Begun, 'base' | 'path'> & Pick<Dispute, 'base' | 'path' | 'gap'>,
  asker: Uint8Array | undefined,
): readonly (number | Uint8Array)[] {
  if (stretch === undefined) return gap > 0 ? [base.step, bytesOfContentId(base.state)] : []
  return [
    stretch.after,
    stretch.through,
    ...(asker === undefined ? [] : [asker]),
    ...(isFromWord({ base, path, stretch }) ? [] : [bytesOfContentId(tipOf({ base, path }).state)]),
  ]
}

/** @throws {PeerGroupError} DISPUTE_INVALID */
export function shownStep(certificate: Uint8Array, verifier: Verifier): ShownStep {
  try {
    return { ...readReveals(certificate, verifier), certificate }
  } catch (cause) {
    if (cause instanceof PeerGroupError) throw invalid(cause.failure.reason, cause)
    throw cause
  }
}

/** Whether a step runs on what another one made. */
export const follows = (after: ShownStep, before: { readonly step: number; readonly state: ContentId }): boolean =>
  after.step === before.step + 1 && sameBytes(after.start, bytesOfContentId(before.state))

/** All that members have signed as their answer to the disputed batch: in the certificate, and against it. */
export function answersOf({ certified, statements }: Dispute, { members }: GroupContext): ReadonlyMap<PeerId, Answer> {
  const said = new Map<PeerId, Answer>()
  for (const { seat, value } of certified?.reveals ?? []) said.set(members[seat] as PeerId, value.answer)
  for (const { peer, answer } of statements) if (answer !== undefined) said.set(peer, answer)
  return said
}

/** Whether a member that had no part in a step said that it was not given it, or what was certified on it. */
export function isWithheld({ path, certified, step: disputed, statements }: Dispute, step: number): boolean {
  const shown = step === disputed ? certified : path.find((one) => one.step === step)
  const isPart = (peer: PeerId) => shown?.agreed.includes(peer) === true || shown?.contradicted.includes(peer) === true
  return statements.some(({ peer, answer }) => answer === undefined && !isPart(peer))
}

function decode(bytes: Uint8Array, { job, epoch }: GroupContext): ReturnType<typeof disputeMessage.decode> {
  let value: ReturnType<typeof disputeMessage.decode>
  try {
    value = disputeMessage.decode(bytes)
  } catch (cause) {
    throw invalid('not readable', cause)
  }
  if (!sameBytes(value.job, bytesOfContentId(job)) || value.epoch !== epoch) throw invalid('another job or epoch')
  return value
}

/**
 * Whether steps before the disputed one may be missing: whoever was kept out of them has no certificates of them. Only a member that says that something is withheld from it leaves some
 * out, for to anything else there has to be a state that it began from.
 */
const isAllWithheld = (evidence: ReturnType<typeof disputeMessage.decode>['evidence']): boolean =>
  evidence.type === 'objection' && evidence.statements.every((envelope) => peekMessageNumber(envelope) === withheldMessage.number)

/** From where on jurors run it. */
export interface Begun {
  readonly base: Pick<Dispute['base'], 'step'>
  readonly path?: readonly { readonly step: number }[]
  readonly stretch?: Stretch | undefined
}
/** The step before the first that jurors run. */
export const ranFrom = ({ base, stretch }: Begun): number => stretch?.after ?? base.step
/** The last certified step before the disputed one, or before its gap. */
export const tipOf = ({ base, path }: Pick<Dispute, 'base' | 'path'>): { readonly step: number; readonly state: ContentId } =>
  path.at(-1) ?? base
/** Whether jurors run a stretch from a state that only its first batch names: no certificate shows that anything came to it. */
export const isFromWord = ({ base, path = [], stretch }: Begun): boolean =>
  stretch !== undefined && stretch.after > (path.at(-1) ?? base).step

/** @param after the step that a gap is before */
function checkChain(
  from: { readonly step: number; readonly state: ContentId },
  shown: readonly ShownStep[],
  after: number | undefined,
): void {
  let tip = from
  for (const one of shown) {
    const isPastGap = one.step === after && one.step > tip.step + 1
    if (!isPastGap && !follows(one, tip)) throw invalid('a step that does not follow')
    tip = one
  }
}

/** Whether certified batches name a step of a dispute final: such a step is undone only by a verdict that upholds the objection. */
export function isNamedFinal({ path, certified, later }: Dispute, step: number): boolean {
  const shown = certified === undefined ? path : [...path, certified, ...later]
  return shown.some(({ answer }) => answer.final >= step)
}
