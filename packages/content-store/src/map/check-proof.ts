import { sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { ContentStoreError } from '../errors.js'
import { type Branch, emptyHash, HASH_BYTES, innerHash, leafHash, readSum, SUM_MAX } from './hashes.js'
import { assertKey, BIT_MAX, bitOf } from './keys.js'
import { decodeProof, type MapProof, STEP_BYTES } from './map-proof.js'
import type { PlacedEntry } from './read-map.js'

/** What a proof shows of the map whose root hash it was checked with. */
export interface Proven {
  /** Undefined: the map has no such entry. */
  readonly entry: PlacedEntry | undefined
  /** The sum of all entries of the map. */
  readonly total: bigint
}

/**
 * What the map with this root hash has under `key`. For one root and key there is at most one answer that any proof can show, however
 * the map was made.
 * @param rootHash 32 bytes, from a source that is trusted
 * @throws {ContentStoreError} MAP_KEY; MAP_PROOF_MALFORMED; MAP_PROOF_WRONG if it shows nothing about this root and key
 */
export function checkEntry(rootHash: Uint8Array, key: Uint8Array, proof: Uint8Array): Proven {
  assertKey(key)
  const shown = decodeProof(proof)
  if (shown.type === 'empty') {
    if (!sameBytes(emptyHash(), rootHash)) throw wrong('the map is not empty')
    return { entry: undefined, total: 0n }
  }
  const isThere = sameBytes(shown.key, key)
  if (isThere !== (shown.type === 'entry')) throw wrong('another key')
  // A leaf stands for the absence of a key only if the key's own way leads to it.
  if (!isThere && stepsOf(shown).some(({ bit }) => bitOf(shown.key, bit) !== bitOf(key, bit))) throw wrong('not the way of this key')
  const { entry, total } = climb(rootHash, shown)
  return { entry: isThere ? entry : undefined, total }
}

/**
 * The entry that holds a unit, when the sums of all entries are laid end to end in the order of keys. Whoever computes the unit from the
 * map's sum compares that with `total`.
 * @param rootHash 32 bytes, from a source that is trusted
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED; MAP_PROOF_WRONG if it shows nothing about this root and unit
 */
export function checkAt(rootHash: Uint8Array, unit: bigint, proof: Uint8Array): Proven & { readonly entry: PlacedEntry } {
  const shown = decodeProof(proof)
  if (shown.type !== 'entry') throw wrong('not an entry')
  const { entry, total } = climb(rootHash, shown)
  if (unit < entry.before || unit >= entry.before + entry.sum) throw wrong('another unit')
  return { entry, total }
}

type Shown = Exclude<MapProof, { type: 'empty' }>
const NO_VALUE = new Uint8Array()

interface Step extends Branch {
  readonly bit: number
}
/** From the top to the leaf. */
function stepsOf({ path }: Shown): Step[] {
  if (path.length % STEP_BYTES !== 0) throw new ContentStoreError({ code: 'MAP_PROOF_MALFORMED' })
  return Array.from({ length: path.length / STEP_BYTES }, (_, i) => {
    const at = i * STEP_BYTES
    const bit = ((path[at] as number) << 8) | (path[at + 1] as number)
    return { bit, hash: path.subarray(at + 2, at + 2 + HASH_BYTES), sum: readSum(path, at + 2 + HASH_BYTES) }
  })
}

/** From the leaf to the top: all sums on the way are added up here, and hashed as they were claimed. */
function climb(rootHash: Uint8Array, shown: Shown): { readonly entry: PlacedEntry; readonly total: bigint } {
  const { key } = shown
  const sum = readSum(shown.sum, 0)
  const [value, valueHash] = shown.type === 'entry' ? [shown.value, sha256(shown.value)] : [NO_VALUE, shown.valueHash]
  let [node, before]: [Branch, bigint] = [{ hash: leafHash(key, sum, valueHash), sum }, 0n]
  let below = BIT_MAX + 1
  for (const { bit, hash, sum: beside } of stepsOf(shown).reverse()) {
    if (bit >= below) throw wrong('bits out of order')
    below = bit
    const isRight = bitOf(key, bit) === 1
    const total = node.sum + beside
    if (total > SUM_MAX) throw wrong('a sum too large')
    const sibling = { hash, sum: beside }
    node = { hash: isRight ? innerHash(bit, sibling, node) : innerHash(bit, node, sibling), sum: total }
    if (isRight) before += beside
  }
  if (!sameBytes(node.hash, rootHash)) throw wrong('another root')
  return { entry: { key, value, sum, before }, total: node.sum }
}

const wrong = (reason: string): ContentStoreError => new ContentStoreError({ code: 'MAP_PROOF_WRONG', reason })
