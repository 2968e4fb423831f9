import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import type { Random } from '@interpeer/simulator'
import { encodeCbor, Link } from '@interpeer/wire-codec'
import { type Block, blockOf, type GetBlock, linksOf } from '../src/index.js'

/** Blocks that link to each other, the root last. Some are linked to from several places. */
export function dagOf(random: Random, leaves: number, fanOut: number): { readonly root: ContentId; readonly blocks: readonly Block[] } {
  const blocks = Array.from({ length: leaves }, () => blockOf(random.bytes(random.between(1, 400)), 'raw'))
  let level: readonly Block[] = blocks.slice()
  while (level.length > 1) {
    const above: Block[] = []
    for (let at = 0; at < level.length; at += fanOut) {
      const below = level.slice(at, at + fanOut)
      if (random.chance(200)) below.push(random.pick(blocks))
      above.push(blockOf(encodeCbor([...below.map(({ cid }) => new Link(bytesOfContentId(cid))), random.bits()]), 'dag-cbor'))
    }
    blocks.push(...above)
    level = above
  }
  const root = blocks.at(-1) as Block
  return { root: root.cid, blocks: [...new Map(blocks.map((block) => [block.cid, block])).values()] }
}

/** What of a DAG can be known to be missing: not in `held`, and linked to by the root or by something that is. */
export function frontierOf(root: ContentId, get: GetBlock): ReadonlySet<ContentId> {
  const [seen, missing] = [new Set([root]), new Set<ContentId>()]
  for (const cid of seen) {
    const bytes = get(cid)
    if (bytes === undefined) missing.add(cid)
    else for (const link of linksOf(cid, bytes)) seen.add(link)
  }
  return missing
}
