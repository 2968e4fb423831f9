import { setImmediate } from 'node:timers/promises'
import { AuditProver, auditBlocks, openBlockServer, wantBlocks } from '@interpeer/content-store'
import { systemClock } from '@interpeer/content-store/node'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { numberOf } from '../message-number.js'

export interface ContentServiceOptions {
  readonly store: {
    /** Undefined for what the asker may not have. */
    readonly get: (cid: ContentId, asker: PeerId) => Uint8Array | undefined
    readonly has: (cid: ContentId) => boolean
  }
  /** This peer: what it shows of its blocks is worth nothing to another. */
  readonly self: PeerId
  readonly count: (code: string) => void
  /** A peer asked for blocks that can't be read here; undefined: one was found spoiled, whoever asked. */
  readonly onLacked: (asker?: PeerId) => void
}
export type ContentService = (from: PeerId, request: Uint8Array) => Promise<Uint8Array>

const NUMBERS: readonly number[] = [wantBlocks.number, auditBlocks.number]
/** Whether a request is about blocks. */
export const asksForContent = (number: number | undefined): boolean => number !== undefined && NUMBERS.includes(number)

/** Gives out this peer's blocks, and shows that it holds them. Who may ask is for the caller to say. */
export function contentService({ store, self, count, onLacked }: ContentServiceOptions): ContentService {
  const prover = new AuditProver(self)
  const server = openBlockServer({
    get: (cid, asker) => {
      const bytes = store.get(cid, asker)
      if (bytes === undefined && store.has(cid)) onLacked()
      return bytes
    },
    now: systemClock.now,
    pause: () => setImmediate(),
    onBusy: () => count('BLOCKS_BUSY'),
  })
  return async (from, request) => {
    if (numberOf(request) !== auditBlocks.number) return server.answer(from, request)
    const { reply, lacked } = prover.answer(from, request, (cid) => store.get(cid, from), systemClock.now())
    if (lacked.length > 0) onLacked(from)
    return reply
  }
}
