import { contentIdOfBytes, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { type BlockStore, blocksReply, type Clock, type GetBlock, openBlockServer, REPLY_MAX_BYTES, wantBlocks } from '../src/index.js'
import { bytesOf, noise } from './trees.js'

/** A source: what it replies to a request, or a rejection. */
export type Ask = (request: Uint8Array) => Uint8Array | Promise<Uint8Array>

export const peerAt = (index: number): PeerId => peerIdOfKey(new Uint8Array(32).fill(index + 1))

/** Time that passes when nothing else happens: the next alarm goes off once all promises have been seen to. */
export function idleClock(): Clock {
  let nowMs = 0
  const alarms = new Set<{ readonly atMs: number; readonly act: () => void }>()
  let isPumping = false
  const pump = (): void => {
    const next = [...alarms].sort((a, b) => a.atMs - b.atMs)[0]
    isPumping = next !== undefined
    if (next === undefined) return
    alarms.delete(next)
    nowMs = Math.max(nowMs, next.atMs)
    next.act()
    setImmediate(pump)
  }
  return {
    now: () => nowMs,
    after: (ms, act) => {
      const alarm = { atMs: nowMs + ms, act }
      alarms.add(alarm)
      if (!isPumping) setImmediate(pump)
      isPumping = true
      return () => void alarms.delete(alarm)
    },
  }
}

export const serve = (get: GetBlock, request: Uint8Array): Promise<Uint8Array> =>
  openBlockServer({ get, now: () => 0 }).answer(peerAt(99), request)
export const honest =
  (store: Pick<BlockStore, 'get'>): Ask =>
  (request) =>
    serve(store.get, request)
export const silent: Ask = () => Promise.reject(new Error('timeout'))
export const liar: Ask = (request) => blocksReply.encode({ blocks: wantBlocks.decode(request).cids.map(() => bytesOf('lie')) })
export const poor: Ask = (request) => blocksReply.encode({ blocks: wantBlocks.decode(request).cids.map(() => null) })
export const babbler: Ask = () => noise(1000)
export const shouter: Ask = () => noise(REPLY_MAX_BYTES + 1)
export const empty: Ask = () => blocksReply.encode({ blocks: [] })
export const chatty: Ask = (request) =>
  blocksReply.encode({ blocks: [...wantBlocks.decode(request).cids, null].slice(-64).map(() => null) })
export const cidsIn = (request: Uint8Array) => wantBlocks.decode(request).cids.map(contentIdOfBytes)
