import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'

/** A transaction that waits for a block. */
export interface Waiting {
  readonly bytes: Uint8Array
  /** Who handed it in: this peer itself, or another, whose share of the pool is bounded. */
  readonly from: PeerId | 'self'
  readonly sinceHeight: number
}
/** By name (hash), in order of arrival. */
export type Pool = ReadonlyMap<string, Waiting>

/** Of the pool, what one other peer may fill. */
const SHARE = 4
export const POOL_BYTES_MAX = 16 * 1024 * 1024
/** Heights after which a transaction that no block took is dropped. */
export const POOL_HEIGHTS = 32

export const nameOfTransaction = (transaction: Uint8Array): string => hexOf(sha256(transaction))

/** The pool with one more, or a code that says why not. */
export function withWaiting(pool: Pool, waiting: Waiting, countMax: number): Pool | 'TX_KNOWN' | 'TX_POOL_FULL' | 'TX_SENDER_FULL' {
  const name = nameOfTransaction(waiting.bytes)
  if (pool.has(name)) return 'TX_KNOWN'
  let [count, size] = [0, waiting.bytes.length]
  let total = size
  for (const one of pool.values()) {
    total += one.bytes.length
    if (one.from !== waiting.from) continue
    count++
    size += one.bytes.length
  }
  if (pool.size >= countMax || total > POOL_BYTES_MAX) return 'TX_POOL_FULL'
  const shared = waiting.from !== 'self'
  if (shared && (count + 1 > Math.max(1, countMax / SHARE) || size > POOL_BYTES_MAX / SHARE)) return 'TX_SENDER_FULL'
  return new Map(pool).set(name, waiting)
}

/** The pool without what a block took and what waited too long. */
export function afterBlock(pool: Pool, taken: readonly Uint8Array[], height: number): Pool {
  const gone = new Set(taken.map(nameOfTransaction))
  return new Map([...pool].filter(([name, { sinceHeight }]) => !gone.has(name) && height - sinceHeight < POOL_HEIGHTS))
}
