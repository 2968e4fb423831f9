import type { Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import { Cursor } from './cursor.js'
import type { MapCache } from './map-cache.js'
import { type MapRoot, MapSource } from './map-source.js'
import { assertRange, type MapRange, pageOf } from './pages.js'
import { entryOf, type MapEntry } from './read-map.js'

export interface MapPage {
  readonly entries: readonly MapEntry[]
  /** The `from` of the next page. Undefined: that was all. */
  readonly next: Uint8Array | undefined
}

/** Entries in the order of their keys. @throws {ContentStoreError} MAP_KEY, MAP_MALFORMED */
export function readRange(get: GetBlock, root: MapRoot, range: MapRange = {}, cache?: MapCache): MapPage | Missing {
  assertRange(range)
  const source = new MapSource(get, cache)
  return source.walk(root, (top) => {
    const cursor = new Cursor(source, top, range.from)
    const { items, next } = pageOf(source, range, () => {
      const leaf = cursor.take()
      return leaf && { key: leaf.key, read: () => withBytes(entryOf(source, leaf)) }
    })
    return { entries: items, next }
  })
}
const withBytes = (item: MapEntry) => ({ item, bytes: item.value.length })
