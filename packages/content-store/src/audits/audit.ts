import { bytesOfContentId, type ContentId, type PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Block } from '../blocks.js'
import { busyOf } from '../exchange/read-reply.js'
import { AUDIT_MAX_BLOCKS, auditBlocks, auditDigest, auditDigests } from './messages.js'

/** An answer that comes later shows nothing: by then the block may have been fetched. */
export const AUDIT_DEADLINE_MS = 3_000

/** An audit under way. It holds what the answer must be, and no block. */
export interface Audit {
  readonly prover: PeerId
  /** The `audit-blocks` to send. */
  readonly request: Uint8Array
  readonly cids: readonly ContentId[]
  readonly digests: readonly Uint8Array[]
}
/**
 * What one audit showed of one block. `held`: the prover, or someone who answered for it in time, read it after it was asked. `lacks`: it
 * says itself that it does not have it. `wrong`: it answered something else than the block gives. `silent`: no answer in time. `busy`: it
 * would not hash that much now.
 */
export type AuditOutcome = 'held' | 'lacks' | 'wrong' | 'silent' | 'busy'
export interface Audited {
  readonly cid: ContentId
  readonly outcome: AuditOutcome
}

/**
 * Asks `prover` to show that it holds these blocks, which whoever asks holds too. At most 16; more are left out.
 * @param nonce 32 bytes that nobody can foresee, for this audit alone
 */
export function openAudit(prover: PeerId, blocks: readonly Block[], nonce: Uint8Array): Audit {
  const some = blocks.slice(0, AUDIT_MAX_BLOCKS)
  const cids = some.map(({ cid }) => cid)
  return {
    prover,
    cids,
    request: auditBlocks.encode({ nonce, cids: cids.map(bytesOfContentId) }),
    digests: some.map(({ bytes }) => auditDigest(nonce, prover, bytes)),
  }
}

/**
 * What a reply shows of each block, in their order. Never throws: what a peer sent wrong is an outcome.
 * @param reply undefined when none came
 * @param elapsedMs from when the request was sent until the reply was here
 */
export function judgeAudit({ cids, digests }: Audit, reply: Uint8Array | undefined, elapsedMs: number): readonly Audited[] {
  const all = (outcome: AuditOutcome): readonly Audited[] => cids.map((cid) => ({ cid, outcome }))
  if (reply === undefined || elapsedMs > AUDIT_DEADLINE_MS) return all('silent')
  if (busyOf(reply) !== undefined) return all('busy')
  const answers = answersOf(reply)
  if (answers === undefined || answers.length > cids.length || (answers.length === 0 && cids.length > 0)) return all('wrong')
  return cids.map((cid, i) => {
    const answer = answers[i]
    if (answer === undefined) return { cid, outcome: 'busy' }
    if (answer === null) return { cid, outcome: 'lacks' }
    return { cid, outcome: sameBytes(answer, digests[i] as Uint8Array) ? 'held' : 'wrong' }
  })
}

function answersOf(reply: Uint8Array): readonly (Uint8Array | null)[] | undefined {
  try {
    return auditDigests.decode(reply).digests
  } catch {
    return undefined
  }
}
