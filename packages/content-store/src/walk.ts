import { type ContentId, codecOf, contentIdOfBytes } from '@interpeer/crypto-ids'
import { type CborValue, decodeCbor, Link } from '@interpeer/wire-codec'
import type { Missing } from './block-source.js'
import { BLOCK_MAX_BYTES, type GetBlock } from './blocks.js'
import { ContentStoreError } from './errors.js'

/**
 * More than any block of ours has: a group's state has 32,771 items with its most, 8,192 request ids (four items each and three), a block of a
 * tree 2,051 (256 files of eight and three), a chunk list or a block of a map fewer still. Blocks of others that hold more are not walked.
 */
const BLOCK_MAX_ITEMS = 65_536

/**
 * Every link in a block, whatever it is about, in the order of first appearance: all CBOR tags 42 of dag-cbor, nothing of raw.
 * So a record that links to a tree is fetched by the same walk as the tree. Links inside a byte string (a signed envelope) are
 * not seen.
 * @throws {ContentStoreError} BLOCK_MALFORMED when it is not our CBOR, holds more than 65,536 items of it, or links to what we could not hash
 */
export function linksOf(cid: ContentId, bytes: Uint8Array): readonly ContentId[] {
  if (codecOf(cid) === 'raw') return []
  const links = new Set<ContentId>()
  try {
    gatherLinks(decodeCbor(bytes, { maxBytes: BLOCK_MAX_BYTES, maxItems: BLOCK_MAX_ITEMS }), links)
  } catch (cause) {
    throw new ContentStoreError({ code: 'BLOCK_MALFORMED', cid }, { cause })
  }
  return [...links]
}
function gatherLinks(value: CborValue, links: Set<ContentId>): void {
  if (value instanceof Link) links.add(contentIdOfBytes(value.cid))
  else if (Array.isArray(value)) for (const item of value) gatherLinks(item, links)
}

/** The most blocks one walk follows: if all are 64 KiB chunks, about 64 GiB. */
export const WALK_MAX_BLOCKS = 1_000_000

/**
 * What has to be fetched next so that everything under `root` is here: at most `max` ids, breadth first. Empty = complete. More
 * may be missing below those.
 * @throws {ContentStoreError} BLOCK_MALFORMED, TREE_TOO_LARGE
 */
export function missingBlocks(get: GetBlock, root: ContentId, max = 1024): readonly ContentId[] {
  const missing: ContentId[] = []
  visit(get, root, (cid, bytes) => {
    if (bytes === undefined) missing.push(cid)
    return missing.length < max
  })
  return missing
}

/** Everything under `root`, itself first. @throws {ContentStoreError} BLOCK_MALFORMED, TREE_TOO_LARGE */
export function reachableBlocks(get: GetBlock, root: ContentId): { readonly blocks: readonly ContentId[] } | Missing {
  const [blocks, missing]: [ContentId[], ContentId[]] = [[], []]
  visit(get, root, (cid, bytes) => {
    if (bytes === undefined) missing.push(cid)
    else blocks.push(cid)
    return missing.length < 1024
  })
  return missing.length > 0 ? { missing } : { blocks }
}

function visit(get: GetBlock, root: ContentId, onBlock: (cid: ContentId, bytes: Uint8Array | undefined) => boolean): void {
  const seen = new Set([root]) // a Set hands out what is added while it is walked: it is the queue too
  for (const cid of seen) {
    const bytes = get(cid)
    if (!onBlock(cid, bytes)) return
    for (const link of bytes === undefined ? [] : linksOf(cid, bytes)) seen.add(link)
    if (seen.size > WALK_MAX_BLOCKS) throw new ContentStoreError({ code: 'TREE_TOO_LARGE', reason: `more than ${WALK_MAX_BLOCKS} blocks` })
  }
}
