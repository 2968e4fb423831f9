import { type DumpEvent, dumpEvents } from '../../../apps/seeder/src/sql/dump-events.js'
import { DumpWriter } from '../../../apps/seeder/src/sql/dump-writer.js'
import { MORE, Tokenizer } from '../../../apps/seeder/src/sql/tokens.js'
import { Broken, bytesOfText, type Target } from '../src/target.ts'

/** What a dump does that comes in pieces of so many bytes; takes each event as it comes. */
function readDump(dump: Uint8Array, pieceBytes: number, take: (event: DumpEvent) => void): void {
  const tokenizer = new Tokenizer()
  const events = dumpEvents(tokenizer)
  const goOn = (): void => {
    for (;;) {
      const { done, value } = events.next()
      if (done === true || value === MORE) return
      take(value)
    }
  }
  for (let at = 0; at < dump.length; at += pieceBytes) {
    tokenizer.push(dump.subarray(at, at + pieceBytes))
    goOn()
  }
  tokenizer.finish()
  goOn()
}

/** The events, and how it ended. */
function toldBy(dump: Uint8Array, pieceBytes: number): string {
  const told: DumpEvent[] = []
  let end = 'the end'
  try {
    readDump(dump, pieceBytes, (event) => told.push(event))
  } catch (error) {
    if ((error as Error).name !== 'SqlDumpError') throw error
    end = (error as Error).message
  }
  const text = JSON.stringify([told, end], (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  )
  return text
}

const dumps = (): readonly Uint8Array[] =>
  [
    "/*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (`id` int(11) unsigned NOT NULL AUTO_INCREMENT, `a` varchar(9) COLLATE utf8mb4_bin DEFAULT 'x''y' COMMENT ';', PRIMARY KEY (`id`), KEY `a` (`a`(3) DESC)) ENGINE=InnoDB AUTO_INCREMENT=7;\nINSERT INTO `t` (`id`,`a`) VALUES (1,'a\\'b\\0'),(2,NULL);\n",
    "create table a (b bit(3) default b'1', c decimal(10,2), d enum('x','y'), e blob, f double); insert into a values (b'101', -1.5e3, 'x', 0xFF, 1e999), (DEFAULT, TRUE, _latin1'\\xff', _binary 'z', .5);",
    'CREATE TABLE x (i int); ALTER TABLE x ADD PRIMARY KEY (i), MODIFY i bigint NOT NULL AUTO_INCREMENT, ADD UNIQUE KEY k (i); -- end\nREPLACE INTO x VALUES (9223372036854775808);',
    'DELIMITER ;;\n/*!50003 CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW BEGIN DELETE FROM x; END */;;\nDELIMITER ;\nCREATE VIEW v AS SELECT 1;\nCREATE TABLE IF NOT EXISTS d.q (a json, g varchar(3) GENERATED ALWAYS AS (upper(a)) STORED, CONSTRAINT c FOREIGN KEY (a) REFERENCES p (z) ON DELETE SET NULL);',
    "# x\nSET NAMES latin1;\nCREATE TABLE `a``b` (`c` set('1','2') DEFAULT '1,2', `t` timestamp DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, FULLTEXT KEY w (c));\nINSERT IGNORE INTO `a``b` () VALUES ();\nLOCK TABLES x WRITE;",
  ].map(bytesOfText)

/** A dump has no longest, and each of its words is an object for a moment. */
const LIMITS = { maxBytes: 128 * 1024, maxMiB: 32 }

/** What a folder's owner imports beside it: whoever wrote the dump is not known. */
export const seeder: readonly Target[] = [
  {
    name: 'seeder/dump',
    file: 'apps/seeder/src/sql/dump-events.ts',
    errors: [],
    // where a dump is cut on its way says nothing
    run: (input) => {
      const whole = toldBy(input, Math.max(1, input.length))
      if (input.length > 4096) return
      for (const pieceBytes of [1, 7]) if (toldBy(input, pieceBytes) !== whole) throw new Broken('a dump in pieces says something else')
    },
    seeds: dumps,
    ...LIMITS,
  },
  {
    name: 'seeder/dump-writer',
    file: 'apps/seeder/src/sql/dump-writer.ts',
    errors: ['SqlDumpError'],
    // whatever it says, a database comes of it that holds together, or an error with a code
    run: (input) => {
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
      const database = new DatabaseSync(':memory:')
      try {
        const writer = new DumpWriter(database, {
          dialect: (input[0] ?? 0) % 2 === 0 ? 'plain' : 'wordpress',
          change: (text) => `${text}.`,
        })
        readDump(input, 1024 * 1024, (event) => writer.take(event))
        const { tables } = writer.finish()
        const [check] = database.prepare('PRAGMA integrity_check').all()
        if (check?.integrity_check !== 'ok') throw new Broken('a database that does not hold together')
        for (const { name, rows } of tables) {
          const found = database.prepare(`SELECT count(*) AS rows FROM "${name.replaceAll('"', '""')}"`).get()
          if (found?.rows !== rows && !Buffer.from(input).toString('latin1').toUpperCase().includes('REPLACE'))
            throw new Broken('other rows than it says')
        }
      } finally {
        database.close()
      }
    },
    seeds: dumps,
    maxMs: 1_000,
    ...LIMITS,
  },
]
