import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'

/** Over a session with whom it came. Anyone can make up keys, so what strangers have together is bounded, too. */
export type Sender = 'self' | 'elector' | 'stranger'

/** A transaction that waits for a block. */
export interface Waiting {
  readonly bytes: Uint8Array
  /** Who handed it in: this peer itself, or another, whose share of the pool is bounded. */
  readonly from: PeerId | 'self'
  readonly sender: Sender
  readonly sinceHeight: number
  /** It did not apply to the last state that it was checked against. */
  readonly later: boolean
}
/** By name (hash), in order of arrival. */
export type Pool = ReadonlyMap<string, Waiting>

/**
 * What others may fill of the pool, as its parts: one elector, one stranger, all strangers. What no block can take yet costs its sender
 * nothing, so of that it is less. The rest is kept for the electors and this peer itself.
 */
const PARTS = {
  now: { elector: 4, stranger: 16, strangers: 2 },
  later: { elector: 16, stranger: 64, strangers: 8 },
} as const
export const POOL_BYTES_MAX = 16 * 1024 * 1024
/** Heights after which a transaction that no block took is dropped. */
export const POOL_HEIGHTS = 32

export const nameOfTransaction = (transaction: Uint8Array): string => hexOf(sha256(transaction))

interface Amount {
  readonly count: number
  readonly bytes: number
}
const amountOf = (waiting: Iterable<Waiting>): Amount => {
  let [count, size] = [0, 0]
  for (const { bytes } of waiting) {
    count++
    size += bytes.length
  }
  return { count, bytes: size }
}
/** One transaction always fits a part, however small the pool. */
const exceeds = ({ count, bytes }: Amount, part: number, countMax: number): boolean =>
  count > 1 && (count > countMax / part || bytes > POOL_BYTES_MAX / part)

/** The pool with one more, or a code that says why not. */
export function withWaiting(pool: Pool, waiting: Waiting, countMax: number): Pool | 'TX_KNOWN' | 'TX_POOL_FULL' | 'TX_SENDER_FULL' {
  const name = nameOfTransaction(waiting.bytes)
  if (pool.has(name)) return 'TX_KNOWN'
  const all = [...pool.values(), waiting]
  const total = amountOf(all)
  if (total.count > countMax || total.bytes > POOL_BYTES_MAX) return 'TX_POOL_FULL'
  const { from, sender } = waiting
  if (sender === 'self') return new Map(pool).set(name, waiting)
  for (const parts of waiting.later ? [PARTS.now, PARTS.later] : [PARTS.now]) {
    const kind = all.filter(({ later }) => later || parts === PARTS.now)
    if (exceeds(amountOf(kind.filter((one) => one.from === from)), parts[sender], countMax)) return 'TX_SENDER_FULL'
    const strangers = kind.filter((one) => one.sender === 'stranger')
    if (sender === 'stranger' && exceeds(amountOf(strangers), parts.strangers, countMax)) return 'TX_POOL_FULL'
  }
  return new Map(pool).set(name, waiting)
}

/**
 * In which order a block's maker tries what waits: by turns an elector's (this peer's own are among these) and a stranger's, whichever
 * had fewer bytes so far; among each, one of each sender in turn; of each sender what applied when it was last checked, then the rest,
 * as they came. So nobody's transactions stand before everyone's.
 */
export function* inTurn(pool: Pool): Generator<Uint8Array> {
  const lanes = [false, true].map((strange) => ({
    turns: senderBySender([...pool.values()].filter(({ sender }) => (sender === 'stranger') === strange)),
    bytes: 0,
  }))
  while (lanes.length > 0) {
    const lane = lanes.reduce((a, b) => (b.bytes < a.bytes ? b : a))
    const { value, done } = lane.turns.next()
    if (done === true) {
      lanes.splice(lanes.indexOf(lane), 1)
      continue
    }
    lane.bytes += value.length
    yield value
  }
}
function* senderBySender(waiting: readonly Waiting[]): Generator<Uint8Array, undefined> {
  const bySender = new Map<string, Waiting[]>()
  const queueOf = (from: string): Waiting[] => {
    const queue = bySender.get(from) ?? []
    bySender.set(from, queue)
    return queue
  }
  for (const later of [false, true]) {
    for (const one of waiting) if (one.later === later) queueOf(one.from).push(one)
  }
  for (let turn = 0; bySender.size > 0; turn++) {
    for (const [from, queue] of bySender) {
      const one = queue[turn]
      if (one === undefined) bySender.delete(from)
      else yield one.bytes
    }
  }
  return undefined
}

/** The pool without what a block took and what waited too long. */
export function afterBlock(pool: Pool, taken: readonly Uint8Array[], height: number): Pool {
  const gone = new Set(taken.map(nameOfTransaction))
  return new Map([...pool].filter(([name, { sinceHeight }]) => !gone.has(name) && height - sinceHeight < POOL_HEIGHTS))
}
