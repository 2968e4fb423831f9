import { bytesOfContentId, type ContentId, contentIdOfBytes, type PeerId, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { type Infer, sameBytes } from '@interpeer/wire-codec'
import { answerSeal, matches, rootOf } from './answer.js'
import { type Batch, type KnownBatch, type MemberOutcome, namingOf, readBatch } from './batch.js'
import { PeerGroupError } from './errors.js'
import { type Answer, certificateMessage, type Reveal, revealMessage } from './messages.js'
import { quorumOf } from './quorum.js'
import { createVerifier, type GroupContext, type Opened, type Verification, type Verifier } from './verifier.js'

/** What a certificate proves: the members named by `agreed` ran this batch and came to this root. Whether that is final: `provesFinal`. */
export interface CertifiedStep {
  readonly epoch: number
  readonly step: number
  readonly rank: number
  readonly batchHash: Uint8Array
  readonly batch: KnownBatch
  /** The group state block. */
  readonly state: ContentId
  /** The group state that the run began from. */
  readonly start: ContentId
  readonly answer: Answer
  readonly timeMs: number
  readonly agreed: readonly PeerId[]
  /** Members whose answer differs. Silence is not dissent: a member named nowhere said nothing in time. */
  readonly contradicted: readonly PeerId[]
  /** All members agreed. */
  readonly unanimous: boolean
  /** All of them, in seat order. */
  readonly reveals: readonly Opened<Reveal>[]
}

/** What the reveals alone prove, to one who does not hold the batch. */
export interface CertifiedReveals {
  readonly epoch: number
  readonly step: number
  readonly rank: number
  /** SHA-256 of the batch's bytes. */
  readonly batchHash: Uint8Array
  /** The group state block. */
  readonly state: ContentId
  readonly answer: Answer
  readonly agreed: readonly PeerId[]
  /** Members whose answer differs. */
  readonly contradicted: readonly PeerId[]
  /** All members agreed. */
  readonly unanimous: boolean
}

/**
 * Whether certificates alone prove a step final (design §6, Final or frozen): all members agreed on it, on a batch that names all before it; or a later
 * certified batch of the same epoch names it. Both are of one group: the caller has checked them against one context.
 */
export function provesFinal(certified: FinalPart, later?: FinalPart): boolean {
  if (certified.unanimous && certified.answer.final >= certified.step - 1) return true
  return later !== undefined && later.epoch === certified.epoch && later.step > certified.step && later.answer.final >= certified.step
}
type FinalPart = Pick<CertifiedReveals, 'epoch' | 'step' | 'answer' | 'unanimous'>

/**
 * Checks a certificate without its batch, as visitors do: a batch holds the VRF proof that its seed and so every token of its scripts follow from.
 * What was answered is in `answer.responses` (`responsesDigest`).
 * @throws {PeerGroupError} CERTIFICATE_INVALID
 */
export function verifyReveals(certificate: Uint8Array, context: GroupContext, verification?: Verification): CertifiedReveals {
  const { start: _, reveals: __, ...certified } = readReveals(certificate, createVerifier(context, verification))
  return certified
}

/**
 * Checks a certificate and its batch: q matching reveals of one (epoch, step, rank, batch), each signed by another member (design §6).
 * Anyone can: the chain, gateways, browsers.
 * @throws {PeerGroupError} CERTIFICATE_INVALID
 */
export function verifyCertificate(
  certificate: Uint8Array,
  batch: Uint8Array,
  context: GroupContext,
  verification?: Verification,
): CertifiedStep {
  return readCertificate(certificate, batch, createVerifier(context, verification))
}

/**
 * Checks a closing certificate and its batch, the receipt that members are paid by: it ends its epoch, and the next begins from `state`.
 * `outcomes` is in seat order and counts the epoch's steps before this one.
 * @throws {PeerGroupError} CERTIFICATE_INVALID
 */
export function verifyClosing(
  certificate: Uint8Array,
  batch: Uint8Array,
  context: GroupContext,
  verification?: Verification,
): CertifiedStep & { readonly outcomes: readonly MemberOutcome[] } {
  const certified = verifyCertificate(certificate, batch, context, verification)
  if (!closes(certified.batch.value, context)) throw invalid('not a closing batch of this epoch')
  if (certified.state !== certified.batch.from) throw invalid('a closing batch that changes the state')
  return { ...certified, outcomes: certified.batch.value.outcomes }
}

/**
 * Whether a batch ends this epoch: it names all steps before it final, or all before a frozen one. One that a recovery carried over from an earlier epoch
 * does not; nor does one with requests, whose seed the chain would make public.
 */
export function closes(batch: Batch, { epoch, members }: GroupContext): boolean {
  const { closing, final, disputed, step } = batch
  const decided = final === (disputed > 0 && final < disputed ? disputed : step) - 1
  return closing && decided && batch.epoch === epoch && batch.outcomes.length === members.length && batch.requests.length === 0
}

/** @throws {PeerGroupError} CERTIFICATE_INVALID */
export function readCertificate(certificate: Uint8Array, batchBytes: Uint8Array, verifier: Verifier): CertifiedStep {
  const read = readReveals(certificate, verifier)
  if (!sameBytes(read.batchHash, sha256(batchBytes))) throw invalid('another batch')
  let batch: KnownBatch
  try {
    batch = readBatch(batchBytes)
  } catch (cause) {
    throw invalid('not readable', cause)
  }
  // A batch that is run again in a later epoch may run on another state than it names: the one that stands.
  const isRerun = batch.value.epoch !== verifier.context.epoch
  if (!isRerun && !sameBytes(read.start, batch.value.from)) throw invalid('a reveal from another state')
  const { final, disputed } = namingOf(batch.value, verifier.context.epoch)
  if (read.answer.final !== final || read.answer.disputed !== disputed) throw invalid('reveals that name other steps than the batch')
  const { epoch, step, rank, batchHash, state, answer, agreed, contradicted, unanimous, reveals } = read
  const start = rootOf({ root: read.start })
  if (start === undefined) throw invalid('a start that names nothing')
  return { epoch, step, rank, batchHash, batch, state, start, answer, timeMs: batch.value.timeMs, agreed, contradicted, unanimous, reveals }
}

/** The reveals of a certificate, opened. @throws {PeerGroupError} CERTIFICATE_INVALID */
export const openReveals = (certificate: Uint8Array, verifier: Verifier): Pick<ReadReveals, 'reveals'> => readReveals(certificate, verifier)

export type ReadReveals = CertifiedReveals & { readonly start: Uint8Array; readonly reveals: readonly Opened<Reveal>[] }

export function readReveals(certificate: Uint8Array, verifier: Verifier): ReadReveals {
  const { context } = verifier
  let value: ReturnType<typeof certificateMessage.decode>
  try {
    value = certificateMessage.decode(certificate)
  } catch (cause) {
    throw invalid('not readable', cause)
  }
  if (!sameBytes(value.job, bytesOfContentId(context.job)) || value.epoch !== context.epoch) throw invalid('another job or epoch')
  const reveals: Opened<Reveal>[] = []
  for (const envelope of value.reveals) {
    const opened = verifier.open(revealMessage, envelope)
    if (typeof opened === 'string') throw invalid(opened)
    const { step, rank, batch: hash, start } = opened.value
    if (step !== value.step || rank !== value.rank || !sameBytes(hash, value.batch)) throw invalid('a reveal of another place')
    if (!sameBytes(start, reveals[0]?.value.start ?? start)) throw invalid('a reveal from another state')
    if (opened.seat <= (reveals.at(-1)?.seat ?? -1)) throw invalid('reveals not in seat order')
    // Also one of a few: a record with this certificate counts what all of its roots name (`recordReferences`).
    if (rootOf(opened.value.answer) === undefined) throw invalid('a root that names nothing')
    reveals.push(opened)
  }
  const first = reveals[0]
  const answer = agreedAnswer(reveals, context.members.length)
  if (first === undefined || answer === undefined) throw invalid('fewer than q matching reveals')
  if (answer.final >= value.step) throw invalid('it names itself final')
  const named = (agree: boolean) =>
    reveals.filter((one) => matches(one.value.answer, answer) === agree).map(({ seat }) => context.members[seat] as PeerId)
  return {
    epoch: value.epoch,
    step: value.step,
    rank: value.rank,
    batchHash: value.batch,
    state: contentIdOfBytes(answer.root),
    answer,
    agreed: named(true),
    contradicted: named(false),
    unanimous: named(true).length === context.members.length,
    start: first.value.start,
    reveals,
  }
}

/** The answer that q of all N members revealed alike, if any. */
export function agreedAnswer(reveals: readonly Opened<Reveal>[], memberCount: number): Answer | undefined {
  const alike = (answer: Answer) => reveals.filter(({ value }) => matches(value.answer, answer)).length
  return reveals.find(({ value }) => alike(value.answer) >= quorumOf(memberCount))?.value.answer
}

/** What q of a certificate's reveals come to, before any signature is looked at. @throws {WireError} */
export function rootShown({ reveals }: Infer<typeof certificateMessage>, memberCount: number): ContentId | undefined {
  const roots = reveals.map((envelope) => revealMessage.decode(peekPayload(envelope) ?? new Uint8Array()).answer.root)
  const root = roots.find((one) => roots.filter((other) => sameBytes(one, other)).length >= quorumOf(memberCount))
  return root === undefined ? undefined : contentIdOfBytes(root)
}

/** `reveals`: of one place, at most one of each member. */
export function writeCertificate(reveals: readonly Opened<Reveal>[]): Uint8Array {
  const inOrder = [...reveals].sort((a, b) => a.seat - b.seat)
  const first = inOrder[0]
  if (first === undefined) throw invalid('no reveals')
  const { job, epoch, step, rank, batch } = first.value
  return certificateMessage.encode({ job, epoch, step, rank, batch, reveals: inOrder.map(({ envelope }) => envelope) })
}

/** The seal that a reveal opens. */
export function sealOfReveal({ value }: Opened<Reveal>, { network, job, epoch }: GroupContext): Uint8Array {
  return answerSeal(
    { network, job, epoch, step: value.step, rank: value.rank, batch: value.batch, key: value.from },
    value.salt,
    value.answer,
  )
}

const invalid = (reason: string, cause?: unknown): PeerGroupError => new PeerGroupError({ code: 'CERTIFICATE_INVALID', reason }, { cause })
