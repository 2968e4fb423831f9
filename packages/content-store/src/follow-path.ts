import { type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import type { BlockSource } from './block-source.js'
import { findEntry } from './directory-blocks.js'
import { SYMLINK_HOPS_MAX, targetFault } from './symlinks.js'
import { malformed, type TreeEntry, type TreeEntryOf } from './tree-blocks.js'

/** A directory where it really lies: no link is on the way to it. */
interface Place {
  readonly cid: ContentId
  /** The names on the way to it; none for the top. */
  readonly names: readonly string[]
  /** Undefined for the top. */
  readonly above: Place | undefined
}
export const topPlace = (root: ContentId): Place => ({ cid: root, names: [], above: undefined })

const placeBelow = (place: Place, { name, node }: TreeEntryOf<'directory'>): Place => ({
  cid: contentIdOfBytes(node),
  names: [...place.names, name],
  above: place,
})

/** What a way ends at: a file, or a directory. */
type Found = { readonly type: 'file'; readonly entry: TreeEntryOf<'file'> } | { readonly type: 'directory'; readonly place: Place }

/**
 * Goes a way through the tree as POSIX does, links followed. Undefined when nothing is there, or when it takes more than
 * SYMLINK_HOPS_MAX links (so a circle ends).
 * @throws {ContentStoreError} TREE_MALFORMED
 * @throws {MissingBlock}
 */
export function followPath(source: BlockSource, from: Place, way: readonly string[]): Found | undefined {
  let place = from
  const ahead = way.toReversed()
  let hops = 0
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '..') {
      if (place.above === undefined) return undefined
      place = place.above
      continue
    }
    const entry: TreeEntry | undefined = findEntry(source, place.cid, name)
    if (entry === undefined) return undefined
    if (entry.type === 'file') return ahead.length === 0 ? { type: 'file', entry } : undefined
    if (entry.type === 'directory') place = placeBelow(place, entry)
    else {
      const fault = targetFault(entry.target, place.names.length)
      if (fault !== undefined) throw malformed(place.cid, fault)
      if (++hops > SYMLINK_HOPS_MAX) return undefined
      ahead.push(...entry.target.split('/').reverse())
    }
  }
  return { type: 'directory', place }
}
