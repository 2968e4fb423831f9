import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { BLOCK_MAX_BYTES } from '../blocks.js'
import { REPLY_MAX_CONTENT_BYTES } from './messages.js'

/** What all replies on their way, and blocks not yet stored, may come to. */
const HELD_BYTES_MAX = 64 * 1024 * 1024
/** When nothing else is left to ask for, what one peer has not given by then is asked of another too. */
export const STRAGGLER_MS = 1_000
/** A transport ends a request by itself; if it does not, this many ms later the machine does. */
const TRANSPORT_GRACE_MS = 500

/** A request that is not answered yet. */
export interface Ask {
  readonly fetch: number
  readonly peer: PeerId
  readonly cids: readonly ContentId[]
  readonly sentMs: number
  readonly untilMs: number
  readonly heldBytes: number
  /** Open for `STRAGGLER_MS`. */
  isLate: boolean
}
/** Blocks that came and are being stored. */
export interface Put {
  readonly fetch: number
  readonly cids: readonly ContentId[]
  readonly bytes: number
  /** What each of these blocks links to: looked for when they are stored. A child that is here, and that only they refer to, could be collected before. */
  readonly links: readonly (readonly ContentId[])[]
}

/** What is asked for and not yet stored, of all fetches, and the memory that it may take. */
export class UnderWay {
  readonly #asks = new Map<number, Ask>()
  readonly #puts = new Map<number, Put>()
  /** Blocks, and since when: a second fetch that needs one waits for it. */
  readonly #since = new Map<ContentId, number>()
  #heldBytes = 0
  #serial = 0

  /** By their numbers, oldest first. */
  get asks(): ReadonlyMap<number, Ask> {
    return this.#asks
  }
  get heldBytes(): number {
    return this.#heldBytes
  }
  /** Blocks that there is room for. */
  get room(): number {
    return Math.floor((HELD_BYTES_MAX - this.#heldBytes) / BLOCK_MAX_BYTES)
  }

  /** The number of the new request. */
  ask({ fetch, peer, cids }: Pick<Ask, 'fetch' | 'peer' | 'cids'>, timeoutMs: number, nowMs: number): number {
    const heldBytes = Math.min(cids.length * BLOCK_MAX_BYTES, REPLY_MAX_CONTENT_BYTES)
    const untilMs = nowMs + timeoutMs + TRANSPORT_GRACE_MS
    const id = this.#serial++
    this.#asks.set(id, { fetch, peer, cids, sentMs: nowMs, untilMs, heldBytes, isLate: false })
    this.#heldBytes += heldBytes
    for (const cid of cids) this.#since.set(cid, nowMs)
    return id
  }
  endAsk(id: number): Ask | undefined {
    const ask = this.#asks.get(id)
    if (ask === undefined) return undefined
    this.#asks.delete(id)
    this.#heldBytes -= ask.heldBytes
    for (const cid of ask.cids) this.#since.delete(cid)
    return ask
  }

  /** The number of what is to be stored. */
  put(put: Put, nowMs: number): number {
    const id = this.#serial++
    this.#puts.set(id, put)
    this.#heldBytes += put.bytes
    for (const cid of put.cids) this.#since.set(cid, nowMs)
    return id
  }
  endPut(id: number): Put | undefined {
    const put = this.#puts.get(id)
    if (put === undefined) return undefined
    this.#puts.delete(id)
    this.#heldBytes -= put.bytes
    for (const cid of put.cids) this.#since.delete(cid)
    return put
  }

  /** A fetch was promised it, and not so long ago that it has to be asked for elsewhere too. */
  comesSoon(cid: ContentId, nowMs: number): boolean {
    const sinceMs = this.#since.get(cid)
    return sinceMs !== undefined && nowMs - sinceMs < STRAGGLER_MS
  }

  /** When the next request is late, or over; infinity: none is open. */
  nextMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { sentMs, untilMs } of this.#asks.values()) {
      for (const atMs of [sentMs + STRAGGLER_MS, untilMs]) if (atMs > nowMs) next = Math.min(next, atMs)
    }
    return next
  }
}
