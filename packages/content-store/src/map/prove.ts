import { concatBytes } from '@interpeer/wire-codec'
import type { Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { HASH_BYTES, putSum, SUM_BYTES } from './hashes.js'
import { assertKey, bitOf, firstDifference, LEAF_BIT } from './keys.js'
import type { MapCache } from './map-cache.js'
import { encodeProof, STEP_BYTES } from './map-proof.js'
import { type MapRoot, MapSource } from './map-source.js'
import { type Inner, type Leaf, valueHashOf } from './nodes.js'
import { leafAt } from './read-map.js'

/** Shows what the map has under `key`, or that it has nothing: `checkEntry` reads it. @throws {ContentStoreError} MAP_KEY, MAP_MALFORMED */
export function proveEntry(get: GetBlock, root: MapRoot, key: Uint8Array, cache?: MapCache): { readonly proof: Uint8Array } | Missing {
  assertKey(key)
  const source = new MapSource(get, cache)
  return source.walk(root, (top) => {
    if (top === undefined) return { proof: encodeProof({ type: 'empty' }) }
    const path = new Path()
    const leaf = source.follow(top, (node) => {
      const right = bitOf(key, node.bit) === 1
      path.add(node, right)
      return right
    })
    if (firstDifference(leaf.key, key) === LEAF_BIT) return entryProof(source, leaf, path)
    const valueHash = valueHashOf(leaf.value)
    return { proof: encodeProof({ type: 'other', key: leaf.key, sum: sumBytesOf(leaf.sum), valueHash, path: path.bytes }) }
  })
}

/** Shows which entry holds a unit (see `readAt`): `checkAt` reads it. @throws {ContentStoreError} MAP_UNIT, MAP_MALFORMED */
export function proveAt(get: GetBlock, root: MapRoot, unit: bigint, cache?: MapCache): { readonly proof: Uint8Array } | Missing {
  const source = new MapSource(get, cache)
  return source.walk(root, (top) => {
    const path = new Path()
    const { leaf } = leafAt(source, top, unit, (node, right) => path.add(node, right))
    return entryProof(source, leaf, path)
  })
}

class Path {
  #bytes: Uint8Array = new Uint8Array(32 * STEP_BYTES)
  #length = 0
  add({ bit, left, right }: Inner, goesRight: boolean): void {
    const at = this.#length
    this.#length += STEP_BYTES
    if (this.#length > this.#bytes.length) this.#bytes = concatBytes(this.#bytes, new Uint8Array(this.#bytes.length))
    const { hash, sum } = goesRight ? left : right
    this.#bytes[at] = bit >> 8
    this.#bytes[at + 1] = bit & 0xff
    this.#bytes.set(hash, at + 2)
    putSum(this.#bytes, at + 2 + HASH_BYTES, sum)
  }
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
const entryProof = (source: MapSource, leaf: Leaf, path: Path) => ({
  proof: encodeProof({ type: 'entry', key: leaf.key, sum: sumBytesOf(leaf.sum), value: source.valueOf(leaf), path: path.bytes }),
})

function sumBytesOf(sum: bigint): Uint8Array {
  const bytes = new Uint8Array(SUM_BYTES)
  putSum(bytes, 0, sum)
  return bytes
}
