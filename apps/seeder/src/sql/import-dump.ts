import { closeSync, createReadStream, openSync, readSync, rmSync, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { dumpEvents } from './dump-events.js'
import { type DumpReport, DumpWriter, type DumpWriterOptions } from './dump-writer.js'
import { MORE, Tokenizer } from './tokens.js'

export interface ImportDumpOptions extends DumpWriterOptions {
  /** Hears what part of the dump was read, 0 to 1. */
  readonly onProgress?: (share: number) => void
}
const CHUNK_BYTES = 1024 * 1024

/**
 * Makes a new SQLite database of what mysqldump, or phpMyAdmin, wrote, plain or gzipped. Holds one row at a time, and one statement that is no INSERT, whatever the dump's size. What it
 * could not finish it removes.
 * @throws {SqlDumpError} SQL_TOKEN, SQL_TOO_LONG, SQL_STATEMENT, SQL_ROW, SQL_TABLE_UNKNOWN, SQL_CHARSET, SQL_DATABASES, SQL_NAMES_ALIKE, SQL_EMPTY
 */
export async function importDump(
  dump: string,
  file: string,
  { onProgress = () => {}, ...options }: ImportDumpOptions,
): Promise<DumpReport> {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  closeSync(openSync(file, 'wx', 0o644)) // never over what is there
  const database = new DatabaseSync(file)
  try {
    const writer = new DumpWriter(database, options)
    const tokenizer = new Tokenizer()
    const events = dumpEvents(tokenizer)
    const goOn = (): void => {
      for (;;) {
        const { done, value } = events.next()
        if (done === true || value === MORE) return
        writer.take(value)
      }
    }
    const { size } = statSync(dump)
    const source = createReadStream(dump, { highWaterMark: CHUNK_BYTES })
    const bytes: Readable = isGzip(dump) ? source.pipe(createGunzip({ chunkSize: CHUNK_BYTES })) : source
    if (bytes !== source) source.on('error', (error) => bytes.destroy(error))
    for await (const chunk of bytes) {
      tokenizer.push(chunk as Buffer)
      goOn()
      onProgress(size === 0 ? 1 : source.bytesRead / size)
    }
    tokenizer.finish()
    goOn()
    const report = writer.finish()
    database.exec('PRAGMA journal_mode = DELETE')
    database.close()
    return report
  } catch (error) {
    if (database.isOpen) database.close()
    rmSync(file, { force: true })
    throw error
  }
}

/** @throws where it can't be read: no such file, or a folder */
export function isGzip(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const begin = Buffer.alloc(2)
    return readSync(file, begin, 0, 2, 0) === 2 && begin[0] === 0x1f && begin[1] === 0x8b
  } finally {
    closeSync(file)
  }
}
