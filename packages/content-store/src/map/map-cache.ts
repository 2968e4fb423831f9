import type { ContentId } from '@interpeer/crypto-ids'
import type { Whole } from './nodes.js'

/**
 * Blocks of maps that were read lately, with the hashes of all their nodes. Whoever uses a map more than once keeps one and passes it
 * to every call: it changes no answer, but hashing a block anew takes far longer than finding it here.
 */
export interface MapCache {
  /** Bytes of the blocks in it. In memory they take about ten times as much. */
  readonly bytes: number
}
export const MAP_CACHE_DEFAULT_BYTES = 8 * 1024 * 1024

/** @param maxBytes of the blocks in it. Default 8 MiB. */
export const createMapCache = (maxBytes: number = MAP_CACHE_DEFAULT_BYTES): MapCache => new NodeCache(maxBytes)

/** Two halves: when the newer one is full it becomes the older one, and what is not read again from there goes with the next change. */
export class NodeCache implements MapCache {
  readonly #halfBytes: number
  #newer = new Map<ContentId, Whole>()
  #older = new Map<ContentId, Whole>()
  #newerBytes = 0
  #olderBytes = 0
  constructor(maxBytes: number) {
    this.#halfBytes = maxBytes / 2
  }
  get bytes(): number {
    return this.#newerBytes + this.#olderBytes
  }
  get(block: ContentId): Whole | undefined {
    const node = this.#newer.get(block)
    if (node !== undefined) return node
    const old = this.#older.get(block)
    if (old !== undefined) this.set(block, old)
    return old
  }
  set(block: ContentId, node: Whole): void {
    if (this.#newer.has(block)) return
    if (this.#newerBytes + node.weight > this.#halfBytes) {
      ;[this.#older, this.#olderBytes] = [this.#newer, this.#newerBytes]
      ;[this.#newer, this.#newerBytes] = [new Map(), 0]
    }
    this.#newer.set(block, node)
    this.#newerBytes += node.weight
  }
}
