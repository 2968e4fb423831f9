import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll } from 'vitest'
import { type ImportDumpOptions, importDump } from '../../src/sql/import-dump.js'

/** Makes databases of dumps, in a folder that goes when the tests of the file are over. */
export function importing() {
  const work = mkdtempSync(join(tmpdir(), 'interpeer-sql-'))
  afterAll(() => rmSync(work, { recursive: true, force: true }))
  let files = 0
  const imported = async (dump: string | Uint8Array, options: Partial<ImportDumpOptions> = {}) => {
    const [from, to] = [join(work, `${++files}.sql`), join(work, `${files}.sqlite`)]
    writeFileSync(from, dump)
    const report = await importDump(from, to, { dialect: 'plain', ...options })
    const database = new DatabaseSync(to)
    const all = (sql: string): unknown[] =>
      database
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }))
    return { report, all, database }
  }
  return { imported, work, last: () => join(work, `${files}.sqlite`) }
}
