import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { assertBlocks, type BlockStore, isContentOf } from '../blocks.js'
import type { GroupCommit, Pending, Write } from './group-commit.js'
import { reading } from './reading.js'
import type { Tables } from './tables.js'

/** Blocks in a table of a database: the key is the 36 bytes of the CID. */
export function diskBlocks(tables: Tables, commit: GroupCommit): BlockStore {
  let corrupt = 0
  const kept = (key: Uint8Array): Uint8Array | undefined => reading(() => tables.get('blocks', key))
  /** As they are asked for: to write out the names of a large store at once would hold up everything else. */
  function* named(keys: readonly Uint8Array[]): Generator<ContentId> {
    for (const key of keys) {
      let cid: ContentId
      try {
        cid = contentIdOfBytes(key)
      } catch {
        corrupt++ // the disk has spoiled the key: nobody can ask for it
        continue
      }
      yield cid
    }
  }
  return {
    get: (cid) => {
      commit.assertOpen()
      const bytes = kept(bytesOfContentId(cid))
      if (bytes === undefined || isContentOf(cid, bytes)) return bytes
      corrupt++
      return undefined
    },
    has: (cid) => {
      commit.assertOpen()
      return reading(() => tables.has('blocks', bytesOfContentId(cid)))
    },
    put: async (blocks, { urgent = false } = {}) => {
      commit.assertOpen()
      assertBlocks(blocks)
      const changes = new Map<ContentId, Write>()
      const others: Pending[] = []
      for (const { cid, bytes: value } of blocks) {
        const key = bytesOfContentId(cid)
        const pending = commit.pending('blocks', key)
        if (pending?.value) others.push(pending)
        else if (pending)
          changes.set(cid, { key, value }) // about to be deleted
        else {
          const replaced = kept(key)
          // what is there is not written again, unless the disk has spoiled it: a repair needs no room, or a full store could have none
          if (replaced === undefined || !sameBytes(replaced, value)) changes.set(cid, { key, value, replaced })
        }
      }
      await Promise.all([commit.write('blocks', [...changes.values()], urgent), ...others.map(({ written }) => written())])
    },
    delete: (cids) =>
      commit.write(
        'blocks',
        cids.map((cid) => ({ key: bytesOfContentId(cid), value: undefined })),
      ),
    list: () => {
      commit.assertOpen()
      return named(reading(() => tables.keys('blocks')))
    },
    counters: () => ({ corrupt }),
  }
}
