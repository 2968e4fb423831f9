import type { ContentId } from '@interpeer/crypto-ids'
import type { Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { type MapEdit, tradeBlocks } from './edit-map.js'
import { malformedMap } from './map-block.js'
import type { MapCache } from './map-cache.js'
import { emptyMap, type MapRoot } from './map-source.js'

/**
 * A map with all its blocks in memory. A value: an edit alters nothing and makes another map, which shares the blocks that stay. So
 * several can be tried from one, and what nobody holds any more is garbage.
 */
export interface HeldMap {
  readonly root: MapRoot
  /** The map's blocks by name, all of them and no others. */
  readonly blocks: ReadonlyMap<ContentId, Uint8Array>
  /** Of each value over 512 bytes that more than one entry has: how many have it. */
  readonly shared: ReadonlyMap<ContentId, number>
}

export const emptyHeldMap = (): HeldMap => ({ root: emptyMap(), blocks: new Map(), shared: new Map() })

/** The map that `edits` make of another: `editMap` with nothing missing. @throws {ContentStoreError} MAP_KEY, MAP_VALUE, MAP_SUM */
export function editHeldMap(map: HeldMap, edits: readonly MapEdit[], cache?: MapCache): HeldMap {
  const { root, nodes, values } = readHeldMap(map, (get, before) => tradeBlocks(get, before, edits, cache))
  if (root === map.root) return map
  const [blocks, shared] = [new Map(map.blocks), new Map(map.shared)]
  for (const cid of nodes.dropped) blocks.delete(cid)
  for (const { cid, bytes } of nodes.made) blocks.set(cid, bytes)
  // What is gained first: a value that one entry has from another never goes.
  for (const { cid, bytes } of values.made) {
    if (blocks.has(cid)) shared.set(cid, (shared.get(cid) ?? 1) + 1)
    else blocks.set(cid, Uint8Array.from(bytes))
  }
  for (const cid of values.dropped) {
    const left = (shared.get(cid) ?? 1) - 1
    if (left > 1) shared.set(cid, left)
    else shared.delete(cid)
    if (left === 0) blocks.delete(cid)
  }
  return { root, blocks, shared }
}

/**
 * Runs a function of a map's blocks on a held map: `readHeldMap(map, (get, root) => proveEntry(get, root, key))`.
 * @throws {ContentStoreError} as `read`; MAP_MALFORMED if blocks are missing: then it is no held map
 */
export function readHeldMap<T extends object>(map: HeldMap, read: (get: GetBlock, root: MapRoot) => T | Missing): T {
  const found = read((cid) => map.blocks.get(cid), map.root)
  if ('missing' in found) throw malformedMap(map.root.block, 'a block that is not held')
  return found
}
