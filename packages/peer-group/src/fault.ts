import { type PeerId, peekMessageNumber, peekPayload } from '@interpeer/crypto-ids'
import { type Message, sameBytes } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import { sealOfReveal } from './certificate.js'
import { readDissent } from './dissent.js'
import { hidesLock } from './hidden-lock.js'
import { clearOverDissent } from './lies.js'
import { dissentMessage, proposalMessage, revealMessage, sealMessage, timeoutMessage } from './messages.js'
import { createVerifier, type FromMember, type GroupContext, type Opened, type Verification } from './verifier.js'

/**
 * What ends an account (design §6, Faults): two different signed messages of one kind for one (epoch, step, rank); two answers to one batch from one root; a
 * reveal that does not open the same member's seal; a time-out that hides what the same member revealed on; a reveal, in a step begun after its sender held a dissent, of a batch that calls the step clear and that
 * nothing bound it to. Silence is never proof.
 */
export type FaultKind =
  | 'two-proposals'
  | 'two-seals'
  | 'two-reveals'
  | 'two-timeouts'
  | 'two-answers'
  | 'broken-seal'
  | 'clear-over-dissent'
  | 'hidden-lock'

interface Placed extends FromMember {
  readonly step: number
  readonly rank: number
}
const KINDS: readonly (readonly [FaultKind, Message<never>])[] = [
  ['two-proposals', proposalMessage as unknown as Message<never>],
  ['two-seals', sealMessage as unknown as Message<never>],
  ['two-reveals', revealMessage as unknown as Message<never>],
  ['two-timeouts', timeoutMessage as unknown as Message<never>],
]

/** The fault that envelopes prove, checked by anyone: whose, and which. Two of them; with `clear-over-dissent` the batch and the one before are the third and fourth. Undefined: none. */
export function verifyFault(
  evidence: readonly Uint8Array[],
  context: GroupContext,
  verification?: Verification,
): { readonly peer: PeerId; readonly kind: FaultKind } | undefined {
  const [a, b] = evidence
  if (a === undefined || b === undefined || evidence.length === 3 || evidence.length > 4) return undefined
  const verifier = createVerifier(context, verification)
  if (evidence.length === 4) return clearOverDissent(a, b, evidence[2] as Uint8Array, evidence[3] as Uint8Array, verifier)
  const found = (kind: FaultKind, seat: number) => ({ peer: context.members[seat] as PeerId, kind })
  const [numberA, numberB] = [peekMessageNumber(a), peekMessageNumber(b)]
  if (numberA === sealMessage.number && numberB === revealMessage.number) {
    const [seal, reveal] = [verifier.open(sealMessage, a), verifier.open(revealMessage, b)]
    if (typeof seal === 'string' || typeof reveal === 'string' || !samePlace(seal, reveal)) return undefined
    const opens = sameBytes(seal.value.batch, reveal.value.batch) && sameBytes(seal.value.seal, sealOfReveal(reveal, context))
    return opens ? undefined : found('broken-seal', seal.seat)
  }
  if (numberA === revealMessage.number && numberB === timeoutMessage.number) {
    const [reveal, timeout] = [verifier.open(revealMessage, a), verifier.open(timeoutMessage, b)]
    if (typeof reveal === 'string' || typeof timeout === 'string' || reveal.seat !== timeout.seat) return undefined
    return reveal.value.step === timeout.value.step && hidesLock(timeout.value, reveal.value)
      ? found('hidden-lock', reveal.seat)
      : undefined
  }
  if ([numberA, numberB].includes(dissentMessage.number)) {
    const [one, other] = [readDissent(verifier, a), readDissent(verifier, b)]
    if (one?.answer === undefined || other?.answer === undefined || one.seat !== other.seat) return undefined
    const isOneRun =
      one.step === other.step && sameBytes(one.batch, other.batch) && sameBytes(one.start as Uint8Array, other.start as Uint8Array)
    return isOneRun && !matches(one.answer, other.answer) ? found('two-answers', one.seat) : undefined
  }
  if (numberA === revealMessage.number && numberB === revealMessage.number) {
    const [one, other] = [verifier.open(revealMessage, a), verifier.open(revealMessage, b)]
    if (typeof one === 'string' || typeof other === 'string' || one.seat !== other.seat || one.value.step !== other.value.step)
      return undefined
    const oneRun = sameBytes(one.value.batch, other.value.batch) && sameBytes(one.value.start, other.value.start)
    if (one.value.rank !== other.value.rank) {
      return oneRun && !matches(one.value.answer, other.value.answer) ? found('two-answers', one.seat) : undefined
    }
  }
  const kind = KINDS.find(([, message]) => message.number === numberA && message.number === numberB)
  if (kind === undefined) return undefined
  const message = kind[1] as unknown as Message<Placed>
  const [one, other] = [verifier.open(message, a), verifier.open(message, b)]
  if (typeof one === 'string' || typeof other === 'string' || !samePlace(one, other) || samePayload(a, b)) return undefined
  return found(kind[0], one.seat)
}

/** Whether both say the same: two signatures under one text are no fault. */
export function samePayload(a: Uint8Array, b: Uint8Array): boolean {
  if (sameBytes(a, b)) return true
  const [one, other] = [peekPayload(a), peekPayload(b)]
  return one !== undefined && other !== undefined && sameBytes(one, other)
}

function samePlace(a: Opened<Placed>, b: Opened<Placed>): boolean {
  return a.seat === b.seat && a.value.step === b.value.step && a.value.rank === b.value.rank
}
