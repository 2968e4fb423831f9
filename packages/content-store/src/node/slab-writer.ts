import { type Codec, type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import type { Block } from '../blocks.js'
import { type ImportSetup, SLAB_BYTES, type SlabBlock } from './import-messages.js'

/** Lays blocks one after another into slabs of memory, in turn, and tells of full ones. */
export class SlabWriter {
  readonly #slabs: readonly SharedArrayBuffer[]
  readonly #free: Int32Array
  readonly #give: (slab: number, blocks: readonly SlabBlock[]) => void
  #slab = 0
  #blocks: SlabBlock[] = []
  #at = 0

  /** @param give whoever it is marks the slab free when the blocks are stored */
  constructor({ slabs, free }: Pick<ImportSetup, 'slabs' | 'free'>, give: (slab: number, blocks: readonly SlabBlock[]) => void) {
    this.#slabs = slabs
    this.#free = free
    this.#give = give
  }

  /** Room for `length` bytes, at most a slab's, to write the next block into. Stands still until a slab is free. */
  room(length: number): Uint8Array {
    if (this.#at + length > SLAB_BYTES) this.flush()
    if (this.#at === 0) Atomics.wait(this.#free, this.#slab, 0)
    return this.#bytes(length)
  }
  /** The first `length` bytes of the last room are a block now. */
  seal(length: number, codec: Codec): ContentId {
    const cid = contentIdOf(this.#bytes(length), codec)
    this.#blocks.push([cid, this.#at, length])
    this.#at += length
    return cid
  }
  add({ cid, bytes }: Block): void {
    this.room(bytes.length).set(bytes)
    this.#blocks.push([cid, this.#at, bytes.length])
    this.#at += bytes.length
  }
  flush(): void {
    if (this.#blocks.length === 0) return
    Atomics.store(this.#free, this.#slab, 0)
    this.#give(this.#slab, this.#blocks)
    this.#slab = (this.#slab + 1) % this.#slabs.length
    this.#blocks = []
    this.#at = 0
  }
  #bytes(length: number): Uint8Array {
    return new Uint8Array(this.#slabs[this.#slab] as SharedArrayBuffer, this.#at, length)
  }
}
