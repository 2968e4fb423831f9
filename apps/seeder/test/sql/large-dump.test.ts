import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { importDump } from '../../src/sql/import-dump.js'

/** In CI small; by hand: LARGE_DUMP_MIB=300, which also says what memory it took. */
const { LARGE_DUMP_MIB = '16' } = process.env
const BYTES = Number(LARGE_DUMP_MIB) * 2 ** 20
/** Whatever the dump has: what is read ahead, one statement's rows, SQLite's pages, and what the collector lets lie. */
const MEMORY_MAX_BYTES = 160 * 2 ** 20

const work = mkdtempSync(join(tmpdir(), 'interpeer-large-dump-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** As mysqldump writes a table of posts: statements of a MiB, texts with all that is escaped, some of them long. @returns how many rows */
async function writeDump(path: string): Promise<number> {
  const out = createWriteStream(path)
  out.write(
    'CREATE TABLE `posts` (`id` int NOT NULL AUTO_INCREMENT, `title` varchar(200), `text` longtext, PRIMARY KEY (`id`), KEY `title` (`title`));\n',
  )
  let [rows, written] = [0, 0]
  while (written < BYTES) {
    const values: string[] = []
    let length = 0
    while (length < 2 ** 20) {
      rows++
      const long = rows % 1_000 === 0 ? 2_000 : rows % 40
      const value = `(${rows},'Title ${rows % 977}','${`It\\'s \\\\ row ${rows}; -- (no comment), "quoted"\\n Grüße. `.repeat(long + 1)}')`
      values.push(value)
      length += value.length
    }
    const statement = `INSERT INTO \`posts\` VALUES ${values.join(',')};\n`
    written += Buffer.byteLength(statement)
    if (!out.write(statement)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
  return rows
}

test('a dump of any length is read in the same memory, and each row of it comes', async () => {
  const [dump, file] = [join(work, 'dump.sql'), join(work, 'site.sqlite')]
  const rows = await writeDump(dump)
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let most = before
  const report = await importDump(dump, file, {
    dialect: 'plain',
    onProgress: () => {
      most = Math.max(most, process.memoryUsage.rss())
    },
  })
  expect(report.tables).toEqual([{ name: 'posts', rows }])
  const database = new DatabaseSync(file)
  const last = database.prepare('SELECT count(*) AS rows, max(id) AS id, sum(length(text) > 60000) AS long FROM posts').get()
  expect(last).toMatchObject({ rows, id: rows, long: Math.floor(rows / 1_000) })
  expect(database.prepare('SELECT text FROM posts WHERE id = 1').get()?.text).toBe(
    `It's \\ row 1; -- (no comment), "quoted"\n Grüße. `.repeat(2),
  )
  database.close()
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20)
  console.log(`a dump of ${mib(statSync(dump).size)} MiB, ${rows} rows`, { beforeMiB: mib(before), mostMiB: mib(most) })
  expect(most - before).toBeLessThan(MEMORY_MAX_BYTES)
})
