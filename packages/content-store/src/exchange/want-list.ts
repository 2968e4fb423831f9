import { type ContentId, codecOf, type PeerId } from '@interpeer/crypto-ids'

/** Wants known at a time: links beyond them wait in the walk, where each costs a name and no more. */
const WANTS_MAX = 4_096
const READ_SLICE_BLOCKS = 64
const REPORTED_MAX = 64

export interface Want {
  readonly cid: ContentId
  /** Those who said that they do not have it. */
  lackedBy: Set<PeerId> | undefined
  /** Who is asked for it now. */
  readonly askedOf: Set<PeerId>
}

/**
 * What one fetch still needs: links to be looked up here, blocks to be asked for, and blocks asked for. Blocks with links go before raw ones,
 * since they say what else is needed. Holds no block's bytes.
 */
export class WantList {
  readonly #maxBlocks: number
  readonly #onWanted: (cid: ContentId, isWanted: boolean) => void
  readonly #seen = new Set<ContentId>()
  readonly #unread = { links: [] as ContentId[], raw: [] as ContentId[] }
  readonly #unasked = { links: new Map<ContentId, Want>(), raw: new Map<ContentId, Want>() }
  readonly #asked = new Map<ContentId, Want>()
  /** The first of those that nobody has, and how many there are. */
  readonly lost: ContentId[] = []
  lostCount = 0

  /** `onWanted` is told what is known to be needed and not here, and when that ends. */
  constructor(maxBlocks: number, onWanted: (cid: ContentId, isWanted: boolean) => void) {
    this.#maxBlocks = maxBlocks
    this.#onWanted = onWanted
  }

  /** Known to be needed and not here. */
  get size(): number {
    return this.unaskedSize + this.#asked.size
  }
  get unaskedSize(): number {
    return this.#unasked.links.size + this.#unasked.raw.size
  }
  get hasUnread(): boolean {
    return this.#unread.links.length + this.#unread.raw.length > 0
  }

  /** Takes up blocks that are needed; those already known cost nothing. False: more than the fetch may bring. */
  add(cids: readonly ContentId[]): boolean {
    for (const cid of cids) {
      if (this.#seen.has(cid)) continue
      if (this.#seen.size >= this.#maxBlocks) return false
      this.#seen.add(cid)
      this.#unreadFor(cid).push(cid)
    }
    return true
  }

  /** What to look up next. None while enough is wanted. */
  takeUnread(): readonly ContentId[] {
    const room = Math.min(READ_SLICE_BLOCKS, WANTS_MAX - this.size)
    if (room <= 0) return []
    const cids = this.#unread.links.splice(-room)
    return cids.length > 0 ? cids : this.#unread.raw.splice(-room)
  }

  /** It is not here. */
  want(cid: ContentId): void {
    this.#unaskedFor(cid).set(cid, { cid, lackedBy: undefined, askedOf: new Set() })
    this.#onWanted(cid, true)
  }

  /** At most `max` of what this peer may have, nobody is asked for, and does not come anyway. They count as asked of it from now on. */
  take(peer: PeerId, max: number, comesAnyway: (cid: ContentId) => boolean): readonly Want[] {
    const taken: Want[] = []
    for (const wants of [this.#unasked.links, this.#unasked.raw]) {
      for (const want of wants.values()) {
        if (taken.length >= max) break
        if (want.lackedBy?.has(peer) === true || comesAnyway(want.cid)) continue
        taken.push(want)
      }
    }
    for (const want of taken) {
      this.#unaskedFor(want.cid).delete(want.cid)
      this.#asked.set(want.cid, want)
      want.askedOf.add(peer)
    }
    return taken
  }

  /** Of those asked of fewer than `atOnceMax` others, what may be asked of this peer beside. */
  takeAgain(
    cids: readonly ContentId[],
    peer: PeerId,
    { max, atOnceMax }: { readonly max: number; readonly atOnceMax: number },
  ): readonly Want[] {
    const taken: Want[] = []
    for (const cid of cids) {
      const want = this.#asked.get(cid)
      if (taken.length >= max) break
      if (want === undefined || want.askedOf.size >= atOnceMax) continue
      if (want.askedOf.has(peer) || want.lackedBy?.has(peer) === true) continue
      want.askedOf.add(peer)
      taken.push(want)
    }
    return taken
  }

  /** It came, and was wanted: false where it had come before. */
  came(cid: ContentId): boolean {
    const wasWanted = this.#asked.delete(cid)
    if (wasWanted) this.#onWanted(cid, false)
    return wasWanted
  }

  /** It came for another fetch and is in the store. False: someone is asked for it, or it was not wanted. */
  cameElsewhere(cid: ContentId): boolean {
    if (!this.#unaskedFor(cid).delete(cid)) return false
    this.#onWanted(cid, false)
    return true
  }

  /** To be looked up again. */
  readAgain(cid: ContentId): void {
    this.#unreadFor(cid).push(cid)
  }

  /** This peer is not asked for it any more: it may be asked of others. False: it has come. */
  giveBack(cid: ContentId, peer: PeerId): boolean {
    const want = this.#asked.get(cid)
    if (want === undefined) return false
    want.askedOf.delete(peer)
    if (want.askedOf.size > 0) return true
    this.#asked.delete(cid)
    this.#unaskedFor(cid).set(cid, want)
    return true
  }

  lacks(cid: ContentId, peer: PeerId): void {
    const want = this.#asked.get(cid)
    if (want !== undefined) want.lackedBy = (want.lackedBy ?? new Set()).add(peer)
  }

  /** Gives up what none of these peers has. `only`: what else is wanted did not change. */
  giveUp(peers: readonly PeerId[], only?: readonly ContentId[]): void {
    const gone = (want: Want): boolean => want.askedOf.size === 0 && peers.every((peer) => want.lackedBy?.has(peer) === true)
    const looked = only?.map((cid) => this.#unaskedFor(cid).get(cid)) ?? [...this.#unasked.links.values(), ...this.#unasked.raw.values()]
    for (const want of looked) {
      if (want === undefined || !gone(want)) continue
      this.#unaskedFor(want.cid).delete(want.cid)
      this.#onWanted(want.cid, false)
      this.lostCount++
      if (this.lost.length < REPORTED_MAX) this.lost.push(want.cid)
    }
  }

  /** The fetch is over. */
  close(): void {
    for (const wants of [this.#unasked.links, this.#unasked.raw, this.#asked]) for (const cid of wants.keys()) this.#onWanted(cid, false)
  }

  #unreadFor = (cid: ContentId): ContentId[] => (codecOf(cid) === 'raw' ? this.#unread.raw : this.#unread.links)
  #unaskedFor = (cid: ContentId): Map<ContentId, Want> => (codecOf(cid) === 'raw' ? this.#unasked.raw : this.#unasked.links)
}
