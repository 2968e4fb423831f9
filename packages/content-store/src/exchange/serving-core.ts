import { type ContentId, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { contentBusy, wantBlocks } from './messages.js'

/** Requests that wait here: of one asker, and of all. What is too much is told to come again. */
const WAITING_MAX = 8
const WAITING_ALL_MAX = 256
/** What an asker was given counts for this long; then for half, and so on. */
const HALF_LIFE_MS = 1_000
const RETRY_MS = 250
/** What a request costs, whatever it brings. */
const REQUEST_BYTES = 4_096

export type ServingEvent =
  | { readonly type: 'want'; readonly ticket: number; readonly from: PeerId; readonly request: Uint8Array }
  /** There is time to serve one. */
  | { readonly type: 'turn' }
  /** So many bytes went to it. */
  | { readonly type: 'served'; readonly from: PeerId; readonly bytes: number }
export type ServingEffect =
  | { readonly type: 'serve'; readonly ticket: number; readonly from: PeerId; readonly cids: readonly ContentId[] }
  /** A `content-busy` to reply with: to the one who asks now, or to one who waited and has to make room. */
  | { readonly type: 'refuse'; readonly ticket: number; readonly from: PeerId; readonly reply: Uint8Array }

interface Asker {
  readonly peer: PeerId
  readonly waiting: { readonly ticket: number; readonly cids: readonly ContentId[] }[]
  servedBytes: number
}

/**
 * Whose request for blocks is served next: of the askers that wait, the one that was given least of late, so that none can starve the others
 * by asking for much, or often. Requests that wait are bounded, per asker and in all; when all places are taken, whoever has most of them gives
 * one up to an asker that has fewer, or as many and was given less of late. No clock, no store.
 */
export class ServingCore {
  readonly #askers = new Map<PeerId, Asker>()
  /** Those with a request that waits: never more than such requests. */
  readonly #queue = new Set<Asker>()
  #waiting = 0
  #decayedMs = 0

  get waiting(): number {
    return this.#waiting
  }

  /**
   * `nowMs` never runs backwards.
   * @throws {WireError} when a request is not one
   * @throws {CryptoError} CONTENT_ID_BYTES when it asks for what cannot be a block
   */
  step(event: ServingEvent, nowMs: number): readonly ServingEffect[] {
    this.#decay(nowMs)
    if (event.type === 'want') return this.#onWant(event)
    if (event.type === 'turn') return this.#onTurn()
    const asker = this.#askers.get(event.from)
    if (asker !== undefined) asker.servedBytes += event.bytes + REQUEST_BYTES
    return []
  }

  #onWant({ ticket, from, request }: ServingEvent & { type: 'want' }): readonly ServingEffect[] {
    const asker = this.#askers.get(from) ?? { peer: from, waiting: [], servedBytes: 0 }
    const isFull = this.#waiting >= WAITING_ALL_MAX
    const crowder = isFull ? this.#crowder(asker) : undefined
    if (asker.waiting.length >= WAITING_MAX || (isFull && crowder === undefined)) return [refusal(ticket, from)]
    const cids = wantBlocks.decode(request).cids.map(contentIdOfBytes)
    const last = crowder?.waiting.pop()
    if (crowder?.waiting.length === 0) this.#queue.delete(crowder)
    asker.waiting.push({ ticket, cids })
    this.#askers.set(from, asker)
    this.#queue.add(asker)
    if (crowder !== undefined && last !== undefined) return [refusal(last.ticket, crowder.peer)]
    this.#waiting++
    return []
  }

  /** Who takes more room than this asker would with one more request. */
  #crowder({ waiting: { length }, servedBytes }: Asker): Asker | undefined {
    let [crowder, most, served]: [Asker | undefined, number, number] = [undefined, length + 1, servedBytes]
    for (const asker of this.#queue) {
      const { length: theirs } = asker.waiting
      if (theirs > most || (theirs === most && asker.servedBytes > served)) [crowder, most, served] = [asker, theirs, asker.servedBytes]
    }
    return crowder
  }

  #onTurn(): readonly ServingEffect[] {
    let [next, least]: [Asker | undefined, number] = [undefined, Number.POSITIVE_INFINITY]
    for (const asker of this.#queue) if (asker.servedBytes < least) [next, least] = [asker, asker.servedBytes]
    const request = next?.waiting.shift()
    if (next === undefined || request === undefined) return []
    if (next.waiting.length === 0) this.#queue.delete(next)
    this.#waiting--
    return [{ type: 'serve', from: next.peer, ...request }]
  }

  /** Whoever waits for nothing and was given next to nothing is forgotten. */
  #decay(nowMs: number): void {
    const halves = Math.floor((nowMs - this.#decayedMs) / HALF_LIFE_MS)
    if (halves <= 0) return
    this.#decayedMs += halves * HALF_LIFE_MS
    for (const [peer, asker] of this.#askers) {
      asker.servedBytes *= 0.5 ** halves
      if (asker.waiting.length === 0 && asker.servedBytes < REQUEST_BYTES) this.#askers.delete(peer)
    }
  }
}

const refusal = (ticket: number, from: PeerId): ServingEffect => {
  return { type: 'refuse', ticket, from, reply: contentBusy.encode({ reason: 'queue', retryMs: RETRY_MS }) }
}
