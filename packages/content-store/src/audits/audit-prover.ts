import { type ContentId, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import type { GetBlock } from '../blocks.js'
import { contentBusy } from '../exchange/messages.js'
import { auditBlocks, auditDigest, auditDigests } from './messages.js'

/** What is hashed for one auditor, and for all together: at once, and again every minute. */
const AUDITOR_BYTES = 16 * 1024 * 1024
const ALL_BYTES = 64 * 1024 * 1024
const MINUTE_MS = 60_000
/** What looking for a block costs, also where there is none. */
const LOOK_BYTES = 4_096
const AUDITORS_MAX = 1_024

/** Bytes that may be hashed: spent by audits, filled up again as time goes by. */
interface Allowance {
  bytes: number
  sinceMs: number
}

/**
 * Answers audits, as long as they do not cost too much: at most 16 MiB a minute for one auditor and 64 MiB for all, each a block more at most.
 * No clock, no store. Who may audit is for the caller to say.
 */
export class AuditProver {
  readonly #self: PeerId
  readonly #auditors = new Map<PeerId, Allowance>()
  readonly #all: Allowance = { bytes: ALL_BYTES, sinceMs: 0 }

  /** @param self whose blocks they are: the digests are worth nothing to another */
  constructor(self: PeerId) {
    this.#self = self
  }

  /**
   * Answers an `audit-blocks`: with `audit-digests`, or with `content-busy`. `lacked` are the blocks that were asked for and are not here, or can't be read:
   * if this peer ought to have them, a copy was lost.
   * @param nowMs never runs backwards
   * @throws {WireError} when the request is not one
   * @throws {CryptoError} CONTENT_ID_BYTES when it asks for what cannot be a block
   */
  answer(
    from: PeerId,
    request: Uint8Array,
    get: GetBlock,
    nowMs: number,
  ): { readonly reply: Uint8Array; readonly lacked: readonly ContentId[] } {
    const { nonce, cids } = auditBlocks.decode(request)
    const asked = cids.map(contentIdOfBytes)
    const mine = this.#allowanceOf(from, nowMs)
    fill(this.#all, ALL_BYTES, nowMs)
    if (mine === undefined || mine.bytes <= 0 || this.#all.bytes <= 0) return { reply: busy(mine), lacked: [] }
    const [digests, lacked]: [(Uint8Array | null)[], ContentId[]] = [[], []]
    for (const cid of asked) {
      if (mine.bytes <= 0 || this.#all.bytes <= 0) break
      const block = get(cid)
      if (block === undefined) lacked.push(cid)
      digests.push(block === undefined ? null : auditDigest(nonce, this.#self, block))
      const cost = (block?.length ?? 0) + LOOK_BYTES
      mine.bytes -= cost
      this.#all.bytes -= cost
    }
    return { reply: auditDigests.encode({ digests }), lacked }
  }

  #allowanceOf(peer: PeerId, nowMs: number): Allowance | undefined {
    const known = this.#auditors.get(peer)
    if (known === undefined && this.#auditors.size >= AUDITORS_MAX) this.#forget(nowMs)
    if (known === undefined && this.#auditors.size >= AUDITORS_MAX) return undefined
    const allowance = known ?? { bytes: AUDITOR_BYTES, sinceMs: nowMs }
    this.#auditors.set(peer, allowance)
    return fill(allowance, AUDITOR_BYTES, nowMs)
  }

  /** Who has not asked for a while has its whole allowance again. */
  #forget(nowMs: number): void {
    for (const [peer, allowance] of this.#auditors) {
      if (fill(allowance, AUDITOR_BYTES, nowMs).bytes >= AUDITOR_BYTES) this.#auditors.delete(peer)
    }
  }
}

function fill(allowance: Allowance, max: number, nowMs: number): Allowance {
  allowance.bytes = Math.min(max, allowance.bytes + (max * (nowMs - allowance.sinceMs)) / MINUTE_MS)
  allowance.sinceMs = nowMs
  return allowance
}

/** Until there is something to spend again: how long a block more took at most. */
function busy(mine: Allowance | undefined): Uint8Array {
  const owed = Math.max(0, -(mine?.bytes ?? 0))
  return contentBusy.encode({ reason: 'rate', retryMs: Math.ceil((owed * MINUTE_MS) / AUDITOR_BYTES) + 1_000 })
}
