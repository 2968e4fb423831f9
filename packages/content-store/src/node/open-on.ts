import type { ContentStore, StoreOptions } from '../memory-store.js'
import type { Ballast } from './ballast.js'
import { diskBlocks } from './disk-blocks.js'
import { diskRecords } from './disk-records.js'
import { GroupCommit } from './group-commit.js'
import { reading } from './reading.js'
import type { Tables } from './tables.js'

/** A store on a database: what it checks, counts and refuses is the same whichever database it is. */
export function openOn(tables: Tables, ballast: Ballast, options: StoreOptions): ContentStore {
  const commit = new GroupCommit(tables, ballast, options)
  return {
    blocks: diskBlocks(tables, commit),
    records: (name) => diskRecords(tables, name, commit),
    usedBytes: () => {
      commit.assertOpen()
      return reading(() => tables.usage().usedBytes)
    },
    close: () => commit.close(),
  }
}
