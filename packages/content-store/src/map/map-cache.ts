import type { ContentId } from '@interpeer/crypto-ids'
import type { Whole } from './nodes.js'

/**
 * Blocks of maps that were read lately, with the hashes of all their nodes. Whoever uses a map more than once keeps one and passes it
 * to every call: it changes no answer, but hashing a block anew takes far longer than finding it here.
 */
export interface MapCache {
  /** Memory that it takes, roughly. */
  readonly bytes: number
}
export const MAP_CACHE_DEFAULT_BYTES = 64 * 1024 * 1024
/** A block in memory, with a hash for each node, takes so many times its weight (measured with 32-byte keys and values). */
const MEMORY_FACTOR = 16

/** @param maxBytes of memory, roughly: about 1 kB for each entry. Default 64 MiB. */
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
    const bytes = node.weight * MEMORY_FACTOR
    if (this.#newerBytes + bytes > this.#halfBytes) {
      ;[this.#older, this.#olderBytes] = [this.#newer, this.#newerBytes]
      ;[this.#newer, this.#newerBytes] = [new Map(), 0]
    }
    this.#newer.set(block, node)
    this.#newerBytes += bytes
  }
}
