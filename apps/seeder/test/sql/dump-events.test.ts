import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SqlDumpError } from '../../src/sql/errors.js'
import { DUMP, escaped, eventsIn } from './dumps.js'

test('what mysqldump writes is read: tables, keys, rows, and what is not taken', () => {
  const [charset, dropped, table, ...rest] = eventsIn(DUMP)
  expect([charset, dropped]).toEqual([
    { type: 'charset', name: 'utf8mb4', line: 3 },
    { type: 'dropped', table: 'posts', line: 5 },
  ])
  expect(table).toMatchObject({
    type: 'table',
    table: {
      name: 'posts',
      nextId: '42',
      collation: 'utf8mb4_unicode_ci',
      columns: [
        { name: 'id', type: 'bigint', args: ['20'], isUnsigned: true, isAutoIncrement: true, isNullable: false },
        { name: 'title', type: 'varchar', fallback: { type: 'text', text: '' }, collation: 'utf8mb4_unicode_ci' },
        { name: 'slug', charset: 'ascii', collation: 'ascii_bin', fallback: { type: 'null' } },
        { name: 'kind', type: 'enum', args: ['post', "page, or 'other'"] },
        { name: 'flags', type: 'bit', fallback: { type: 'number', text: '5' } },
        { name: 'price', type: 'decimal', args: ['10', '2'] },
        { name: 'exact' },
        { name: 'hash', type: 'binary' },
        { name: 'made' },
        { name: 'changed', fallback: { type: 'now' }, updatesItself: true },
        { name: 'key', fallback: { type: 'expression' } },
        { name: 'loud', isGenerated: true },
      ],
      keys: [
        { kind: 'primary', parts: [{ column: 'id' }] },
        { kind: 'unique', name: 'slug', parts: [{ column: 'slug', length: 50 }] },
        { kind: 'plain', name: 'made', parts: [{ column: 'made' }, { column: 'kind' }] },
        { kind: 'fulltext', name: 'words' },
      ],
      foreignKeys: [{ columns: ['kind'], table: 'kinds', others: ['name'], actions: ['ON DELETE SET NULL', 'ON UPDATE CASCADE'] }],
    },
  })
  const rows = rest.filter((event) => event.type === 'row')
  expect(rows.map(({ values }) => values.length)).toEqual([11, 11])
  const texts = rows.map(({ values }) => Buffer.from((values[1] as { bytes: Uint8Array }).bytes).toString())
  expect(texts).toEqual([`It's "quoted", and \\ more; -- no comment\n`, 'Grüße \0 end'])
  expect(rows[0]?.values[7]).toMatchObject({ type: 'bytes', bytes: Uint8Array.of(0xde, 0xad, 0xbe, 0xef) })
  expect(rows[1]?.values[7]).toMatchObject({ charset: 'binary', bytes: Uint8Array.of(0, 26, 39, 120) })
  expect(rows[1]?.values[5]).toEqual({ type: 'number', text: '-3' })
  expect(rest.filter((event) => event.type === 'not-taken')).toMatchObject([
    { kind: 'trigger', name: 'log_posts' },
    { kind: 'view', name: 'recent' },
  ])
})

test.each([1, 2, 3, 7, 64])('a dump in pieces of %i bytes is the same dump', (pieceBytes) => {
  expect(eventsIn(DUMP, pieceBytes)).toEqual(eventsIn(DUMP))
})

test('keys that come after the rows, as phpMyAdmin writes them', () => {
  const events = eventsIn(`CREATE TABLE t (id int NOT NULL, key_name varchar(9));
    ALTER TABLE t ADD PRIMARY KEY (id), ADD KEY named (key_name(3)), ADD UNIQUE KEY \`u\` (\`key_name\`);
    ALTER TABLE t MODIFY id int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=5;`)
  expect(events).toMatchObject([
    { type: 'table' },
    { type: 'altered', keys: [{ kind: 'primary' }, { kind: 'plain', name: 'named' }, { kind: 'unique', name: 'u' }] },
    { type: 'altered', columns: [{ name: 'id', isAutoIncrement: true }], nextId: '5' },
  ])
})

/** What mysqldump writes around the body of a trigger, and of a routine; some servers keep the sign at the body's end. */
const TRIGGER = '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW'
const ROUTINE = 'CREATE DEFINER=`root`@`%` PROCEDURE p()'
test.each([
  ['one statement in a block', `DELIMITER ;;\n${TRIGGER} BEGIN SET NEW.slug = LOWER(NEW.title); END */;;`],
  ['statements that end with words', `DELIMITER ;;\n${TRIGGER} BEGIN IF a THEN SET b=1; END IF; INSERT INTO log VALUES (NEW.id); END */;;`],
  ['words alone', `DELIMITER ;;\n${TRIGGER} BEGIN SET a = b; SET c = d; RETURN; END */;;`],
  ['no block', `DELIMITER ;;\n${TRIGGER} SET NEW.a = 1 */;;`],
  ['a sign that the server kept', `DELIMITER ;;\n${TRIGGER} SET NEW.a = b; */;;`],
  ['a sign that the server kept behind a block', `DELIMITER ;;\n${TRIGGER} BEGIN SET NEW.a = f(1); END; */;;`],
  ['signs that a comment parts', `DELIMITER ;;\n${ROUTINE} BEGIN SELECT 1; -- ;\n; SELECT 2; END ;;`],
  ['signs that a line parts', `DELIMITER ;;\n${ROUTINE} BEGIN SELECT (1);\n;\n; END\n;;`],
  ['dollars', `DELIMITER $$\n${ROUTINE} BEGIN SELECT 1; END$$`],
  ['dollars apart', `DELIMITER $$\n${ROUTINE} BEGIN SELECT $a; END $$`],
  ['dollars behind a sign', `DELIMITER $$\n${ROUTINE} SELECT (1)$$`],
  ['slashes', `DELIMITER //\n${ROUTINE} BEGIN SELECT 1/2/3, (4)/ /* five */ /2; END //`],
])('a table behind a trigger or a routine comes: %s', (_, body) => {
  const dump = `${body}\nDELIMITER ;\nCREATE TABLE after_it (a int);\nINSERT INTO after_it VALUES (1);`
  for (const pieceBytes of [1, Number.POSITIVE_INFINITY])
    expect(eventsIn(dump, pieceBytes)).toMatchObject([
      { type: 'not-taken' },
      { type: 'table', table: { name: 'after_it' } },
      { type: 'row', table: 'after_it' },
    ])
})

test('a delimiter of letters ends a table as well', () => {
  expect(eventsIn('DELIMITER $$\nCREATE TABLE t (a int)$$\nCREATE TABLE u (b int) $$')).toMatchObject([
    { type: 'table', table: { name: 't', columns: [{ name: 'a' }] } },
    { type: 'table', table: { name: 'u', columns: [{ name: 'b' }] } },
  ])
})

test.each([
  ['a quotation without an end', "INSERT INTO t VALUES ('never ends", 'SQL_TOKEN'],
  ['a comment without an end', '/* never ends', 'SQL_TOKEN'],
  ['a table without an end', 'CREATE TABLE t (a', 'SQL_STATEMENT'],
  ['a trigger whose end never comes', 'DELIMITER ;;\nCREATE TRIGGER t BEGIN END;\nDELIMITER ;\nCREATE TABLE t (a int);', 'SQL_TOKEN'],
  ['what is passed over, whose end never comes', 'DELIMITER ;;\nLOCK TABLES t;\nCREATE TABLE t (a int);', 'SQL_TOKEN'],
  ['a sum', 'INSERT INTO t VALUES (1+1);', 'SQL_ROW'],
  ['a function', 'INSERT INTO t VALUES (sleep(9));', 'SQL_ROW'],
  ['rows of a query', 'INSERT INTO t SELECT 1;', 'SQL_ROW'],
  ['5,001 values', `INSERT INTO t VALUES (${'1,'.repeat(5000)}1);`, 'SQL_ROW'],
  ['100,001 columns', `CREATE TABLE t (${'a int,'.repeat(100_000)}b int);`, 'SQL_STATEMENT'],
])('%s is refused', (_, dump, code) => {
  expect(() => eventsIn(dump)).toThrow(expect.objectContaining({ code }))
})

test('a line of megabytes, as mysqldump writes them, takes no longer than many short ones', () => {
  const row = `(1,'${'x'.repeat(80)}')`
  const dump = `INSERT INTO t VALUES ${Array.from({ length: 40_000 }, () => row).join(',')};\n\nINSERT INTO t VALUES (2,'a\nb');`
  const events = eventsIn(dump, 65_536)
  expect([events.length, events.at(-1)]).toEqual([40_001, expect.objectContaining({ line: 3 })])
})

const anyBytes = fc.uint8Array({ maxLength: 40 })
test('any bytes, escaped as mysqldump escapes them and cut anywhere, come back', () => {
  fc.assert(
    fc.property(fc.array(anyBytes, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 30 }), (cells, pieceBytes) => {
      const texts = cells.map((cell) => Buffer.concat([Buffer.from("'"), escaped(cell), Buffer.from("'")]))
      const dump = Buffer.concat([
        Buffer.from('INSERT INTO `t` VALUES ('),
        ...texts.flatMap((text, i) => (i === 0 ? [text] : [Buffer.from(','), text])),
        Buffer.from(');'),
      ])
      const [row] = eventsIn(dump, pieceBytes)
      expect(row?.type === 'row' && row.values.map((value) => value?.type === 'bytes' && [...value.bytes])).toEqual(
        cells.map((cell) => [...cell]),
      )
    }),
  )
})

/** Pieces of SQL in any order: most of them nonsense, all of them near to what is read. */
const pieces = [
  "'",
  '"',
  '`',
  '\\',
  '/*',
  '/*!40101 ',
  '*/',
  '--',
  '-- ',
  '#',
  '\n',
  ';',
  '(',
  ')',
  ',',
  '.',
  "x'",
  "b'01'",
  '0x',
  '1e',
  '-',
  'é',
  '\xff',
]
const words =
  'CREATE TABLE INSERT INTO VALUES ALTER ADD PRIMARY KEY UNIQUE DELIMITER ;; // SET NAMES DROP NULL t a int varchar DEFAULT REFERENCES VIEW'.split(
    ' ',
  )
test('whatever comes, it ends: with events, or an error that has a code', () => {
  const part = fc.oneof(
    fc.constantFrom(...pieces),
    fc.constantFrom(...words).map((word) => ` ${word} `),
    fc.string({ maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (parts, pieceBytes) => {
      const dump = Buffer.from(parts.join(''), 'latin1')
      const outcome = (bytes: number): unknown => {
        try {
          return eventsIn(dump, bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(SqlDumpError)
          return (error as SqlDumpError).failure
        }
      }
      expect(outcome(pieceBytes)).toEqual(outcome(Number.POSITIVE_INFINITY))
    }),
    { numRuns: 2_000 },
  )
})
