import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Bound, boundValue, isInteger } from './bound-value.js'
import { hasBackslashBytes, isKnownCharset } from './charsets.js'
import type { DumpEvent } from './dump-events.js'
import { SqlDumpError } from './errors.js'
import { OneDatabase } from './one-database.js'
import { type Dialect, type Kind, quoted, type SqliteTable, sqliteTable, WORDPRESS_TYPES_TABLE, wordpressTypes } from './sqlite-schema.js'
import type { TableDefinition } from './table-definition.js'

export interface DumpReport {
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
  /** Views, triggers, routines: 'trigger log_edits'. */
  readonly notTaken: readonly string[]
  /** What became of declarations that SQLite has no like for. */
  readonly notes: readonly string[]
  /** Texts that are none in the dump's character set: kept byte by byte. */
  readonly brokenTexts: number
  /** Numbers beyond 64 bits: kept as texts. */
  readonly hugeNumbers: number
}
export interface DumpWriterOptions {
  readonly dialect: Dialect
  /** Put to each text before it is stored. */
  readonly change?: (text: string) => string
}
const TABLES_MAX = 10_000
const TOLD_MAX = 1_000
const ROWS_AT_ONCE = 20_000
const STATEMENTS_KEPT = 64

interface OpenTable {
  definition: TableDefinition
  sqlite: SqliteTable
  rows: number
  /** Its primary key, or what counts, came after its rows: it is made anew. */
  isOutdated: boolean
  readonly texts: Set<string>
  shareNumbers: boolean
}

/** Puts what a dump does into an empty SQLite database. */
export class DumpWriter {
  readonly #database: DatabaseSync
  readonly #options: DumpWriterOptions
  readonly #tables = new Map<string, OpenTable>()
  readonly #inserts = new Map<string, StatementSync>()
  readonly #source = new OneDatabase()
  readonly #notTaken = new Set<string>()
  readonly #notes = new Set<string>()
  #charset = 'utf8mb4'
  #brokenTexts = 0
  #hugeNumbers = 0
  #rowsInTransaction = 0

  constructor(database: DatabaseSync, options: DumpWriterOptions) {
    this.#database = database
    this.#options = options
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA page_size = 4096; BEGIN')
  }

  /** @throws {SqlDumpError} SQL_ROW, SQL_TABLE_UNKNOWN, SQL_STATEMENT, SQL_CHARSET, SQL_DATABASES, SQL_NAMES_ALIKE */
  take(event: DumpEvent): void {
    if (!this.#source.has(event)) return
    if (event.type === 'row') this.#row(event)
    else if (event.type === 'table') this.#create(event.table)
    else if (event.type === 'dropped') this.#drop(event.table, event.line)
    else if (event.type === 'altered') this.#alter(event)
    else if (event.type === 'charset') {
      if (hasBackslashBytes(event.name)) throw new SqlDumpError({ code: 'SQL_CHARSET', line: event.line, found: `texts in ${event.name}` })
      if (isKnownCharset(event.name)) this.#charset = event.name
      else this.#note(`the character set ${event.name} is not known: its texts are read as UTF-8`)
    } else if (event.type === 'not-taken') {
      if (event.kind === 'view') this.#drop(event.name, event.line) // what stood for it
      if (this.#notTaken.size < TOLD_MAX) this.#notTaken.add(`${event.kind} ${event.name}`)
    }
  }

  /** Makes what has to wait for the rows. @throws {SqlDumpError} SQL_EMPTY, SQL_STATEMENT: rows that break a key */
  finish(): DumpReport {
    if (this.#tables.size === 0)
      throw new SqlDumpError({ code: 'SQL_EMPTY', line: 1, found: 'no CREATE TABLE: this is no dump of a database' })
    for (const table of this.#tables.values()) {
      if (table.isOutdated) this.#remake(table)
      const { definition, sqlite } = table
      for (const sql of sqlite.after) this.#run(sql, definition.line)
      for (const note of sqlite.notes) this.#note(note)
      if (definition.nextId !== undefined && sqlite.counter !== undefined) this.#count(definition)
    }
    if (this.#options.dialect === 'wordpress') this.#writeTypes()
    this.#database.exec(this.#options.dialect === 'wordpress' ? 'COMMIT' : 'COMMIT; ANALYZE') // the plug-in makes no statistics either
    this.#inserts.clear()
    return {
      tables: [...this.#tables.values()].map(({ definition, rows }) => ({ name: definition.name, rows })),
      notTaken: [...this.#notTaken],
      notes: [...this.#notes],
      brokenTexts: this.#brokenTexts,
      hugeNumbers: this.#hugeNumbers,
    }
  }

  #create(definition: TableDefinition): void {
    if (this.#tables.size >= TABLES_MAX)
      throw new SqlDumpError({ code: 'SQL_STATEMENT', line: definition.line, found: `more than ${TABLES_MAX} tables` })
    if (this.#namedLike(definition.name, definition.line) !== undefined) return
    const sqlite = sqliteTable(definition, this.#options.dialect)
    this.#run(sqlite.create, definition.line)
    this.#tables.set(keyOf(definition.name), { definition, sqlite, rows: 0, isOutdated: false, texts: new Set(), shareNumbers: false })
  }

  #drop(name: string, line: number): void {
    const table = this.#namedLike(name, line)
    if (table === undefined) return
    this.#inserts.clear()
    this.#run(`DROP TABLE ${quoted(table.definition.name)}`, table.definition.line)
    this.#tables.delete(keyOf(name))
  }

  /** The table of that name. MySQL can have two whose names differ in case alone, SQLite can't. */
  #namedLike(name: string, line: number): OpenTable | undefined {
    const table = this.#tables.get(keyOf(name))
    if (table === undefined || table.definition.name === name) return table
    const found = `tables whose names differ in case alone (${table.definition.name}, ${name})`
    throw new SqlDumpError({ code: 'SQL_NAMES_ALIKE', line, found })
  }

  #alter({ table: name, keys, foreignKeys, columns, nextId, line }: DumpEvent & { type: 'altered' }): void {
    const table = this.#table(name, line)
    const { definition } = table
    const changed = definition.columns.map((column) => columns.find(({ name }) => keyOf(name) === keyOf(column.name)) ?? column)
    const added = columns.filter(({ name }) => !definition.columns.some((column) => keyOf(column.name) === keyOf(name)))
    if (added.length > 0) throw new SqlDumpError({ code: 'SQL_STATEMENT', line, found: 'columns that come after the table' })
    table.definition = {
      ...definition,
      columns: changed,
      keys: [...definition.keys, ...keys],
      foreignKeys: [...definition.foreignKeys, ...foreignKeys],
      nextId: nextId ?? definition.nextId,
    }
    table.isOutdated = true
  }

  #remake(table: OpenTable): void {
    this.#inserts.clear()
    const { name, line, columns } = table.definition
    const beside = `${name}__interpeer`
    table.sqlite = sqliteTable(table.definition, this.#options.dialect, table, beside)
    const { counter, isCounterShared } = table.sqlite
    if (counter !== undefined && isCounterShared && this.#hasTwice(name, counter)) {
      table.shareNumbers = true
      table.sqlite = sqliteTable(table.definition, this.#options.dialect, table, beside)
    }
    this.#run(table.sqlite.create, line)
    const list = columns.map((column) => quoted(column.name)).join(', ')
    this.#run(`INSERT INTO ${quoted(beside)} (${list}) SELECT ${list} FROM ${quoted(name)}`, line)
    this.#run(`DROP TABLE ${quoted(name)}`, line)
    this.#run(`ALTER TABLE ${quoted(beside)} RENAME TO ${quoted(name)}`, line)
  }

  #hasTwice(table: string, column: string): boolean {
    const sql = `SELECT 1 FROM ${quoted(table)} GROUP BY ${quoted(column)} HAVING count(${quoted(column)}) > 1 LIMIT 1`
    return this.#database.prepare(sql).get() !== undefined
  }

  #row({ table: name, columns, values, line }: DumpEvent & { type: 'row' }): void {
    const reading = { charset: this.#charset, change: this.#options.change }
    const table = this.#table(name, line)
    const names = columns ?? table.definition.columns.map((column) => column.name)
    if (names.length !== values.length && values.length > 0)
      throw new SqlDumpError({ code: 'SQL_ROW', line, found: `${values.length} values for ${names.length} columns of ${name}` })
    const kept = names.filter((_, i) => values[i]?.type !== 'default' && values.length > 0)
    const bound: Bound[] = []
    for (const [i, value] of values.entries()) {
      if (value?.type === 'default') continue
      const column = names[i] as string
      const kind = table.sqlite.kinds.get(column) ?? this.#kindByCase(table, column, line)
      const one = boundValue(value as Exclude<typeof value, { type: 'default' }>, kind, reading)
      if (one instanceof Uint8Array && kind !== 'blob') this.#brokenTexts++
      bound.push(typeof one === 'bigint' ? this.#integer(one, table, column, kind) : one)
    }
    this.#put(table, kept, bound, line)
    table.rows++
    if (++this.#rowsInTransaction < ROWS_AT_ONCE) return
    this.#rowsInTransaction = 0
    this.#database.exec('COMMIT; BEGIN')
  }

  #put(table: OpenTable, columns: readonly string[], bound: readonly Bound[], line: number): void {
    const { name } = table.definition
    try {
      this.#insert(name, columns).run(...bound)
    } catch (cause) {
      const { counter, isCounterShared } = table.sqlite
      if (isCounterShared && counter !== undefined && reasonIn(cause).startsWith('UNIQUE')) {
        table.shareNumbers = true
        this.#remake(table)
        this.#put(table, columns, bound, line)
      } else throw new SqlDumpError({ code: 'SQL_ROW', line, found: `a row that ${name} does not take (${reasonIn(cause)})` })
    }
  }

  /** MySQL's names of columns are alike in any case. */
  #kindByCase(table: OpenTable, name: string, line: number): Kind {
    const kind = table.sqlite.kinds.get(columnIn(table, name) ?? '')
    if (kind === undefined)
      throw new SqlDumpError({ code: 'SQL_ROW', line, found: `the column ${name}, which ${table.definition.name} does not have` })
    return kind
  }

  #insert(table: string, columns: readonly string[]): StatementSync {
    const list = columns.map(quoted).join(', ')
    const key = `${quoted(table)} ${list}`
    const known = this.#inserts.get(key)
    if (known !== undefined) return known
    if (this.#inserts.size >= STATEMENTS_KEPT) this.#inserts.clear()
    const values = columns.map(() => '?').join(', ')
    const sql =
      columns.length === 0 ? `INSERT INTO ${quoted(table)} DEFAULT VALUES` : `INSERT INTO ${quoted(table)} (${list}) VALUES (${values})`
    const statement = this.#database.prepare(sql)
    this.#inserts.set(key, statement)
    return statement
  }

  /** SQLite would round what is beyond its 64 bits: a column with such numbers holds texts, so that those that differ stay different. */
  #integer(value: bigint, table: OpenTable, name: string, kind: Kind): bigint | string {
    const isHuge = value !== BigInt.asIntN(64, value)
    if (isHuge) this.#hugeNumbers++
    if (!isInteger(kind)) return isHuge ? String(value) : value
    if (!isHuge && table.texts.size === 0) return value
    const column = columnIn(table, name) as string
    if (isHuge && !table.texts.has(column)) {
      table.texts.add(column)
      this.#remake(table)
    }
    return table.texts.has(column) ? String(value) : value
  }

  /** Where MySQL would have gone on. */
  #count({ name, nextId, line }: TableDefinition): void {
    const last = BigInt(/^\d{1,19}$/.test(nextId ?? '') ? (nextId as string) : '1') - 1n
    if (last <= 0n || last !== BigInt.asIntN(64, last)) return
    this.#run(`DELETE FROM sqlite_sequence WHERE name = '${name.replaceAll("'", "''")}' AND seq <= ${last}`, line)
    this.#run(
      `INSERT INTO sqlite_sequence (name, seq) SELECT '${name.replaceAll("'", "''")}', ${last} WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '${name.replaceAll("'", "''")}')`,
      line,
    )
  }

  #writeTypes(): void {
    this.#database.exec(WORDPRESS_TYPES_TABLE)
    const insert = this.#database.prepare('INSERT OR REPLACE INTO _mysql_data_types_cache VALUES (?, ?, ?)')
    for (const { definition } of this.#tables.values()) for (const row of wordpressTypes(definition)) insert.run(...row)
  }

  #table(name: string, line: number): OpenTable {
    const table = this.#tables.get(keyOf(name))
    if (table === undefined)
      throw new SqlDumpError({ code: 'SQL_TABLE_UNKNOWN', line, found: `the table ${name}, which was not made before` })
    return table
  }

  #note(text: string): void {
    if (this.#notes.size < TOLD_MAX) this.#notes.add(text)
  }

  #run(sql: string, line: number): void {
    try {
      this.#database.exec(sql)
    } catch (cause) {
      throw new SqlDumpError({ code: 'SQL_STATEMENT', line, found: `what SQLite does not take (${reasonIn(cause)})` })
    }
  }
}

/** SQLite's names are alike in any case of ASCII letters. */
const keyOf = (name: string): string => name.toLowerCase()
const columnIn = ({ definition }: OpenTable, name: string): string | undefined =>
  definition.columns.find((column) => keyOf(column.name) === keyOf(name))?.name
/** Names of tables, columns and keys, but no values. */
const reasonIn = (cause: unknown): string => (cause instanceof Error ? cause.message.slice(0, 200) : 'unknown')
