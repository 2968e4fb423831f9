import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { CarWriter } from '@ipld/car/writer'
import { CID } from 'multiformats/cid'
import type { GetBlock } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { linksOf, WALK_MAX_BLOCKS } from '../walk.js'

/**
 * Everything under `root` as a CARv1 archive with that one root: each block once, before what it links to. Blocks are got as the bytes
 * are taken.
 * @throws {ContentStoreError} CAR_INCOMPLETE when a block is not here; BLOCK_MALFORMED, TREE_TOO_LARGE (while it is read)
 */
export async function* exportCar(get: GetBlock, root: ContentId): AsyncGenerator<Uint8Array, void> {
  const { writer, out } = CarWriter.create([cidOf(root)])
  const writing = writeBelow(get, root, writer).finally(() => writer.close())
  writing.catch(() => undefined) // it is heard below, when what was written before has been read
  for await (const bytes of out) yield bytes
  await writing
}

async function writeBelow(get: GetBlock, root: ContentId, writer: Pick<CarWriter, 'put'>): Promise<void> {
  const seen = new Set([root])
  const waiting = [root]
  for (let cid = waiting.pop(); cid !== undefined; cid = waiting.pop()) {
    const bytes = get(cid)
    if (bytes === undefined) throw new ContentStoreError({ code: 'CAR_INCOMPLETE', missing: [cid] })
    await writer.put({ cid: cidOf(cid), bytes }) // resolves when its bytes have been read
    for (const link of linksOf(cid, bytes).toReversed()) {
      if (seen.has(link)) continue
      seen.add(link)
      waiting.push(link)
    }
    if (seen.size > WALK_MAX_BLOCKS) throw new ContentStoreError({ code: 'TREE_TOO_LARGE', reason: `more than ${WALK_MAX_BLOCKS} blocks` })
  }
}

const cidOf = (cid: ContentId): CID => CID.decode(bytesOfContentId(cid))
