import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { ContentStoreError } from '../errors.js'
import type { ContentStore, StoreOptions } from '../memory-store.js'
import { openBallast } from './ballast.js'
import { diskFreeBytes } from './disk-free.js'
import { openOn } from './open-on.js'
import { isSqliteFull, openSqliteFile, pragma, SQLITE_FILE, SQLITE_PAGE_BYTES } from './sqlite-file.js'
import { SqliteRefusal, SqliteWriter } from './sqlite-writer.js'
import type { Table, Tables, Usage } from './tables.js'

/**
 * Blocks and records in one SQLite database in `folder`, which is made if need be: for where lmdb has no binary. It reads on this thread,
 * and writes on one of its own. One process at a time opens it.
 * @throws {ContentStoreError} STORE_UNAVAILABLE
 */
export function openSqliteStore(folder: string, options: StoreOptions = {}): ContentStore {
  const ballast = openBallast(folder)
  return openOn(sqliteTables(folder), ballast, options)
}

function sqliteTables(folder: string): Tables {
  const path = join(folder, SQLITE_FILE)
  const reader = openReader(folder, path)
  const writer = new SqliteWriter(path)
  const statements = (table: Table) => ({
    get: reader.prepare(`SELECT value FROM ${table} WHERE key = ?`),
    has: reader.prepare(`SELECT 1 FROM ${table} WHERE key = ?`),
    keys: reader.prepare(`SELECT key FROM ${table}`),
    entries: reader.prepare(`SELECT key, value FROM ${table} WHERE key >= ? AND key < ? ORDER BY key`),
  })
  const tables = { blocks: statements('blocks'), records: statements('records') }
  return {
    get: (table, key) => tables[table].get.get(key)?.value as Uint8Array | undefined,
    has: (table, key) => tables[table].has.get(key) !== undefined,
    keys: (table) => tables[table].keys.all().map(({ key }) => key as Uint8Array),
    entries: (table, start, end) =>
      tables[table].entries.all(start, end).map(({ key, value }) => [key as Uint8Array, value as Uint8Array] as const),
    write: (changes) => writer.write(changes),
    isFull: (cause) => cause instanceof SqliteRefusal && isSqliteFull(cause.errcode),
    usage: () => usageOf(reader, folder, path),
    bytesOf: bytesOnDisk,
    close: async () => {
      reader.close() // first: whoever closes last copies the log back
      await writer.close()
    },
  }
}

function openReader(folder: string, path: string): DatabaseSync {
  try {
    const reader = openSqliteFile(path)
    reader.exec('PRAGMA query_only = ON')
    return reader
  } catch (cause) {
    throw new ContentStoreError({ code: 'STORE_UNAVAILABLE', folder }, { cause })
  }
}

function usageOf(reader: DatabaseSync, folder: string, path: string): Usage {
  const pageBytes = pragma(reader, 'page_size') as number
  const wholeBytes = (pragma(reader, 'page_count') as number) * pageBytes
  const insideBytes = (pragma(reader, 'freelist_count') as number) * pageBytes
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const laterBytes = Math.max(0, wholeBytes - statSync(path).size) // what the file has yet to take from the log
  const [less, more] = [Math.min(insideBytes, logBytes), Math.max(insideBytes, logBytes)]
  return {
    usedBytes: wholeBytes - insideBytes,
    diskBytes: Math.max(0, diskFreeBytes(folder) - laterBytes),
    // Everything is written twice: into the log and then into the file. Both write over what they have before they grow.
    roomBytes: (diskBytes) => Math.min(less + diskBytes, more) + Math.max(0, less + diskBytes - more) / 2,
  }
}

/** Its own pages for all of it but a remainder, otherwise a share of one. */
const bytesOnDisk = (value: Uint8Array): number =>
  value.length < SQLITE_PAGE_BYTES / 4
    ? value.length + 128
    : Math.ceil(value.length / SQLITE_PAGE_BYTES) * SQLITE_PAGE_BYTES + SQLITE_PAGE_BYTES / 8
