import type { Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { assertKey, bitOf, firstDifference, LEAF_BIT } from './keys.js'
import type { MapCache } from './map-cache.js'
import { type MapRoot, MapSource } from './map-source.js'
import type { Inner, Leaf, Whole } from './nodes.js'

/** What a map holds under one key. */
export interface MapEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly sum: bigint
}
/** An entry and its place: it holds the units from `before` up to, but not including, `before + sum`. */
export interface PlacedEntry extends MapEntry {
  /** The sum of all entries with lesser keys. */
  readonly before: bigint
}

/** The entry under `key`, undefined where there is none. @throws {ContentStoreError} MAP_KEY, MAP_MALFORMED */
export function readEntry(
  get: GetBlock,
  root: MapRoot,
  key: Uint8Array,
  cache?: MapCache,
): { readonly entry: PlacedEntry | undefined } | Missing {
  assertKey(key)
  const source = new MapSource(get, cache)
  return source.walk(root, (top) => {
    if (top === undefined) return { entry: undefined }
    let before = 0n
    const leaf = source.follow(top, ({ bit, left }) => {
      if (bitOf(key, bit) === 0) return false
      before += left.sum
      return true
    })
    return { entry: firstDifference(leaf.key, key) === LEAF_BIT ? { ...entryOf(source, leaf), before } : undefined }
  })
}

/** The sum of all entries. @throws {ContentStoreError} MAP_MALFORMED */
export function readTotal(get: GetBlock, root: MapRoot, cache?: MapCache): { readonly total: bigint } | Missing {
  return new MapSource(get, cache).walk(root, (top) => ({ total: top?.sum ?? 0n }))
}

/**
 * The entry that holds the unit numbered `unit`, from 0 to the map's sum - 1, when all sums are laid end to end in the order of keys.
 * @throws {ContentStoreError} MAP_UNIT if there is no such unit, MAP_MALFORMED
 */
export function readAt(get: GetBlock, root: MapRoot, unit: bigint, cache?: MapCache): { readonly entry: PlacedEntry } | Missing {
  const source = new MapSource(get, cache)
  return source.walk(root, (top) => {
    const { leaf, before } = leafAt(source, top, unit)
    return { entry: { ...entryOf(source, leaf), before } }
  })
}

/** @throws {MissingBlock} @throws {ContentStoreError} MAP_UNIT, MAP_MALFORMED */
export function leafAt(
  source: MapSource,
  top: Whole | undefined,
  unit: bigint,
  onTurn?: (node: Inner, right: boolean) => void,
): { readonly leaf: Leaf; readonly before: bigint } {
  if (top === undefined || unit < 0n || unit >= top.sum) throw new ContentStoreError({ code: 'MAP_UNIT', unit, total: top?.sum ?? 0n })
  let before = 0n
  const leaf = source.follow(top, (node) => {
    const right = unit - before >= node.left.sum
    if (right) before += node.left.sum
    onTurn?.(node, right)
    return right
  })
  return { leaf, before }
}

/** @throws {MissingBlock} */
export const entryOf = (source: MapSource, leaf: Leaf): MapEntry => ({
  key: Uint8Array.from(leaf.key), // the leaf may be in a cache
  value: Uint8Array.from(source.valueOf(leaf)),
  sum: leaf.sum,
})
