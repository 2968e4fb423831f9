import { parentPort, workerData } from 'node:worker_threads'
import { isSqliteFull, openSqliteFile } from './sqlite-file.js'
import type { Change, Table } from './tables.js'

export interface SqliteWrite {
  readonly id: number
  readonly changes: readonly Change[]
}
export interface SqliteWritten {
  readonly id: number
  readonly failure: { readonly message: string; readonly errcode: number } | undefined
}

/** The thread that writes, syncs and copies the write-ahead log back, each of which can take long. 'close' ends it. */
const database = openSqliteFile(workerData as string)
const statements = (table: Table) => ({
  put: database.prepare(`INSERT INTO ${table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`),
  delete: database.prepare(`DELETE FROM ${table} WHERE key = ?`),
})
const tables = { blocks: statements('blocks'), records: statements('records') }

function write(changes: readonly Change[]): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const { table, key, value } of changes) {
      if (value === undefined) tables[table].delete.run(key)
      else tables[table].put.run(key, value)
    }
    database.exec('COMMIT')
  } catch (error) {
    try {
      database.exec('ROLLBACK')
    } catch {
      // SQLite has done it itself
    }
    throw error
  }
}

function writeOrMakeRoom(changes: readonly Change[]): void {
  try {
    write(changes)
  } catch (error) {
    if (!isSqliteFull(failureOf(error).errcode)) throw error
    database.exec('PRAGMA wal_checkpoint(RESTART)') // the log can be written over from its beginning
    write(changes)
  }
}

function failureOf(error: unknown): NonNullable<SqliteWritten['failure']> {
  const { message, errcode = 0 } = error as Error & { errcode?: number }
  return { message, errcode }
}

parentPort?.on('message', (message: SqliteWrite | 'close') => {
  if (message === 'close') {
    database.close()
    parentPort?.close()
    return
  }
  let failure: SqliteWritten['failure']
  try {
    writeOrMakeRoom(message.changes)
  } catch (error) {
    failure = failureOf(error)
  }
  parentPort?.postMessage({ id: message.id, failure } satisfies SqliteWritten)
})
