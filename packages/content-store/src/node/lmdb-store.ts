import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Database, RootDatabase } from 'lmdb'
import { ContentStoreError } from '../errors.js'
import type { ContentStore, StoreOptions } from '../memory-store.js'
import { openBallast } from './ballast.js'
import { diskFreeBytes } from './disk-free.js'
import { assertLmdbFile, LMDB_FILE } from './lmdb-file.js'
import { openOn } from './open-on.js'
import type { Change, Table, Tables, Usage } from './tables.js'

type Bytes = Database<Uint8Array, Uint8Array>
interface Stats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}
interface EnvStats extends Stats {
  readonly pageSize: number
  readonly lastPageNumber: number
  /** The table that names the tables, and the one of the free pages. */
  readonly root: Stats
  readonly free: Stats
}

const META_PAGES = 2

/**
 * Blocks and records in one lmdb environment in `folder`, which is made if need be. One process at a time opens it.
 * @throws {ContentStoreError} STORE_UNAVAILABLE
 */
export function openLmdbStore(folder: string, options: StoreOptions = {}): ContentStore {
  const ballast = openBallast(folder)
  return openOn(lmdbTables(folder), ballast, options)
}

function lmdbTables(folder: string): Tables {
  const { env, tables } = openEnvironment(folder)
  /** What the tables have taken at most; of the time before this process all that is free in the file is taken for it. */
  let peakPages: number | undefined
  const usage = (): Usage => {
    const blocks = tables.blocks.getStats() as EnvStats
    const usedPages = pagesOf(blocks) + pagesOf(tables.records.getStats() as EnvStats)
    const freePages = Math.max(0, blocks.lastPageNumber + 1 - META_PAGES - usedPages - pagesOf(blocks.root) - pagesOf(blocks.free))
    peakPages = Math.max(peakPages ?? usedPages + freePages, usedPages)
    // What was deleted stays in the file, which never shrinks, and is written over. Other free pages lie too scattered for a block.
    const insideBytes = Math.min(freePages, peakPages - usedPages) * blocks.pageSize
    return { usedBytes: usedPages * blocks.pageSize, diskBytes: diskFreeBytes(folder), roomBytes: (diskBytes) => diskBytes + insideBytes }
  }
  return {
    get: (table, key) => {
      const bytes = tables[table].getBinaryFast(key)
      return bytes && ownCopy(bytes)
    },
    has: (table, key) => tables[table].doesExist(key),
    keys: (table) => [...tables[table].getKeys({ snapshot: true })],
    entries: (table, start, end) =>
      [...tables[table].getRange({ start, end, snapshot: true })].map(({ key, value }) => [key, ownCopy(value)]),
    write: (changes) => write(env, tables, changes),
    isFull: (cause) => FULL.has((cause as { code?: number }).code ?? 0),
    usage,
    bytesOf: bytesOnDisk,
    close: () => env.close(),
  }
}

/** Here and not at the top: where lmdb has no binary for the platform, the rest of this entry still works. */
const lmdb = (): typeof import('lmdb') => createRequire(import.meta.url)('lmdb')

/** Whether lmdb can be loaded here. */
export function hasLmdb(): boolean {
  try {
    lmdb()
    return true
  } catch {
    return false
  }
}

function openEnvironment(folder: string): { env: RootDatabase; tables: Readonly<Record<Table, Bytes>> } {
  try {
    const { open } = lmdb()
    const file = join(folder, LMDB_FILE)
    if (existsSync(file)) assertLmdbFile(file)
    // With overlappingSync a write resolves before it is on the disk, and closing after a failed write never ends. With
    // eventTurnBatching a failed write rejects a promise that nobody can see, which ends the process.
    const env = open({ path: folder, noSubdir: false, maxDbs: 4, overlappingSync: false, eventTurnBatching: false })
    const table = (name: Table): Bytes => env.openDB<Uint8Array, Uint8Array>({ name, keyEncoding: 'binary', encoding: 'binary' })
    return { env, tables: { blocks: table('blocks'), records: table('records') } }
  } catch (cause) {
    throw new ContentStoreError({ code: 'STORE_UNAVAILABLE', folder }, { cause })
  }
}

/** When a commit fails lmdb rejects the promise of each write too, and one for the reason: unheard, any would end the process. */
async function write(env: RootDatabase, tables: Readonly<Record<Table, Bytes>>, changes: readonly Change[]): Promise<void> {
  try {
    await env.batch(() => {
      for (const { table, key, value } of changes) {
        const one = value === undefined ? tables[table].remove(key) : tables[table].put(key, value)
        one.catch(() => undefined)
      }
    })
  } catch (cause) {
    await (cause as { commitError?: Promise<never> }).commitError // rejects with the reason
    throw cause
  }
}

/** A full map, a full disk. (A short write is reported as EIO: then the disk's free space tells.) */
const FULL: ReadonlySet<number> = new Set([-30792, 28])

/** `getBinaryFast` gives its one buffer, for all reads: this is the only copy, into memory that is not zeroed first. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  const length = bytes.length // a property of lmdb's own: the buffer is longer
  const copy = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  copy.set(bytes.subarray(0, length))
  return copy
}

const PAGE_BYTES = 4096
/** Its own pages if it is large, otherwise a share of one. */
const bytesOnDisk = (value: Uint8Array): number =>
  value.length < PAGE_BYTES / 2 ? value.length + 64 : Math.ceil((value.length + 16) / PAGE_BYTES) * PAGE_BYTES
const pagesOf = (stats: Stats): number => stats.treeBranchPageCount + stats.treeLeafPageCount + stats.overflowPages
