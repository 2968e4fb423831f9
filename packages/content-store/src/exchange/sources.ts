import type { PeerId } from '@interpeer/crypto-ids'
import type { RunningFetch } from './running-fetch.js'
import { Source } from './source.js'

/** All peers that some fetch has blocks from, and which of them may be asked now. */
export class Sources {
  readonly #sources = new Map<PeerId, Source>()
  /** Those that some fetch may have something to ask of: who is not free is looked at again when it is. */
  readonly #ready = new Set<Source>()
  readonly #resting = new Set<Source>()

  get size(): number {
    return this.#sources.size
  }
  get(peer: PeerId): Source | undefined {
    return this.#sources.get(peer)
  }
  get ready(): ReadonlySet<Source> {
    return this.#ready
  }

  /** A fetch begins: its sources have nothing to be asked for yet. */
  join(fetch: RunningFetch): void {
    for (const peer of fetch.sources) {
      const source = this.#sources.get(peer) ?? new Source(peer)
      this.#sources.set(peer, source)
      source.fetches.add(fetch.order.fetch)
      fetch.idle.add(peer)
    }
  }
  /** A fetch is over. */
  leave(fetch: RunningFetch): void {
    for (const peer of fetch.sources) {
      const source = this.#sources.get(peer)
      source?.fetches.delete(fetch.order.fetch)
      source?.turns.delete(fetch.order.fetch)
      this.forgetUnused(source)
    }
  }
  /** A peer that still has a request to answer is remembered: the next fetch must not ask it for as much again. */
  forgetUnused(source: Source | undefined): void {
    if (source === undefined || source.fetches.size > 0 || source.open > 0) return
    this.#sources.delete(source.peer)
    this.#ready.delete(source)
    this.#resting.delete(source)
  }

  /** There is something in it that there was not: those who found nothing look again. */
  wake(fetch: RunningFetch): void {
    for (const peer of fetch.idle) {
      const source = this.#sources.get(peer)
      if (source === undefined) continue
      source.turns.add(fetch.order.fetch)
      this.#ready.add(source)
    }
    fetch.idle.clear()
  }
  mayBeAsked(source: Source): void {
    this.#ready.add(source)
  }
  /** It was asked all that it may be. Behind the others, who are next when there is room for one reply only, where it could be asked more. */
  wasAsked(source: Source, nowMs: number): void {
    this.#ready.delete(source)
    if (source.turns.size > 0 && source.isFree(nowMs)) this.#ready.add(source)
  }

  rest(source: Source | undefined): void {
    if (source !== undefined) this.#resting.add(source)
  }
  /** Who has rested long enough may be asked again. */
  passTime(nowMs: number): void {
    for (const source of this.#resting) {
      if (source.restUntilMs > nowMs) continue
      this.#resting.delete(source)
      this.#ready.add(source)
    }
  }
  /** When the next one has rested; infinity: none rests. */
  nextMs(nowMs: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const { restUntilMs } of this.#resting) if (restUntilMs > nowMs) next = Math.min(next, restUntilMs)
    return next
  }
}
