import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { importDump } from '../../src/sql/import-dump.js'
import { DUMP } from './dumps.js'
import { importing } from './importing.js'

const { imported, work, last } = importing()

test('a dump becomes a database: values, defaults, keys, counters, triggers', async () => {
  const { report, all, database } = await imported(gzipSync(DUMP))
  expect(report).toMatchObject({
    tables: [{ name: 'posts', rows: 2 }],
    notTaken: ['trigger log_posts', 'view recent'],
    brokenTexts: 0,
    hugeNumbers: 0,
  })
  expect(report.notes).toEqual([
    "posts.key: its default is an expression of MySQL's",
    'posts.loud: was computed by MySQL, and is an ordinary column now',
    'posts: the fulltext key words has no like in SQLite',
  ])
  expect(all('SELECT id, title, kind, flags, price, exact, hex(hash) AS hash, made FROM posts')).toEqual([
    {
      id: 1,
      title: 'It\'s "quoted", and \\ more; -- no comment\n',
      kind: 'post',
      flags: 5,
      price: 12.5,
      exact: '12345678901234567890.1234567890',
      hash: 'DEADBEEF',
      made: '2024-01-02 03:04:05',
    },
    {
      id: 2,
      title: 'Grüße \0 end',
      kind: "page, or 'other'",
      flags: 0,
      price: -3,
      exact: null,
      hash: '001A2778',
      made: '0000-00-00 00:00:00',
    },
  ])
  database.exec(`PRAGMA foreign_keys = OFF; INSERT INTO posts (title, slug) VALUES ('Case', 'Case')`)
  expect(all(`SELECT id, flags, price, kind, title = 'CASE' AS title, slug = 'CASE' AS slug FROM posts WHERE id > 2`)).toEqual([
    { id: 42, flags: 5, price: -1.5, kind: 'post', title: 1, slug: 0 },
  ])
  expect(() => database.exec(`INSERT INTO posts (slug) VALUES ('one')`)).toThrow('UNIQUE')
  database.exec(`UPDATE posts SET title = 'new' WHERE id = 1`)
  expect(all('SELECT changed > made AS isNewer FROM posts WHERE id = 1')).toEqual([{ isNewer: 1 }])
  expect(all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('the dialect of the WordPress plug-in: its declarations, its table of types', async () => {
  const { all } = await imported(
    `CREATE TABLE \`wp_options\` (\`option_id\` bigint(20) unsigned NOT NULL AUTO_INCREMENT, \`option_name\` varchar(191) NOT NULL DEFAULT '',
      \`option_value\` longtext NOT NULL, \`autoload\` varchar(20) DEFAULT NULL, \`n\` int(11) NOT NULL DEFAULT '0', PRIMARY KEY (\`option_id\`),
      UNIQUE KEY \`option_name\` (\`option_name\`), KEY \`autoload\` (\`autoload\`(5)));
    CREATE TABLE wp_term_relationships (object_id bigint(20) unsigned NOT NULL DEFAULT '0', term_taxonomy_id bigint(20) unsigned NOT NULL DEFAULT '0',
      PRIMARY KEY (object_id, term_taxonomy_id), KEY term_taxonomy_id (term_taxonomy_id));
    INSERT INTO wp_options VALUES (1,'siteurl','http://old','yes',3);`,
    { dialect: 'wordpress' },
  )
  expect(all(`SELECT sql FROM sqlite_master WHERE name LIKE 'wp_%' ORDER BY rowid`)).toEqual([
    {
      sql: `CREATE TABLE "wp_options" (
"option_id" integer PRIMARY KEY AUTOINCREMENT NOT NULL ON CONFLICT REPLACE DEFAULT 0,
"option_name" text NOT NULL ON CONFLICT REPLACE DEFAULT '' COLLATE NOCASE,
"option_value" text NOT NULL ON CONFLICT REPLACE DEFAULT '' COLLATE NOCASE,
"autoload" text DEFAULT NULL COLLATE NOCASE,
"n" integer NOT NULL ON CONFLICT REPLACE DEFAULT '0')`,
    },
    {
      sql: `CREATE TABLE "wp_term_relationships" (
"object_id" integer NOT NULL ON CONFLICT REPLACE DEFAULT '0',
"term_taxonomy_id" integer NOT NULL ON CONFLICT REPLACE DEFAULT '0',
PRIMARY KEY ("object_id", "term_taxonomy_id"))`,
    },
    { sql: `CREATE UNIQUE INDEX "wp_options__option_name" ON "wp_options" ("option_name")` },
    { sql: `CREATE INDEX "wp_options__autoload" ON "wp_options" ("autoload")` },
    { sql: `CREATE INDEX "wp_term_relationships__term_taxonomy_id" ON "wp_term_relationships" ("term_taxonomy_id")` },
  ])
  expect(all('SELECT * FROM _mysql_data_types_cache').slice(0, 7)).toEqual(
    [
      ['option_id', 'bigint(20) unsigned'],
      ['option_name', 'varchar(191)'],
      ['option_value', 'longtext'],
      ['autoload', 'varchar(20)'],
      ['n', 'int(11)'],
      ['wp_options__option_name', 'UNIQUE'],
      ['wp_options__autoload', 'KEY'],
    ].map(([column_or_index, mysql_type]) => ({ table: 'wp_options', column_or_index, mysql_type })),
  )
})

test('keys that come after the rows count; a counter that is not the whole primary key does too', async () => {
  const { all, database } = await imported(`CREATE TABLE t (id int NOT NULL, name varchar(9)); INSERT INTO t VALUES (3,'a'),(4,'b');
    ALTER TABLE t ADD PRIMARY KEY (id), ADD UNIQUE KEY name (name); ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=9;
    CREATE TABLE pair (id int NOT NULL AUTO_INCREMENT, part int NOT NULL, PRIMARY KEY (part, id), KEY (id)); INSERT INTO pair (part) VALUES (7),(7);`)
  database.exec(`INSERT INTO t (name) VALUES ('c')`)
  expect(all('SELECT * FROM t')).toEqual([
    { id: 3, name: 'a' },
    { id: 4, name: 'b' },
    { id: 9, name: 'c' },
  ])
  expect(() => database.exec(`INSERT INTO t (name) VALUES ('A')`)).toThrow('UNIQUE')
  expect(all('SELECT * FROM pair')).toEqual([
    { id: 1, part: 7 },
    { id: 2, part: 7 },
  ])
})

test('texts in the character set of the dump; what is none is kept byte by byte and counted; so are numbers beyond 64 bits', async () => {
  const dump = Buffer.concat([
    Buffer.from('SET NAMES latin1; CREATE TABLE t (a text, b bigint unsigned); INSERT INTO t VALUES ('),
    Buffer.from("'gr\xfc\xdfe'", 'latin1'),
    Buffer.from(',18446744073709551615); SET NAMES utf8mb4; INSERT INTO t VALUES ('),
    Buffer.from("'\xff'", 'latin1'),
    Buffer.from(',1);'),
  ])
  const { report, all } = await imported(dump)
  expect(all('SELECT a FROM t')).toEqual([{ a: 'grüße' }, { a: Uint8Array.of(255) }])
  expect([report.brokenTexts, report.hugeNumbers]).toEqual([1, 1])
})

test('each text is changed where that is asked for', async () => {
  const { all } = await imported(`CREATE TABLE t (a text, b blob); INSERT INTO t VALUES ('/old/x','/old/y');`, {
    change: (text) => text.replace('/old', '/site'),
  })
  expect(all('SELECT a, CAST(b AS TEXT) AS b FROM t')).toEqual([{ a: '/site/x', b: '/old/y' }])
})

test.each([
  ['', 'SQL_EMPTY'],
  ['SELECT 1;', 'SQL_EMPTY'],
  ['INSERT INTO t VALUES (1);', 'SQL_TABLE_UNKNOWN'],
  ['CREATE TABLE t (a int); INSERT INTO t VALUES (1,2);', 'SQL_ROW'],
  ['CREATE TABLE t (a int); INSERT INTO t (b) VALUES (2);', 'SQL_ROW'],
  ['CREATE TABLE t (a int NOT NULL PRIMARY KEY); INSERT INTO t VALUES (1),(1);', 'SQL_ROW'],
  ['CREATE TABLE t (a int, a int);', 'SQL_STATEMENT'],
  ['CREATE DATABASE a; USE a; CREATE TABLE t (a int); CREATE DATABASE b; USE `b`; CREATE TABLE u (a int);', 'SQL_DATABASES'],
  ['USE a; CREATE TABLE t (a int); USE b; DROP TABLE IF EXISTS t;', 'SQL_DATABASES'],
  ['CREATE TABLE t (a int); USE b; INSERT INTO t VALUES (1);', 'SQL_DATABASES'],
  ['USE a; CREATE TABLE t (a int); USE b; CREATE VIEW t AS SELECT 1;', 'SQL_DATABASES'],
  ['CREATE TABLE `a`.`t` (x int); CREATE TABLE `b`.`t` (x int);', 'SQL_DATABASES'],
  ['CREATE TABLE a.t (x int); INSERT INTO b.t VALUES (1);', 'SQL_DATABASES'],
  ['USE a; CREATE TABLE t (x int); INSERT IGNORE INTO `b` . `t` (x) VALUES (1);', 'SQL_DATABASES'],
  ['USE a; CREATE TABLE t (x int); DROP TABLE IF EXISTS t, b.t;', 'SQL_DATABASES'],
  ['USE a; CREATE TABLE t (x int); ALTER TABLE b.t ADD PRIMARY KEY (x);', 'SQL_DATABASES'],
  ['CREATE TABLE a.t (x int); CREATE VIEW b.t AS SELECT 1;', 'SQL_DATABASES'],
  ['CREATE TABLE a.t (x int); INSERT INTO t VALUES (1);', 'SQL_DATABASES'],
  ['/*!40101 SET NAMES gbk */; CREATE TABLE t (a int);', 'SQL_CHARSET'],
  ['SET NAMES big5; CREATE TABLE t (a int);', 'SQL_CHARSET'],
  ["SET NAMES 'sjis'; CREATE TABLE t (a int);", 'SQL_CHARSET'],
  ['set names CP932; CREATE TABLE t (a int);', 'SQL_CHARSET'],
  ['SET NAMES gb18030; CREATE TABLE t (a int);', 'SQL_CHARSET'],
  ['CREATE TABLE Post (a int); CREATE TABLE post (b int);', 'SQL_NAMES_ALIKE'],
  ['CREATE TABLE Post (a int); DROP TABLE IF EXISTS post; CREATE TABLE post (b int);', 'SQL_NAMES_ALIKE'],
  ['CREATE TABLE Post (a int); CREATE VIEW post AS SELECT 1;', 'SQL_NAMES_ALIKE'],
])('%s leaves nothing behind: %s', async (dump, code) => {
  await expect(imported(dump)).rejects.toThrow(expect.objectContaining({ code }))
  expect(existsSync(last())).toBe(false)
})

test('one database is taken under its name; of what phpMyAdmin adds of its own nothing is', async () => {
  const { report } = await imported(`/*!40000 DROP DATABASE IF EXISTS a*/; CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`a\`; USE \`a\`;
    DROP TABLE IF EXISTS t; CREATE TABLE t (a int); INSERT INTO t VALUES (1); USE a; INSERT INTO t VALUES (2);
    USE \`phpmyadmin\`; INSERT INTO pma__table_uiprefs VALUES ('root', 'a', 't', '{}');`)
  expect(report.tables).toEqual([{ name: 't', rows: 2 }])
})

test('names may say the one database, with USE or without', async () => {
  const tables = 'DROP TABLE IF EXISTS `a`.`t`; CREATE TABLE a.t (x int); INSERT INTO `a`.`t` VALUES (1); ALTER TABLE a.t ADD KEY (x);'
  expect((await imported(tables)).report.tables).toEqual([{ name: 't', rows: 1 }])
  const used = await imported(`USE a; ${tables} INSERT INTO t VALUES (2); INSERT INTO phpmyadmin.pma__bookmark VALUES (1);`)
  expect(used.report.tables).toEqual([{ name: 't', rows: 2 }])
})

test('what is there is not written over', async () => {
  const [from, to] = [join(work, 'x.sql'), join(work, 'x.sqlite')]
  writeFileSync(from, DUMP)
  writeFileSync(to, 'mine')
  await expect(importDump(from, to, { dialect: 'plain' })).rejects.toThrow('EEXIST')
})
