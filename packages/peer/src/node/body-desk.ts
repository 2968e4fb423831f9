import { ContentStoreError } from '@interpeer/content-store'
import { type ContentId, contentIdOfBytes, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { REQUEST_PART_BYTES, type SiteRequest } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { type BlockPlaces, sourcesOf } from './block-source.js'
import { BodyRoom } from './body-room.js'
import { bodyMs } from './body-time.js'
import { bodyOf } from './request-bodies.js'

/** Bodies that are fetched, or wait with their requests, at one member. */
const SHARES = { visitorBytes: 64 * 1024 * 1024, siteBytes: 64 * 1024 * 1024, allBytes: 256 * 1024 * 1024 }
/** Whoever sent a request waits to be asked for its body: a silent one is not waited for longer than this, and what the body takes. */
const SILENT_MS = 5_000

interface BodyPlaces extends BlockPlaces {
  /** Keeps what is put into the store from now until the function returned is called. */
  readonly holdBlocks: () => () => void
}
type HeldBody = { readonly release: () => void } | { readonly refusal: 'GROUP_BUSY' | 'REQUEST_BODY_MISSING' | 'REQUEST_MALFORMED' }

/** Fetches the bodies that do not travel inside their requests from whoever signed those, before the group hears of them. */
export class BodyDesk {
  readonly #places: BodyPlaces
  readonly #room: BodyRoom
  readonly #stop = new AbortController()

  constructor(places: BodyPlaces, shares = SHARES) {
    this.#places = places
    this.#room = new BodyRoom(shares)
  }

  /** Brings a request's body into the store, where it stays until `release` is called. */
  async hold(request: SiteRequest): Promise<HeldBody> {
    const { exchange, store, holdBlocks, count } = this.#places
    const of = { visitor: peerIdOfKey(request.from), site: hexOf(request.job) }
    const bytes = request.parts.length * REQUEST_PART_BYTES
    let parts: readonly ContentId[]
    try {
      parts = request.parts.map(contentIdOfBytes)
    } catch {
      return { refusal: 'REQUEST_MALFORMED' }
    }
    if (request.body.length > 0) return { refusal: 'REQUEST_MALFORMED' }
    if (!this.#room.take(of, bytes)) {
      count('BODIES_BUSY')
      return { refusal: 'GROUP_BUSY' }
    }
    const unhold = holdBlocks()
    const release = () => {
      unhold()
      this.#room.give(of, bytes)
    }
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(SILENT_MS + bodyMs(bytes))])
      const sources = sourcesOf(this.#places, [of.visitor as PeerId], signal)
      await exchange.fetchBlocks(parts, { ...sources, maxBytes: bytes, maxBlocks: parts.length })
    } catch (error) {
      count(error instanceof ContentStoreError ? error.code : 'FETCH_FAILED')
      release()
      return { refusal: 'REQUEST_BODY_MISSING' }
    }
    if (bodyOf(store.get, parts) !== 'other') return { release }
    release()
    return { refusal: 'REQUEST_MALFORMED' }
  }

  close(): void {
    this.#stop.abort()
  }
}
