import { type ContentId, codecOf, type PeerId } from '@interpeer/crypto-ids'
import type { Block } from '../blocks.js'
import type { ContentStoreFailure, Lie, SourceReport } from '../errors.js'
import { linksOf } from '../walk.js'
import type { Fetched, FetchOrder, FetchProgress } from './exchange-events.js'
import { WantList } from './want-list.js'

const FAILURES_MAX = 2
const BUSY_MAX = 20
/** A block that someone is slow with is asked for once more, elsewhere; never a third time at once, unless it is urgent. */
const ASKED_AT_ONCE_MAX = 2

/** One peer in one fetch. */
interface Part {
  conduct: SourceReport['conduct']
  lie: Lie | null
  blocks: number
  failures: number // in a row
  busy: number // in a row
  gone: boolean
}

/** What one fetch knows: what it needs, what came, and how each of its sources behaved. */
export class RunningFetch {
  readonly order: FetchOrder
  readonly wants: WantList
  /** Ids that the store is being asked about. */
  reading: readonly ContentId[] | undefined
  puts = 0
  /** Who is asked something for it now. */
  readonly askedOf = new Set<PeerId>()
  /** Requests open for longer than a block is waited for. */
  lateAsks = 0
  /** Free sources that found nothing in it to be asked for: they look again when that changes. */
  readonly idle = new Set<PeerId>()
  /** How many peers may be asked for one block at once. */
  atOnceMax = ASKED_AT_ONCE_MAX
  /** When an urgent fetch may ask twice as many; infinity: it is none, or may ask all. */
  widensAtMs = Number.POSITIVE_INFINITY
  #blocks = 0
  #bytes = 0
  readonly #parts = new Map<PeerId, Part>()

  constructor(order: FetchOrder, nowMs: number, onWanted: (cid: ContentId, isWanted: boolean, by: RunningFetch) => void) {
    this.order = order
    if (order.stragglerMs !== undefined) {
      this.atOnceMax = 1
      this.widensAtMs = nowMs + order.stragglerMs
    }
    this.wants = new WantList(order.maxBlocks, (cid, isWanted) => onWanted(cid, isWanted, this))
    for (const peer of order.sources) {
      this.#parts.set(peer, { conduct: 'unasked', lie: null, blocks: 0, failures: 0, busy: 0, gone: false })
    }
  }

  get sources(): Iterable<PeerId> {
    return this.#parts.keys()
  }
  get progress(): FetchProgress {
    return { fetchedBlocks: this.#blocks, fetchedBytes: this.#bytes, wantedBlocks: this.wants.size }
  }
  get fetched(): Fetched {
    return { fetchedBlocks: this.#blocks, fetchedBytes: this.#bytes, sources: this.#reports() }
  }

  /** False: it is urgent, and has waited for others long enough. */
  get isPatient(): boolean {
    return this.order.stragglerMs === undefined || this.atOnceMax === 1
  }
  /** An urgent fetch whose time has come: false where it was not. */
  widen(nowMs: number): boolean {
    const { stragglerMs = 0 } = this.order
    if (this.widensAtMs > nowMs) return false
    while (this.widensAtMs <= nowMs) {
      this.atOnceMax *= 2
      this.widensAtMs = this.atOnceMax < this.#parts.size ? this.widensAtMs + stragglerMs : Number.POSITIVE_INFINITY
    }
    return true
  }

  /** May be asked something in this fetch. */
  asks(peer: PeerId): boolean {
    return this.#parts.get(peer)?.gone === false
  }

  /** What is to be followed of a block. @throws {ContentStoreError} BLOCK_MALFORMED */
  linksIn({ cid, bytes }: Block): readonly ContentId[] {
    return this.order.follow && codecOf(cid) !== 'raw' ? linksOf(cid, bytes) : []
  }

  answered(peer: PeerId): void {
    const part = this.#parts.get(peer)
    if (part === undefined || part.gone) return
    part.conduct = 'answered'
    part.failures = 0
    part.busy = 0
  }

  unanswered(peer: PeerId): void {
    const part = this.#parts.get(peer)
    if (part === undefined || part.gone) return
    part.conduct = 'failed'
    if (++part.failures >= FAILURES_MAX) this.#drop(part)
  }

  busy(peer: PeerId): void {
    const part = this.#parts.get(peer)
    if (part === undefined || part.gone || ++part.busy < BUSY_MAX) return
    part.conduct = 'failed'
    this.#drop(part)
  }

  lied(peer: PeerId, lie: Lie): void {
    const part = this.#parts.get(peer)
    if (part === undefined || part.lie !== null) return
    part.conduct = 'lied'
    part.lie = lie
    this.#drop(part)
  }

  /** These came and are to be stored. False: more than the fetch may bring. */
  took(peer: PeerId, blocks: readonly Block[]): boolean {
    const part = this.#parts.get(peer)
    if (part !== undefined) part.blocks += blocks.length
    this.#blocks += blocks.length
    for (const { bytes } of blocks) this.#bytes += bytes.length
    return this.#bytes <= this.order.maxBytes
  }

  /** Gives up what nobody left has. `only`: what else is wanted did not change. */
  giveUpLost(only?: readonly ContentId[]): void {
    this.wants.giveUp(
      [...this.#parts].filter(([, { gone }]) => !gone).map(([peer]) => peer),
      only,
    )
  }

  /** Whether it is over, and how. */
  get end(): 'fetched' | ContentStoreFailure | undefined {
    const { wants } = this
    if (this.reading !== undefined || this.puts > 0 || wants.size > 0) return undefined
    const nobody = [...this.#parts.values()].every(({ gone }) => gone)
    if (wants.lostCount === 0 ? wants.hasUnread : wants.hasUnread && !nobody) return undefined
    if (wants.lostCount === 0) return 'fetched'
    return { code: 'FETCH_FAILED', missing: wants.lost, missingCount: wants.lostCount, sources: this.#reports() }
  }

  #drop(part: Part): void {
    part.gone = true
    this.giveUpLost()
  }
  #reports(): readonly SourceReport[] {
    return [...this.#parts].map(([peer, { conduct, lie, blocks }]) => ({ peer, conduct, lie, blocks }))
  }
}
