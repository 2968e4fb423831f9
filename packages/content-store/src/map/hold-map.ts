import { type ContentId, contentIdOf } from '@interpeer/crypto-ids'
import type { Missing } from '../block-source.js'
import type { GetBlock } from '../blocks.js'
import type { HeldMap } from './held-map.js'
import { createMapCache } from './map-cache.js'
import type { MapRoot } from './map-source.js'
import { VALUE_INLINE_MAX_BYTES } from './nodes.js'
import type { MapEntry } from './read-map.js'
import { readRange } from './read-range.js'

/** A map that is read whole, to be held in memory: what was found stays found when blocks are fetched in between. */
export interface MapHolding {
  /** Goes on until all is read, or names blocks that `get` does not have yet. @throws {ContentStoreError} MAP_MALFORMED */
  readonly next: (get: GetBlock) => { readonly map: HeldMap } | Missing
}

/**
 * Reads the map with this root, which has to come from a trusted place, block by block. The blocks are checked against it, and each is read once for
 * a page of entries.
 * @param onEntry each entry, in the order of keys
 */
export function holdMap(root: MapRoot, onEntry: (entry: MapEntry) => void): MapHolding {
  const blocks = new Map<ContentId, Uint8Array>()
  const [shared, valued] = [new Map<ContentId, number>(), new Set<ContentId>()]
  const cache = createMapCache()
  let from: Uint8Array | undefined
  let isDone = false
  return {
    next(given) {
      const get: GetBlock = (cid) => {
        const bytes = blocks.get(cid) ?? given(cid)
        if (bytes !== undefined) blocks.set(cid, bytes)
        return bytes
      }
      while (!isDone) {
        const page = readRange(get, root, from === undefined ? {} : { from }, cache)
        if ('missing' in page) return page
        for (const entry of page.entries) {
          if (entry.value.length > VALUE_INLINE_MAX_BYTES) countValue(entry.value)
          onEntry(entry)
        }
        from = page.next
        isDone = from === undefined
      }
      return { map: { root, blocks, shared } }
    },
  }

  function countValue(value: Uint8Array): void {
    const cid = contentIdOf(value, 'raw')
    if (valued.has(cid)) shared.set(cid, (shared.get(cid) ?? 1) + 1)
    valued.add(cid)
  }
}
