import { CryptoError, type PeerId, peekMessageNumber, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { samePayload } from '../fault.js'
import { type Answer, revealMessage } from '../messages.js'
import { createVerifier, type GroupContext, type Opened, type Verification, type Verifier } from '../verifier.js'
import { type Dissent, dissentMessage, verdictMessage } from './messages.js'

/** What ends an account, where a dispute shows it: a member's two answers to one batch from one root, or a juror's two verdicts. */
export interface DisputeFault {
  readonly peer: PeerId
  readonly kind: 'two-answers' | 'two-verdicts'
  readonly evidence: readonly [Uint8Array, Uint8Array]
}

/** The fault that two envelopes prove, checked by anyone: whose, and which. Undefined where they prove none. */
export function verifyDisputeFault(
  evidence: readonly Uint8Array[],
  context: GroupContext,
  verification?: Verification,
): Pick<DisputeFault, 'peer' | 'kind'> | undefined {
  const [a, b] = evidence
  if (a === undefined || b === undefined || evidence.length !== 2 || samePayload(a, b)) return undefined
  const verifier = createVerifier(context, verification)
  if (peekMessageNumber(a) === verdictMessage.number) return twoVerdicts(a, b, verifier)
  const [one, other] = [openAnswer(a, verifier), openAnswer(b, verifier)]
  if (one === undefined || other === undefined || one.seat !== other.seat || one.value.step !== other.value.step) return undefined
  const isOneRun = sameBytes(one.value.batch, other.value.batch) && sameBytes(one.value.start, other.value.start)
  if (!isOneRun || matches(one.value.answer, other.value.answer)) return undefined
  return { peer: context.members[one.seat] as PeerId, kind: 'two-answers' }
}

/** A reveal or a dissent: both are answers to a batch from a state. */
function openAnswer(envelope: Uint8Array, verifier: Verifier): Opened<Dissent & { readonly answer: Answer }> | undefined {
  const number = peekMessageNumber(envelope)
  if (number !== dissentMessage.number && number !== revealMessage.number) return undefined
  const message = number === dissentMessage.number ? dissentMessage : (revealMessage as unknown as typeof dissentMessage)
  const opened = verifier.open(message, envelope)
  return typeof opened === 'string' ? undefined : opened
}

function twoVerdicts(a: Uint8Array, b: Uint8Array, verifier: Verifier): Pick<DisputeFault, 'peer' | 'kind'> | undefined {
  const juror = signerIn(a)
  if (juror === undefined) return undefined
  const [one, other] = [verifier.open(verdictMessage, a, [juror]), verifier.open(verdictMessage, b, [juror])]
  if (typeof one === 'string' || typeof other === 'string') return undefined
  if (!sameBytes(one.value.from, other.value.from) || !sameBytes(one.value.dispute, other.value.dispute)) return undefined
  return { peer: juror, kind: 'two-verdicts' }
}

/** Whom a verdict names as its juror: not checked yet. */
function signerIn(envelope: Uint8Array): PeerId | undefined {
  try {
    return peerIdOfKey(verdictMessage.decode(peekPayload(envelope) ?? new Uint8Array()).from)
  } catch (error) {
    if (error instanceof CryptoError || error instanceof WireError) return undefined
    throw error
  }
}
