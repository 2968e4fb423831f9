import type { BlockStore, GetBlock } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { isPieced, REQUEST_PART_BYTES, readRequestBlock } from '@interpeer/peer-group'
import { concatBytes } from '@interpeer/wire-codec'

/** The body that these blocks are, one after another; 'other' where they can't be one: every piece but the last is whole, and none is empty. */
export function bodyOf(get: GetBlock, parts: readonly ContentId[]): Uint8Array | { readonly missing: readonly ContentId[] } | 'other' {
  const found = parts.map((cid) => get(cid))
  const missing = parts.filter((_, i) => found[i] === undefined)
  if (missing.length > 0) return { missing }
  const bodies = found as readonly Uint8Array[]
  const fits = bodies.every(({ length }, i) =>
    i < parts.length - 1 ? length === REQUEST_PART_BYTES : length > 0 && length <= REQUEST_PART_BYTES,
  )
  return fits ? concatBytes(...bodies) : 'other'
}

/** What of these requests is not in the store: their blocks, or pieces of their bodies. */
export function missingOf(cids: readonly ContentId[], store: Pick<BlockStore, 'get' | 'has'>): readonly ContentId[] {
  return cids.flatMap((cid) => {
    if (!store.has(cid)) return [cid]
    const block = isPieced(cid) ? store.get(cid) : undefined
    const parts = block === undefined ? [] : (readRequestBlock(cid, block)?.parts ?? [])
    return parts.filter((part) => !store.has(part))
  })
}
