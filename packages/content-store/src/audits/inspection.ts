import type { ContentId } from '@interpeer/crypto-ids'
import type { GetBlock } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { linksOf, WALK_MAX_BLOCKS } from '../walk.js'

/** Dice: an integer from 0 to `limit` − 1. */
export type Below = (limit: number) => number

/**
 * Reads everything below some roots, a slice at a time, and says what is not there or spoiled. On the way it draws blocks to be audited
 * elsewhere, each with the same chance, however the tree is shaped. No clock, no store, no dice of its own.
 */
export class Inspection {
  readonly #seen: Set<ContentId>
  readonly #left: ContentId[]
  readonly #below: Below
  readonly #drawMax: number
  readonly #drawn: ContentId[] = []
  #read = 0

  /** @param drawMax how many blocks to draw, at most */
  constructor(roots: Iterable<ContentId>, drawMax: number, below: Below) {
    this.#seen = new Set(roots)
    this.#left = [...this.#seen]
    this.#drawMax = drawMax
    this.#below = below
  }

  get isDone(): boolean {
    return this.#left.length === 0
  }
  /** Blocks read so far. */
  get readBlocks(): number {
    return this.#read
  }
  /** The blocks drawn of those read: a fair draw once it is done. */
  get drawn(): readonly ContentId[] {
    return this.#drawn
  }
  /** Whether it is one of the roots, or was linked to below them. */
  met(cid: ContentId): boolean {
    return this.#seen.has(cid)
  }

  /** Reads the next `max` blocks. What is missing is reported and passed over; what lies below it is not known before it is here. */
  step(get: GetBlock, max: number): readonly ContentId[] {
    const missing: ContentId[] = []
    for (let left = max; left > 0; left--) {
      const cid = this.#left.pop()
      if (cid === undefined) break
      const bytes = get(cid)
      if (bytes === undefined) missing.push(cid)
      else this.#follow(cid, bytes)
    }
    return missing
  }

  #follow(cid: ContentId, bytes: Uint8Array): void {
    this.#draw(cid)
    for (const link of readableLinks(cid, bytes)) {
      if (this.#seen.size >= WALK_MAX_BLOCKS) return
      if (this.#seen.has(link)) continue
      this.#seen.add(link)
      this.#left.push(link)
    }
  }

  /** Each of the blocks read so far has been drawn with the same chance. */
  #draw(cid: ContentId): void {
    const place = this.#read < this.#drawMax ? this.#read : this.#below(this.#read + 1)
    this.#read++
    if (place < this.#drawMax) this.#drawn[place] = cid
  }
}

/** A block that has its hash and is no CBOR of ours is what it is: there is nothing below it. */
function readableLinks(cid: ContentId, bytes: Uint8Array): readonly ContentId[] {
  try {
    return linksOf(cid, bytes)
  } catch (error) {
    if (error instanceof ContentStoreError) return []
    throw error
  }
}
