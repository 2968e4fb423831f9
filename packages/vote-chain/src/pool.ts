import { type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { Price } from './application.js'
import { type Amount, indexOf, keepIndex, type PoolIndex } from './pool-index.js'

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
  readonly price?: Price | undefined
}
/** By name (hash), in order of arrival. */
export type Pool = ReadonlyMap<string, Waiting>

/**
 * What others may fill of the pool, as its parts: one elector, one stranger, all strangers, all together. What no block can take yet costs its sender
 * nothing, so of that it is less. The rest is kept for the electors and this peer itself.
 */
const PARTS = {
  now: { elector: 4, stranger: 16, strangers: 2 },
  later: { elector: 16, stranger: 64, strangers: 8, all: 4 },
} as const
export const POOL_BYTES_MAX = 16 * 1024 * 1024
/** Heights after which a transaction that no block took is dropped. */
export const POOL_HEIGHTS = 32

export const nameOfTransaction = (transaction: Uint8Array): string => hexOf(sha256(transaction))

/** One owner's part, whoever hands its transactions in: others pass them on. */
const OWNER_PART = 16
/** So many eighths of its fee more makes one take the place of another of its turn: less would let it be sent again and again. */
const OUTBID_EIGHTHS = 1n
/** What does not apply yet pays nothing yet, whatever it bids: its account may have nothing. */
const feeOf = ({ price, later }: Waiting): bigint => (later ? 0n : (price?.fee ?? 0n))
/** It does not apply yet, and would pay. */
const isPromise = ({ price, later }: Waiting): boolean => later && (price?.fee ?? 0n) > 0n
export const isPaying = (waiting: Waiting): boolean => feeOf(waiting) > 0n
/** Whether the first pays less for a byte. */
const isCheaper = (a: Waiting, b: Waiting): boolean => feeOf(a) * BigInt(b.bytes.length) < feeOf(b) * BigInt(a.bytes.length)

const outbids = (one: Waiting, other: Waiting): boolean => isPaying(one) && feeOf(one) * 8n >= feeOf(other) * (8n + OUTBID_EIGHTHS)

/** One transaction always fits a part, however small the pool. */
const exceeds = ({ count, bytes }: Amount, part: number, countMax: number): boolean =>
  count > 1 && (count > countMax / part || bytes > POOL_BYTES_MAX / part)

export type PoolFault = 'TX_KNOWN' | 'TX_POOL_FULL' | 'TX_SENDER_FULL' | 'TX_FEE_LOW'
/** The pool with one more, or a code that says why not. What pays least for a byte goes where there is no room. */
export function withWaiting(pool: Pool, waiting: Waiting, countMax: number): Pool | PoolFault {
  const name = nameOfTransaction(waiting.bytes)
  if (pool.has(name)) return 'TX_KNOWN'
  const index = indexOf(pool)
  const twin = twinIn(pool, index, waiting)
  if (twin !== undefined && !outbids(waiting, twin[1])) return 'TX_FEE_LOW'
  if (twin !== undefined) index.remove(...twin)
  index.add(name, waiting)
  const left = new Map(pool)
  if (twin !== undefined) left.delete(twin[0])
  const fault = faultOfSender(index, waiting, countMax) ?? makeRoom(left, index, waiting, countMax)
  if (fault === undefined) return keepIndex(left.set(name, waiting), index)
  index.remove(name, waiting)
  if (twin !== undefined) index.add(...twin)
  keepIndex(pool, index)
  return fault
}
/** What it would take the place of: both apply now, and only one of them can. */
function twinIn(pool: Pool, index: PoolIndex, waiting: Waiting): readonly [string, Waiting] | undefined {
  const name = index.twinOf(waiting)
  const twin = name === undefined ? undefined : pool.get(name)
  return name === undefined || twin === undefined ? undefined : [name, twin]
}

function faultOfSender(index: PoolIndex, waiting: Waiting, countMax: number): PoolFault | undefined {
  const { sender, price, later } = waiting
  if (sender === 'self') return undefined
  if (price !== undefined && exceeds(index.ofOwner(price.of), OWNER_PART, countMax)) return 'TX_SENDER_FULL'
  for (const kind of later ? (['now', 'later'] as const) : (['now'] as const)) {
    if (exceeds(index.ofSender(kind, waiting.from), PARTS[kind][sender], countMax)) return 'TX_SENDER_FULL'
    if (kind === 'later' && exceeds(index.later, PARTS.later.all, countMax)) return 'TX_POOL_FULL'
    if (sender === 'stranger' && exceeds(index.ofStrangers(kind), PARTS[kind].strangers, countMax)) return 'TX_POOL_FULL'
  }
  return undefined
}

/**
 * Takes out what must go for one more, or says why nothing does. What does not apply yet goes first, and has no room made for it. What pays and what is free have half of the
 * pool each, and lend it: of what has more than its half some goes, of what pays the cheapest, of what is free the last that came.
 */
function makeRoom(pool: Map<string, Waiting>, index: PoolIndex, waiting: Waiting, countMax: number): PoolFault | undefined {
  const isOver = ({ count, bytes }: Amount, part: number): boolean => count > countMax / part || bytes > POOL_BYTES_MAX / part
  if (waiting.later && waiting.sender !== 'self' && isOver(index.all, 1)) return 'TX_POOL_FULL'
  const gone: (readonly [string, Waiting])[] = []
  while (isOver(index.all, 1)) {
    const later = index.later.count > 0 ? lastOf(pool, (one) => one.later) : undefined
    const goes = later ?? (isOver(index.paying, 2) ? cheaperIn(pool, waiting) : freeIn(pool, waiting))
    if (typeof goes === 'string') {
      for (const one of gone) index.add(...one)
      return goes
    }
    pool.delete(goes[0])
    index.remove(...goes)
    gone.push(goes)
  }
  return undefined
}
function cheaperIn(pool: Pool, waiting: Waiting): readonly [string, Waiting] | PoolFault {
  const cheapest = cheapestOf(pool)
  if (cheapest === undefined) return 'TX_POOL_FULL'
  return isPaying(waiting) && !isCheaper(cheapest[1], waiting) ? 'TX_FEE_LOW' : cheapest
}
const freeIn = (pool: Pool, waiting: Waiting): readonly [string, Waiting] | PoolFault =>
  (isPaying(waiting) ? lastOf(pool, (one) => !isPaying(one)) : undefined) ?? 'TX_POOL_FULL'
const cheapestOf = (pool: Pool): readonly [string, Waiting] | undefined =>
  [...pool]
    .filter(([, one]) => isPaying(one) && one.sender !== 'self')
    .reduce<[string, Waiting] | undefined>((a, b) => (a === undefined || isCheaper(b[1], a[1]) ? b : a), undefined)
const lastOf = (pool: Pool, which: (waiting: Waiting) => boolean): readonly [string, Waiting] | undefined =>
  [...pool].filter(([, one]) => which(one) && one.sender !== 'self').at(-1)

/**
 * In which order a block's maker tries what waits, in three lanes, each time from the one that had the fewest bytes so far: what is free of electors (this
 * peer's own is among it), what is free of strangers, and what pays. Of the free ones each owner's in turn; of those that pay, of all owners' next ones that which
 * pays most for a byte. Of one owner what applied when it was last checked, then the rest, as they came. So nobody's transactions stand before everyone's.
 * What would pay but did not apply comes after all that, each owner's in turn: anyone can bid any fee that it does not have.
 */
export function* inTurn(pool: Pool): Generator<Uint8Array> {
  const all = [...pool.values()]
  const promises = all.filter(isPromise)
  const free = all.filter((one) => !isPaying(one) && !isPromise(one))
  const isStrange = ({ sender }: Waiting): boolean => sender === 'stranger'
  const isKnown = (one: Waiting): boolean => !isStrange(one)
  yield* byBytes([ownerByOwner(free.filter(isKnown)), ownerByOwner(free.filter(isStrange)), dearestFirst(all.filter(isPaying))])
  yield* byBytes([ownerByOwner(promises.filter(isKnown)), ownerByOwner(promises.filter(isStrange))])
}
/** Of several lanes, each time from the one that had the fewest bytes so far. */
function* byBytes(all: readonly Generator<Uint8Array, undefined>[]): Generator<Uint8Array> {
  const lanes = all.map((turns) => ({ turns, bytes: 0 }))
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
/** What waits of each owner: first what applies, then what may later. */
function queuesOf(waiting: readonly Waiting[]): Map<string, Waiting[]> {
  const queues = new Map<string, Waiting[]>()
  for (const later of [false, true]) {
    for (const one of waiting) {
      if (one.later !== later) continue
      const owner = one.price?.of ?? one.from
      const queue = queues.get(owner)
      if (queue === undefined) queues.set(owner, [one])
      else queue.push(one)
    }
  }
  return queues
}
function* ownerByOwner(waiting: readonly Waiting[]): Generator<Uint8Array, undefined> {
  const queues = queuesOf(waiting)
  for (let turn = 0; queues.size > 0; turn++) {
    for (const [owner, queue] of queues) {
      const one = queue[turn]
      if (one === undefined) queues.delete(owner)
      else yield one.bytes
    }
  }
  return undefined
}
function* dearestFirst(waiting: readonly Waiting[]): Generator<Uint8Array, undefined> {
  const heap: Turn[] = []
  for (const [place, queue] of [...queuesOf(waiting).values()].entries()) push(heap, { queue, at: 0, place })
  while (heap.length > 0) {
    const { queue, at, place } = pop(heap)
    yield (queue[at] as Waiting).bytes
    if (at + 1 < queue.length) push(heap, { queue, at: at + 1, place })
  }
  return undefined
}
/** One owner's queue, as far as it was looked at; of those that pay alike for a byte the one that came first has the lowest place. */
interface Turn {
  readonly queue: readonly Waiting[]
  readonly at: number
  readonly place: number
}
function isBefore(a: Turn, b: Turn): boolean {
  const [one, other] = [a.queue[a.at] as Waiting, b.queue[b.at] as Waiting]
  return isCheaper(other, one) || (a.place < b.place && !isCheaper(one, other))
}
/** A heap, its first the dearest: a block is made in some milliseconds, and a hundred thousand owners may wait. */
function push(heap: Turn[], turn: Turn): void {
  let at = heap.length
  while (at > 0) {
    const up = (at - 1) >> 1
    if (!isBefore(turn, heap[up] as Turn)) break
    heap[at] = heap[up] as Turn
    at = up
  }
  heap[at] = turn
}
function pop(heap: Turn[]): Turn {
  const [first, last] = [heap[0] as Turn, heap.pop() as Turn]
  if (heap.length === 0) return first
  let at = 0
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    if (left >= heap.length) break
    const down = right < heap.length && isBefore(heap[right] as Turn, heap[left] as Turn) ? right : left
    if (!isBefore(heap[down] as Turn, last)) break
    heap[at] = heap[down] as Turn
    at = down
  }
  heap[at] = last
  return first
}

/** Whose transactions of the pool a block took. */
export const ownersOf = (pool: Pool, taken: readonly Uint8Array[]): ReadonlySet<string> =>
  new Set(taken.flatMap((transaction) => pool.get(nameOfTransaction(transaction))?.price?.of ?? []))
/** The pool without what a block took and what waited too long. */
export function afterBlock(pool: Pool, taken: readonly Uint8Array[], height: number): Pool {
  const gone = new Set(taken.map(nameOfTransaction))
  return new Map([...pool].filter(([name, { sinceHeight }]) => !gone.has(name) && height - sinceHeight < POOL_HEIGHTS))
}
