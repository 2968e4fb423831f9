import {
  bytesOfContentId,
  type ContentId,
  contentIdOfBytes,
  type JobId,
  type NetworkId,
  type Signer,
  sealOf,
  sha256,
} from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { ExecutionResult } from './api.js'
import type { Answer } from './messages.js'
import { ownPart, TRANSCRIPT_MAX_BYTES } from './own-work/own-part.js'
import { responsesDigest } from './response-tree.js'

/** What a seal is bound to: an answer for one place is worth nothing in another. */
export interface SealContext {
  readonly network: NetworkId
  readonly job: JobId
  readonly epoch: number
  readonly step: number
  readonly rank: number
  readonly batch: Uint8Array
  /** The member's 32-byte key. */
  readonly key: Uint8Array
}

/** The commit of commit and reveal (WP §6.2, §8.10). */
export function answerSeal(context: SealContext, salt: Uint8Array, answer: Answer): Uint8Array {
  const { root, responses, effects, fuel, final, disputed, own } = answer
  return sealOf('interpeer-group-seal', [...placeOf(context), salt, [root, responses, effects, fuel, final, disputed, own]])
}

/**
 * A secret 256-bit salt without dice: the hash of a signature that is never shown. Ed25519 signatures are deterministic and nobody else can make
 * them, so the salt is secret, and the same after a restart.
 */
export function saltFor(signer: Signer, context: SealContext): Uint8Array {
  return sha256(signer.sign(sealOf('interpeer-group-salt', placeOf(context))))
}

/** `effects` of an answer whose scripts asked for no timer, payment or outbox entry. */
const NO_EFFECTS = sealOf('interpeer-group-effects', [])

type Ran = ExecutionResult & { readonly type: 'ran' }
/** What a run of a batch that has no requests comes to. */
export const NOTHING_RAN = { responses: [], fuel: 0, transcript: new Uint8Array(32) } as const
/** Whether an answer can say what a run came to. */
export const isWithinLimits = ({ fuel, transcript, effects }: Pick<Ran, 'fuel' | 'transcript' | 'effects'>): boolean =>
  Number.isSafeInteger(fuel) && fuel >= 0 && transcript.length <= TRANSCRIPT_MAX_BYTES && (effects?.length ?? 32) === 32

/** `transcript` is what the execution did on its way: `own` can only be made with its bytes in hand, and can be challenged. */
export function answerOf(
  root: ContentId,
  { responses, fuel, effects = NO_EFFECTS, transcript }: Pick<Ran, 'responses' | 'fuel' | 'effects' | 'transcript'>,
  { final, disputed }: Pick<Answer, 'final' | 'disputed'>,
  context: SealContext,
): Answer {
  return {
    root: bytesOfContentId(root),
    responses: responsesDigest(responses),
    effects,
    fuel,
    final,
    disputed,
    own: ownPart(transcript, context),
  }
}

/** Whether a run comes to all that members agreed on, as far as a run decides it; `root`: of the state that follows from it. */
export function isRunOf(
  answer: Answer,
  root: ContentId,
  { responses, fuel, effects = NO_EFFECTS }: Pick<Ran, 'responses' | 'fuel' | 'effects'>,
): boolean {
  if (answer.fuel !== fuel || !sameBytes(answer.root, bytesOfContentId(root))) return false
  return sameBytes(answer.responses, responsesDigest(responses)) && sameBytes(answer.effects, effects)
}

/** Whether the common parts match: what q members must agree on. */
export function matches(a: Answer, b: Answer): boolean {
  if (a.fuel !== b.fuel || a.final !== b.final || a.disputed !== b.disputed) return false
  return sameBytes(a.root, b.root) && sameBytes(a.responses, b.responses) && sameBytes(a.effects, b.effects)
}

const placeOf = ({ network, job, epoch, step, rank, batch, key }: SealContext) => [
  bytesOfContentId(network),
  bytesOfContentId(job),
  epoch,
  step,
  rank,
  batch,
  key,
]

/** The group state block that an answer names, or undefined where its root names nothing. */
export function rootOf({ root }: Pick<Answer, 'root'>): ContentId | undefined {
  try {
    return contentIdOfBytes(root)
  } catch {
    return undefined
  }
}
