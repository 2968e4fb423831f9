import { type ContentId, codecOf } from '@interpeer/crypto-ids'
import type { Block, GetBlock } from './blocks.js'
import { ContentStoreError, type PeerConduct } from './errors.js'
import { PeerPool, type Signal } from './peer-pool.js'
import { linksOf, WALK_MAX_BLOCKS } from './walk.js'

export interface FetchOptions {
  readonly get: GetBlock
  /** Durable when it resolves: a fetch that is cut short goes on where it was. */
  readonly put: (blocks: readonly Block[]) => Promise<void>
  /** Sends a `want-blocks` to one of the peers and resolves to its reply; rejects, in time, when there is none. */
  readonly ask: (peer: number, request: Uint8Array) => Promise<Uint8Array>
  /** How many peers there are to ask: 0 to peers − 1. All are asked at once, each for other blocks. */
  readonly peers: number
  readonly signal?: Signal | undefined
  readonly onProgress?: ((progress: FetchProgress) => void) | undefined
  /** Says that a block and all below it are in the store, so that a large tree is not walked again for a small change. */
  readonly isComplete?: ((cid: ContentId) => boolean) | undefined
  /** What one fetch may bring, whatever the root promised. Default 1,000,000 blocks and 4 GiB. */
  readonly maxBlocks?: number | undefined
  readonly maxBytes?: number | undefined
}
export interface FetchProgress {
  readonly fetchedBlocks: number
  readonly fetchedBytes: number
  /** Known to be needed and not here yet; what they link to is not known before they are. */
  readonly wantedBlocks: number
}
export interface Fetched {
  readonly fetchedBlocks: number
  readonly fetchedBytes: number
  readonly peers: readonly PeerConduct[]
}

/**
 * Brings everything reachable from `root` into the store: a tree, or whatever block that links to one. Every block is hashed before
 * it is kept. A peer that sends something else is asked for nothing more; one that lacks a block is passed over for that block.
 * @throws {ContentStoreError} FETCH_FAILED, FETCH_TOO_LARGE, FETCH_ABORTED, BLOCK_MALFORMED, and whatever `put` rejects with
 */
export function fetchDag(root: ContentId, options: FetchOptions): Promise<Fetched> {
  return new Fetch(options, true).run([root])
}

/** Brings these blocks into the store, and not what they link to. @throws {ContentStoreError} as `fetchDag` */
export function fetchBlocks(cids: readonly ContentId[], options: FetchOptions): Promise<Fetched> {
  return new Fetch(options, false).run(cids)
}

class Fetch {
  readonly #options: FetchOptions
  readonly #follow: boolean
  readonly #seen = new Set<ContentId>()
  readonly #pool: PeerPool
  #fetchedBlocks = 0
  #fetchedBytes = 0

  constructor(options: FetchOptions, follow: boolean) {
    this.#options = options
    this.#follow = follow
    this.#pool = new PeerPool(options.peers, options.ask, (blocks) => this.#keep(blocks), options.signal)
  }

  async run(roots: readonly ContentId[]): Promise<Fetched> {
    this.#want(roots)
    await this.#pool.drain()
    return { fetchedBlocks: this.#fetchedBlocks, fetchedBytes: this.#fetchedBytes, peers: this.#pool.conduct }
  }

  async #keep(blocks: readonly Block[]): Promise<void> {
    const { maxBytes = 4 * 1024 ** 3, put, onProgress } = this.#options
    for (const { bytes } of blocks) this.#fetchedBytes += bytes.length
    if (this.#fetchedBytes > maxBytes) throw this.#tooLarge()
    const links = blocks.flatMap(({ cid, bytes }) => this.#linksToFollow(cid, bytes)) // before put: what is malformed is not kept
    await put(blocks)
    this.#fetchedBlocks += blocks.length
    this.#want(links)
    const { wantedBlocks } = this.#pool
    onProgress?.({ fetchedBlocks: this.#fetchedBlocks, fetchedBytes: this.#fetchedBytes, wantedBlocks })
  }

  /** Walks what is here already, and queues what is not. */
  #want(cids: readonly ContentId[]): void {
    const stack = [...cids]
    for (let cid = stack.pop(); cid !== undefined; cid = stack.pop()) {
      if (this.#seen.has(cid)) continue
      if (this.#options.isComplete?.(cid)) continue
      this.#seen.add(cid)
      if (this.#seen.size > (this.#options.maxBlocks ?? WALK_MAX_BLOCKS)) throw this.#tooLarge()
      const bytes = this.#options.get(cid)
      if (bytes === undefined) this.#pool.want(cid)
      else for (const link of this.#linksToFollow(cid, bytes)) stack.push(link)
    }
  }

  #linksToFollow(cid: ContentId, bytes: Uint8Array): readonly ContentId[] {
    return this.#follow && codecOf(cid) === 'dag-cbor' ? linksOf(cid, bytes) : []
  }

  #tooLarge(): ContentStoreError {
    const { maxBlocks = WALK_MAX_BLOCKS, maxBytes = 4 * 1024 ** 3 } = this.#options
    return new ContentStoreError({ code: 'FETCH_TOO_LARGE', maxBlocks, maxBytes })
  }
}
