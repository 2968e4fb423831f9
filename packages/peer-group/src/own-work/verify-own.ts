import { type PeerId, peekMessageNumber } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { type Answer, type Reveal, revealMessage } from '../messages.js'
import { createVerifier, type GroupContext, type Opened, type Verification, type Verifier } from '../verifier.js'
import { type ChallengeReply, challengeReplyMessage } from './messages.js'
import { chunkFits, ownPart } from './own-part.js'

/**
 * `false-reply`: a signed reply whose chunks do not lie under the own part that it names. `two-owns`: two own parts of one member for one batch from one
 * start. `own-part`: the common part of an answer is right, and its own part is not that of the execution.
 */
export type OwnFaultKind = 'false-reply' | 'two-owns' | 'own-part'

/** What one execution of a batch came to. */
export interface OwnRun {
  /** Only its common part counts. */
  readonly answer: Answer
  readonly transcript: Uint8Array
}
export interface OwnFinding {
  readonly peer: PeerId
  readonly kind: OwnFaultKind
  readonly step: number
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  /** The group state that the run began from (binary ContentId). */
  readonly start: Uint8Array
  /** `run-again`: whoever runs `batch` from `start` can decide it. */
  readonly verdict: 'proven' | 'run-again'
}

/**
 * What envelopes prove about a member's own work, checked by anyone: one or two of `group-reveal` and `group-challenge-reply`. A reveal by itself
 * proves nothing before the batch was run again: pass what that came to as `run`. Undefined where nothing is proven, and where the common part
 * differs: that is a dissent.
 */
export function verifyOwnFault(
  evidence: readonly Uint8Array[],
  context: GroupContext,
  run?: OwnRun,
  verification?: Verification,
): OwnFinding | undefined {
  const verifier = createVerifier(context, verification)
  const opened = evidence.map((envelope) => openOwn(envelope, verifier))
  const [one, other] = opened
  if (one === undefined || opened.length > 2 || opened.includes(undefined)) return undefined
  const found = (kind: OwnFaultKind, verdict: OwnFinding['verdict'] = 'proven'): OwnFinding => {
    const { step, batch, start } = one.opened.value
    return { peer: context.members[one.opened.seat] as PeerId, kind, step, batch, start, verdict }
  }
  if (other !== undefined) return saysTwo(one, other) ? found('two-owns') : undefined
  if (one.type === 'reply') return isConsistent(one.opened.value, context) ? undefined : found('false-reply')
  if (run === undefined) return found('own-part', 'run-again')
  return isOwnWork(one.opened.value, context, run) ? undefined : found('own-part')
}

/** Whether every chunk of a reply lies under the own part that the reply names. */
export function isConsistent(reply: ChallengeReply, context: GroupContext): boolean {
  const place = { ...context, step: reply.step, batch: reply.batch, key: reply.from }
  return reply.chunks.every((chunk) => chunkFits(reply.own, reply.length, chunk, place))
}

/** Whether a reveal's own part is that of the execution; true too where its common part is another's, which is not judged here. */
export function isOwnWork({ step, batch, from, answer }: Reveal, context: GroupContext, run: OwnRun): boolean {
  if (!matches(answer, run.answer)) return true
  return sameBytes(answer.own, ownPart(run.transcript, { ...context, step, batch, key: from }))
}

type Own =
  | { readonly type: 'reveal'; readonly opened: Opened<Reveal>; readonly own: Uint8Array }
  | { readonly type: 'reply'; readonly opened: Opened<ChallengeReply>; readonly own: Uint8Array }

function openOwn(envelope: Uint8Array, verifier: Verifier): Own | undefined {
  const number = peekMessageNumber(envelope)
  if (number === revealMessage.number) {
    const opened = verifier.open(revealMessage, envelope)
    return typeof opened === 'string' ? undefined : { type: 'reveal', opened, own: opened.value.answer.own }
  }
  if (number !== challengeReplyMessage.number) return undefined
  const opened = verifier.open(challengeReplyMessage, envelope)
  return typeof opened === 'string' ? undefined : { type: 'reply', opened, own: opened.value.own }
}

function saysTwo(a: Own, b: Own): boolean {
  const [one, other] = [a.opened, b.opened]
  const alike = one.seat === other.seat && one.value.step === other.value.step
  return alike && sameBytes(one.value.batch, other.value.batch) && sameBytes(one.value.start, other.value.start) && !sameBytes(a.own, b.own)
}
