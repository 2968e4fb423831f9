import { CryptoError, type PeerId, peekPayload, peerIdOfKey } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { type FaultKind, samePayload } from '../fault.js'
import { createVerifier, type GroupContext, type Verification } from '../verifier.js'
import { verdictMessage } from './messages.js'

/** What ends an account, where a dispute shows it: a member's two answers (`verifyFault` checks them), or a juror's two verdicts (`verifyVerdicts`). */
export interface DisputeFault {
  readonly peer: PeerId
  readonly kind: FaultKind | 'two-verdicts'
  readonly evidence: readonly [Uint8Array, Uint8Array]
}

/** The juror whose two different verdicts about one dispute these are, checked by anyone. Undefined where they prove nothing. */
export function verifyVerdicts(evidence: readonly Uint8Array[], context: GroupContext, verification?: Verification): PeerId | undefined {
  const [a, b] = evidence
  if (a === undefined || b === undefined || evidence.length !== 2 || samePayload(a, b)) return undefined
  const verifier = createVerifier(context, verification)
  const juror = signerIn(a)
  if (juror === undefined) return undefined
  const [one, other] = [verifier.open(verdictMessage, a, [juror]), verifier.open(verdictMessage, b, [juror])]
  if (typeof one === 'string' || typeof other === 'string') return undefined
  if (!sameBytes(one.value.from, other.value.from) || !sameBytes(one.value.dispute, other.value.dispute)) return undefined
  return juror
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
