import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { Block } from '../blocks.js'
import { ContentStoreError, type ContentStoreFailure, type Lie } from '../errors.js'
import type { ExchangeEffect, ExchangeEvent, FetchOrder, FoundBlock } from './exchange-events.js'
import { askFor } from './messages.js'
import { readReply } from './read-reply.js'
import { RunningFetch } from './running-fetch.js'
import type { Source } from './source.js'
import { Sources } from './sources.js'
import { type Ask, type Put, STRAGGLER_MS, UnderWay } from './under-way.js'
import { WantedBy } from './wanted-by.js'

export const FETCHES_MAX = 1_024
export const SOURCES_MAX = 256
const STRAGGLER_BLOCKS = 16
/**
 * Every fetch of one peer, without sockets, disk or clock: `step` takes what happened and when, and gives what is to be done. Blocks are hashed
 * before they are kept; who sends something else is named and asked no more; who lacks one is passed over for that one; what a slow one
 * holds up is asked of others. Nothing that a peer sends makes it throw, and it holds at most 64 MiB of replies and, for each
 * fetch, the names of the blocks that it has met (some 100 bytes each). What an event costs does not grow with the other fetches, unless they
 * want the same blocks.
 */
export class ExchangeCore {
  /** When `step` wants a `time` event; infinity: not at all. */
  wakeAtMs = Number.POSITIVE_INFINITY
  readonly #fetches = new Map<number, RunningFetch>()
  readonly #sources = new Sources()
  readonly #underWay = new UnderWay()
  readonly #wantedBy = new WantedBy<RunningFetch>()
  /** Those that will ask more peers at once. */
  readonly #urgent = new Set<RunningFetch>()
  /** What this event changed. */
  readonly #touched = new Set<RunningFetch>()
  /** How many sources could be asked for a fetch, as counted at this event. */
  readonly #freeFor = new Map<RunningFetch, number>()
  #effects: ExchangeEffect[] = []
  #nowMs = 0

  /** What is open now: for those who watch, and for tests. */
  get sizes(): { readonly fetches: number; readonly sources: number; readonly asks: number; readonly heldBytes: number } {
    return { fetches: this.#fetches.size, sources: this.#sources.size, asks: this.#underWay.asks.size, heldBytes: this.#underWay.heldBytes }
  }

  /** `nowMs` never runs backwards. */
  step(event: ExchangeEvent, nowMs: number): readonly ExchangeEffect[] {
    this.#effects = []
    this.#nowMs = nowMs
    this.#act(event)
    this.#passTime()
    this.#goOn()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** At every event: one that comes first at that moment would leave the alarm set for a time that is over. */
  #passTime(): void {
    for (const [id, ask] of this.#underWay.asks) {
      if (ask.untilMs <= this.#nowMs) this.#onUnanswered(id)
      else if (!ask.isLate && ask.sentMs + STRAGGLER_MS <= this.#nowMs) this.#onLate(ask)
    }
    for (const fetch of this.#urgent) {
      if (!fetch.widen(this.#nowMs)) continue
      if (fetch.widensAtMs === Number.POSITIVE_INFINITY) this.#urgent.delete(fetch)
      this.#touched.add(fetch)
      this.#sources.wake(fetch)
    }
    this.#sources.passTime(this.#nowMs)
  }

  #act(event: ExchangeEvent) {
    switch (event.type) {
      case 'fetch':
        return this.#begin(event.order)
      case 'cancel':
        return this.#forget(event.fetch)
      case 'found':
        return this.#onFound(event.fetch, event.found)
      case 'kept':
        return this.#onKept(event.put)
      case 'not-kept':
        return this.#forget(this.#endPut(event.put)?.fetch)
      case 'reply':
        return this.#onReply(event.ask, event.bytes)
      case 'unanswered':
        return this.#onUnanswered(event.ask)
      case 'time':
        return
    }
  }

  #begin(order: FetchOrder): void {
    if (this.#fetches.size >= FETCHES_MAX || order.sources.length > SOURCES_MAX) {
      const failure = { code: 'FETCH_CROWDED', fetchesMax: FETCHES_MAX, sourcesMax: SOURCES_MAX } as const
      return void this.#effects.push({ type: 'failed', fetch: order.fetch, failure })
    }
    const fetch = new RunningFetch(order, this.#nowMs, (cid, isWanted, by) =>
      isWanted ? this.#wantedBy.add(cid, by) : this.#wantedBy.delete(cid, by),
    )
    this.#fetches.set(order.fetch, fetch)
    if (fetch.widensAtMs !== Number.POSITIVE_INFINITY) this.#urgent.add(fetch)
    this.#sources.join(fetch)
    this.#touched.add(fetch)
    if (!fetch.wants.add(order.cids)) this.#tooLarge(fetch)
  }

  #onFound(id: number, found: readonly FoundBlock[]): void {
    const fetch = this.#fetches.get(id)
    const cids = fetch?.reading
    if (fetch === undefined || cids === undefined) return
    fetch.reading = undefined
    this.#touched.add(fetch)
    const missing: ContentId[] = []
    for (const [i, cid] of cids.entries()) {
      const bytes = found[i]
      if (bytes === undefined) {
        fetch.wants.want(cid)
        missing.push(cid)
      } else if (bytes !== 'complete') {
        const links = this.#linksIn(fetch, [{ cid, bytes }])
        if (links === undefined) return
        if (!fetch.wants.add(links.flat())) {
          this.#tooLarge(fetch)
          return
        }
      }
    }
    fetch.giveUpLost(missing)
    if (missing.length > 0) this.#sources.wake(fetch)
  }

  #onReply(id: number, bytes: Uint8Array) {
    const ask = this.#endAsk(id)
    if (ask === undefined) return
    const { peer, cids } = ask
    const fetch = this.#fetches.get(ask.fetch)
    const source = this.#sources.get(peer)
    const reply = readReply(cids, bytes)
    if (reply.type === 'busy') {
      source?.busy(this.#nowMs, reply.retryMs)
      this.#sources.rest(source)
      this.#giveBack(fetch, ask)
      return fetch?.busy(peer)
    }
    if (reply.lie === undefined) source?.answered(cids.length, reply.answered)
    fetch?.answered(peer)
    for (const cid of reply.lacked) fetch?.wants.lacks(cid, peer)
    const fresh = fetch === undefined ? [] : reply.blocks.filter(({ cid }) => fetch.wants.came(cid))
    this.#giveBack(fetch, ask)
    if (reply.lie !== undefined) this.#onLie(ask, reply.lie)
    if (fetch !== undefined && fresh.length > 0) this.#keep(fetch, peer, fresh)
  }

  /** What is malformed is not kept, though it has the right hash. */
  #keep(fetch: RunningFetch, peer: PeerId, blocks: readonly Block[]) {
    const { fetch: id } = fetch.order
    if (!fetch.took(peer, blocks)) return this.#tooLarge(fetch)
    const links = this.#linksIn(fetch, blocks)
    if (links === undefined) return
    const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
    const put = this.#underWay.put({ fetch: id, cids: blocks.map(({ cid }) => cid), bytes, links }, this.#nowMs)
    fetch.puts++
    this.#effects.push({ type: 'put', put, fetch: id, blocks })
  }

  #onKept(id: number): void {
    const put = this.#endPut(id)
    if (put === undefined) return
    const fetch = this.#fetches.get(put.fetch)
    const isFollowed = fetch?.order.follow === true
    if (fetch !== undefined && !fetch.wants.add(put.links.flat())) this.#tooLarge(fetch)
    else if (fetch !== undefined) this.#effects.push({ type: 'progress', fetch: put.fetch, progress: fetch.progress })
    for (const [i, cid] of put.cids.entries()) {
      for (const other of this.#wantedBy.of(cid)) {
        if (other === fetch || !other.wants.cameElsewhere(cid)) continue
        this.#touched.add(other)
        // what it links to is known already, unless nobody asked
        if (other.order.follow && !isFollowed) other.wants.readAgain(cid)
        else if (other.order.follow && !other.wants.add(put.links[i] ?? [])) this.#tooLarge(other)
      }
    }
  }

  #onUnanswered(id: number): void {
    const ask = this.#endAsk(id)
    if (ask === undefined) return
    const fetch = this.#fetches.get(ask.fetch)
    this.#giveBack(fetch, ask)
    const source = this.#sources.get(ask.peer)
    source?.unanswered(this.#nowMs)
    this.#sources.rest(source)
    fetch?.unanswered(ask.peer)
  }

  /** What it asked for may be asked of others too, by this fetch and by those that wait for it. */
  #onLate(ask: Ask): void {
    ask.isLate = true
    const fetch = this.#fetches.get(ask.fetch)
    if (fetch !== undefined) {
      fetch.lateAsks++
      this.#touched.add(fetch)
    }
    this.#wakeForBlocks(ask.cids, fetch)
  }

  #onLie({ fetch: id, peer }: Ask, lie: Lie): void {
    this.#effects.push({ type: 'lied', fetch: id, peer, lie })
    for (const of of this.#sources.get(peer)?.fetches ?? []) {
      const fetch = this.#fetches.get(of)
      if (fetch === undefined) continue
      fetch.lied(peer, lie)
      this.#touched.add(fetch)
    }
  }

  /** Undefined: the fetch is over, because of what is in these blocks. */
  #linksIn(fetch: RunningFetch, blocks: readonly Block[]): readonly (readonly ContentId[])[] | undefined {
    try {
      return blocks.map((block) => fetch.linksIn(block))
    } catch (error) {
      if (!(error instanceof ContentStoreError)) throw error
      this.#fail(fetch, error.failure)
      return undefined
    }
  }

  #giveBack(fetch: RunningFetch | undefined, { peer, cids }: Ask): void {
    if (fetch === undefined) return
    const left = cids.filter((cid) => fetch.wants.giveBack(cid, peer))
    fetch.giveUpLost(cids)
    if (left.length > 0) this.#sources.wake(fetch)
  }

  #tooLarge(fetch: RunningFetch): void {
    const { maxBlocks, maxBytes } = fetch.order
    this.#fail(fetch, { code: 'FETCH_TOO_LARGE', maxBlocks, maxBytes })
  }
  #fail({ order }: RunningFetch, failure: ContentStoreFailure): void {
    this.#effects.push({ type: 'failed', fetch: order.fetch, failure })
    this.#forget(order.fetch)
  }

  #forget(id: number | undefined): void {
    const fetch = id === undefined ? undefined : this.#fetches.get(id)
    if (id === undefined || fetch === undefined) return
    this.#fetches.delete(id)
    this.#urgent.delete(fetch)
    this.#touched.delete(fetch)
    fetch.wants.close()
    this.#sources.leave(fetch)
  }

  #endAsk(id: number): Ask | undefined {
    const ask = this.#underWay.endAsk(id)
    if (ask === undefined) return undefined
    const fetch = this.#fetches.get(ask.fetch)
    const source = this.#sources.get(ask.peer)
    if (fetch !== undefined) {
      fetch.askedOf.delete(ask.peer)
      if (ask.isLate) fetch.lateAsks--
      this.#touched.add(fetch)
      source?.turns.add(ask.fetch)
    }
    if (source !== undefined) {
      source.open--
      this.#sources.mayBeAsked(source)
    }
    this.#wakeForBlocks(ask.cids, fetch)
    this.#sources.forgetUnused(source)
    return ask
  }
  #endPut(id: number): Put | undefined {
    const put = this.#underWay.endPut(id)
    if (put === undefined) return undefined
    this.#wakeForBlocks(put.cids, undefined)
    const fetch = this.#fetches.get(put.fetch)
    if (fetch !== undefined) {
      fetch.puts--
      this.#touched.add(fetch)
    }
    return put
  }

  // ---- what is next

  #goOn(): void {
    for (const fetch of this.#touched) {
      this.#read(fetch)
      this.#wakeForStragglers(fetch)
    }
    this.#askAll()
    for (const fetch of [...this.#touched]) this.#endIfOver(fetch)
    this.#touched.clear()
    this.#freeFor.clear()
    this.#setAlarm()
  }

  #endIfOver(fetch: RunningFetch): void {
    const { end } = fetch
    if (end === undefined) return
    const { fetch: id } = fetch.order
    if (end === 'fetched') this.#effects.push({ type: 'fetched', fetch: id, fetched: fetch.fetched })
    else this.#effects.push({ type: 'failed', fetch: id, failure: end })
    this.#forget(id)
  }

  /** These do not come soon any more: whoever waits for one may ask for it. */
  #wakeForBlocks(cids: readonly ContentId[], asker: RunningFetch | undefined): void {
    for (const cid of cids) for (const fetch of this.#wantedBy.of(cid)) if (fetch !== asker) this.#sources.wake(fetch)
  }
  #wakeForStragglers(fetch: RunningFetch): void {
    if (fetch.lateAsks > 0 && fetch.wants.unaskedSize === 0 && !fetch.wants.hasUnread) this.#sources.wake(fetch)
  }

  #read(fetch: RunningFetch): void {
    if (fetch.reading !== undefined) return
    const cids = fetch.wants.takeUnread()
    if (cids.length === 0) return
    fetch.reading = cids
    this.#effects.push({ type: 'read', fetch: fetch.order.fetch, cids })
  }

  /** Gives every peer that is free something to do, one request at a time, as long as there is room for the replies. */
  #askAll(): void {
    for (const source of this.#sources.ready) {
      if (this.#underWay.room <= 0) return
      while (this.#underWay.room > 0 && source.isFree(this.#nowMs) && this.#askOne(source));
      this.#sources.wasAsked(source, this.#nowMs)
    }
  }

  /** Who was asked is behind the others when it has answered; a fetch that has nothing for this peer has no turn until that changes. */
  #askOne(source: Source): boolean {
    const { peer, turns } = source
    for (const id of turns) {
      turns.delete(id)
      const fetch = this.#fetches.get(id)
      if (fetch?.asks(peer) !== true) continue
      const cids = this.#choose(fetch, source)
      if (cids.length > 0) {
        this.#send(fetch, source, cids)
        return true
      }
      fetch.idle.add(peer)
    }
    return false
  }

  /** A fair share of what this peer may have; when nothing is left for it but what others are slow with, some of that. */
  #choose(fetch: RunningFetch, { peer, window }: Source): readonly ContentId[] {
    const { room } = this.#underWay
    const { wants, atOnceMax, isPatient } = fetch
    const share = wants.unaskedSize === 0 ? 0 : Math.min(window, room, Math.ceil(wants.unaskedSize / this.#countFree(fetch)))
    const taken = wants.take(peer, share, (cid) => isPatient && this.#underWay.comesSoon(cid, this.#nowMs))
    if (taken.length > 0 || (isPatient && (wants.unaskedSize > 0 || wants.hasUnread))) return taken.map(({ cid }) => cid)
    for (const ask of this.#underWay.asks.values()) {
      if (ask.fetch !== fetch.order.fetch || (isPatient && this.#nowMs - ask.sentMs < STRAGGLER_MS)) continue
      const again = wants.takeAgain(ask.cids, peer, { max: Math.min(window, room, STRAGGLER_BLOCKS), atOnceMax })
      if (again.length > 0) return again.map(({ cid }) => cid)
    }
    return []
  }

  #send(fetch: RunningFetch, source: Source, cids: readonly ContentId[]): void {
    const { peer, timeoutMs } = source
    const fetchId = fetch.order.fetch
    const id = this.#underWay.ask({ fetch: fetchId, peer, cids }, timeoutMs, this.#nowMs)
    source.open++
    fetch.askedOf.add(peer)
    this.#freeFor.set(fetch, (this.#freeFor.get(fetch) ?? 1) - 1)
    this.#wakeForStragglers(fetch)
    this.#effects.push({ type: 'ask', ask: id, fetch: fetchId, peer, request: askFor(cids), timeoutMs })
  }

  #countFree(fetch: RunningFetch): number {
    let free = this.#freeFor.get(fetch)
    if (free === undefined) {
      free = 0
      for (const peer of fetch.sources) {
        if (fetch.asks(peer) && !fetch.askedOf.has(peer) && this.#sources.get(peer)?.isFree(this.#nowMs) === true) free++
      }
      this.#freeFor.set(fetch, free)
    }
    return Math.max(1, free)
  }

  #setAlarm(): void {
    this.wakeAtMs = Math.min(this.#underWay.nextMs(this.#nowMs), this.#sources.nextMs(this.#nowMs))
    for (const { widensAtMs } of this.#urgent) this.wakeAtMs = Math.min(this.wakeAtMs, widensAtMs)
  }
}
