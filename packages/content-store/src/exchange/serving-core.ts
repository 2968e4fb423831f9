import { type ContentId, contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { contentBusy, wantBlocks } from './messages.js'

/** Requests that wait here: of one asker, and of all. Who has this many waiting is told to come again. */
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
  /** A `content-busy` to reply with. */
  | { readonly type: 'refuse'; readonly ticket: number; readonly reply: Uint8Array }

interface Asker {
  readonly waiting: { readonly ticket: number; readonly cids: readonly ContentId[] }[]
  servedBytes: number
}

/**
 * Whose request for blocks is served next: of the askers that wait, the one that was given least of late, so that none can starve the others
 * by asking for much, or often. Requests that wait are bounded, per asker and in all. No clock, no store.
 */
export class ServingCore {
  readonly #askers = new Map<PeerId, Asker>()
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
    const asker = this.#askers.get(from) ?? { waiting: [], servedBytes: 0 }
    if (asker.waiting.length >= WAITING_MAX || this.#waiting >= WAITING_ALL_MAX) {
      return [{ type: 'refuse', ticket, reply: contentBusy.encode({ reason: 'queue', retryMs: RETRY_MS }) }]
    }
    const cids = wantBlocks.decode(request).cids.map(contentIdOfBytes)
    asker.waiting.push({ ticket, cids })
    this.#askers.set(from, asker)
    this.#waiting++
    return []
  }

  #onTurn(): readonly ServingEffect[] {
    let [next, least]: [PeerId | undefined, number] = [undefined, Number.POSITIVE_INFINITY]
    for (const [peer, { waiting, servedBytes }] of this.#askers) {
      if (waiting.length > 0 && servedBytes < least) [next, least] = [peer, servedBytes]
    }
    const request = next === undefined ? undefined : this.#askers.get(next)?.waiting.shift()
    if (next === undefined || request === undefined) return []
    this.#waiting--
    return [{ type: 'serve', from: next, ...request }]
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
