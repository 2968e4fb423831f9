import type { DatabaseSync } from 'node:sqlite'

/** Where in the store's folder. Beside it SQLite keeps `-wal` and `-shm`. */
export const SQLITE_FILE = 'store.sqlite'
/** Of 4 KiB, 16 KiB and 64 KiB the quickest for blocks of 64 KiB, and for records (measured). */
export const SQLITE_PAGE_BYTES = 16 * 1024
/** "IPCS", in the file's header: so that no other program's database passes for a store. */
const APPLICATION_ID = 0x49504353

// FULL: the write-ahead log is synced at every commit. After some 4 MiB it is copied into the file; it shrinks to 16 MiB after a large
// write.
const SETTINGS = `
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cell_size_check = ON;
  PRAGMA wal_autocheckpoint = 256;
  PRAGMA journal_size_limit = 16777216;`
/** How SQLite gives it back. */
const FULL = 2
const TABLES = `
  BEGIN IMMEDIATE;
  PRAGMA application_id = ${APPLICATION_ID};
  CREATE TABLE IF NOT EXISTS blocks (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT;
  COMMIT;`

/**
 * Opens or makes it. Throws if it is not ours, or can't be kept in WAL mode, without which readers and the writer would wait for one
 * another.
 */
export function openSqliteFile(path: string): DatabaseSync {
  const database = new (nodeSqlite().DatabaseSync)(path)
  try {
    database.exec('PRAGMA busy_timeout = 10000') // reader and writer open at the same time, and one of them mends the log after a crash
    const isNew = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
    if (isNew) database.exec(`PRAGMA page_size = ${SQLITE_PAGE_BYTES}`)
    else if (pragma(database, 'application_id') !== APPLICATION_ID) throw new Error('not a store of ours')
    database.exec(SETTINGS)
    if (pragma(database, 'journal_mode = WAL') !== 'wal') throw new Error('SQLite can keep no write-ahead log there')
    if (isNew) database.exec(TABLES)
    if (pragma(database, 'synchronous') !== FULL) throw new Error('SQLite would not sync what it writes')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** By SQLite's error code, with or without its details. */
export const isSqliteFull = (errcode: number): boolean => (errcode & 0xff) === 13

export function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0]
}

/**
 * Loaded when it is needed, since some builds of Node have none; and without Node 22's warning that SQLite is experimental, which tells
 * the user of a peer nothing that he could act on.
 */
function nodeSqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning.call(process, warning, ...rest)
  }) as typeof emitWarning
  try {
    const sqlite = process.getBuiltinModule('node:sqlite') as typeof import('node:sqlite') | undefined
    if (sqlite === undefined) throw new Error('this Node.js has no node:sqlite')
    return sqlite
  } finally {
    process.emitWarning = emitWarning
  }
}
