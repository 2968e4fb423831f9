import { expect, test } from 'vitest'
import { importing } from './importing.js'

const { imported } = importing()

test.each([
  ['as bits', "b'0'", "b'1'", "b'10000000000'"],
  ['as bytes, as mysqldump writes them', "_binary '\\0'", "_binary '\x01'", "_binary '\x04\\0'"],
  ['as bytes without their name, as older ones do', "'\\0'", "'\x01'", "'\x04\\0'"],
  ['as digits of sixteen', '0x00', '0x01', '0x0400'],
  ['as numbers', '0', '1', '1024'],
])('bits are numbers, however they come: %s', async (_, no, yes, many) => {
  const { all } = await imported(
    `CREATE TABLE t (no bit(1) NOT NULL DEFAULT b'0', yes bit(1), many bit(11)); INSERT INTO t VALUES (${no},${yes},${many});`,
  )
  expect(all('SELECT no, yes, many, typeof(yes) AS type FROM t')).toEqual([{ no: 0, yes: 1, many: 1024, type: 'integer' }])
  expect(all('SELECT count(*) AS rows FROM t WHERE yes AND NOT no')).toEqual([{ rows: 1 }])
})

test('a column with numbers beyond 64 bits holds each of its numbers exactly, as a text', async () => {
  const { report, all } =
    await imported(`CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, hash bigint unsigned NOT NULL, n bigint unsigned, KEY hash (hash));
    INSERT INTO t VALUES (1,5,1),(2,18446744073709551615,2); INSERT INTO t VALUES (3,18446744073709551614,3),(4,'18446744073709551613',4),(5,0007,5);`)
  expect(all('SELECT hash, typeof(n) AS type FROM t ORDER BY id')).toEqual(
    ['5', '18446744073709551615', '18446744073709551614', '18446744073709551613', '7'].map((hash) => ({ hash, type: 'integer' })),
  )
  expect(all(`SELECT id FROM t WHERE hash = 5 OR hash = '18446744073709551614' ORDER BY id`)).toEqual([{ id: 1 }, { id: 3 }])
  expect([report.hugeNumbers, report.notes]).toEqual([3, ['t.hash: has numbers beyond 64 bits, and holds all of its numbers as texts']])
})

test('64 bits that are all set are no negative number', async () => {
  const { all } = await imported(`CREATE TABLE t (a bit(64)); INSERT INTO t VALUES (0xFFFFFFFFFFFFFFFF),(b'1');`)
  expect(all('SELECT a FROM t')).toEqual([{ a: '18446744073709551615' }, { a: '1' }])
})

const PAGES = 'CREATE TABLE pages (id int NOT NULL AUTO_INCREMENT, lang varchar(2) NOT NULL, PRIMARY KEY (id, lang)) AUTO_INCREMENT=9;'
test('rows that share the number of a counter are taken, and the counter is told not to count', async () => {
  const { report, all, database } = await imported(`${PAGES} INSERT INTO pages VALUES (1,'en'),(1,'de'),(2,'en');`)
  expect(all('SELECT id, lang FROM pages ORDER BY id, lang')).toEqual([
    { id: 1, lang: 'de' },
    { id: 1, lang: 'en' },
    { id: 2, lang: 'en' },
  ])
  expect(() => database.exec(`INSERT INTO pages VALUES (1,'de')`)).toThrow('UNIQUE')
  expect(report.notes).toEqual([
    'pages.id: is not counted here, as SQLite can not do it with the numbers that it has: each new row has to name its own',
  ])
})

test('the same where keys and counters come after the rows', async () => {
  const { report, all } =
    await imported(`CREATE TABLE pages (id int NOT NULL, lang varchar(2) NOT NULL); INSERT INTO pages VALUES (1,'en'),(1,'de');
    ALTER TABLE pages ADD PRIMARY KEY (id, lang); ALTER TABLE pages MODIFY id int NOT NULL AUTO_INCREMENT;`)
  expect([report.notes.length, all('SELECT count(*) AS rows FROM pages')]).toEqual([1, [{ rows: 2 }]])
})

test('a counter beside others in its key counts where its numbers differ, and that is told', async () => {
  const { report, all, database } = await imported(`${PAGES} INSERT INTO pages VALUES (1,'en'),(2,'de');`)
  database.exec(`INSERT INTO pages (lang) VALUES ('fr')`)
  expect(all('SELECT max(id) AS id FROM pages')).toEqual([{ id: 9 }])
  expect(report.notes).toEqual(['pages.id: counts here by itself, so no two rows can share a number of it'])
})

test('a counter that is a key alone is not told of', async () => {
  const { report } = await imported(
    'CREATE TABLE a (id int NOT NULL AUTO_INCREMENT, UNIQUE KEY (id), b int PRIMARY KEY); CREATE TABLE s (id serial);',
  )
  expect(report.notes).toEqual([])
})

test('a computed column may be empty, whatever MySQL computed', async () => {
  const { all } = await imported(
    'CREATE TABLE t (a int, b int GENERATED ALWAYS AS (`a` + 1) STORED NOT NULL, c int AS (a) VIRTUAL NOT NULL, UNIQUE KEY b (b)); INSERT INTO t (a) VALUES (1),(2);',
  )
  expect(all('SELECT a, b, c FROM t')).toEqual([
    { a: 1, b: null, c: null },
    { a: 2, b: null, c: null },
  ])
})
