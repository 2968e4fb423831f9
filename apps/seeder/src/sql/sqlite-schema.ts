import type { ColumnDefinition, KeyDefinition, KeyPart, TableDefinition } from './table-definition.js'

/**
 * - plain: what MySQL's declarations come nearest to
 * - wordpress: what the SQLite integration plug-in of the WordPress team makes of the same CREATE TABLE, so that it finds what it would have made (2.1.11)
 */
export type Dialect = 'plain' | 'wordpress'
export type Affinity = 'integer' | 'real' | 'numeric' | 'text' | 'blob'
/** What the values of a column are. `bits`: numbers that may come as bytes. */
export type Kind = Affinity | 'bits'

export interface SqliteTable {
  readonly create: string
  /** Indexes and triggers: made when the rows are there. */
  readonly after: readonly string[]
  readonly kinds: ReadonlyMap<string, Kind>
  /** The column that SQLite counts. */
  readonly counter: string | undefined
  /** Whether rows of MySQL's may share its numbers, as it is no key by itself there. */
  readonly isCounterShared: boolean
  /** What is lost, in words. */
  readonly notes: readonly string[]
}
/** What only the rows show. */
export interface TableRows {
  /** Columns of integers with some beyond the 64 bits that SQLite has. */
  readonly texts: ReadonlySet<string>
  /** Whether rows share a number of the counter. */
  readonly shareNumbers: boolean
}
const NO_ROWS: TableRows = { texts: new Set(), shareNumbers: false }

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** SQLite's declaration of a table of MySQL's. `name`: of the table that is made, where it has another than it will have in the end. */
export function sqliteTable(table: TableDefinition, dialect: Dialect, rows = NO_ROWS, name = table.name): SqliteTable {
  const notes: string[] = []
  const primary = table.keys.find(({ kind }) => kind === 'primary')
  const counting = table.columns.find(({ isAutoIncrement }) => isAutoIncrement)
  const isCounterShared = counting !== undefined && !isAloneInKey(counting, table)
  const counter = counting !== undefined && !(isCounterShared && rows.shareNumbers) && !rows.texts.has(counting.name) ? counting : undefined
  if (counting !== undefined && counter === undefined) notes.push(`${table.name}.${counting.name}: ${NOT_COUNTED}`)
  else if (isCounterShared) notes.push(`${table.name}.${counting.name}: ${COUNTED_ALONE}`)
  // SQLite counts only a column that is the whole primary key; another primary key is unique all the same
  const own = counter?.name ?? (primary?.parts.length === 1 && dialect === 'wordpress' ? primary.parts[0]?.column : undefined)
  const isOwnPrimary = primary !== undefined && primary.parts.length === 1 && primary.parts[0]?.column === own
  const lines = table.columns.map((column) => columnText(column, table, dialect, { own, isCounter: column === counter, notes, rows }))
  const after: string[] = []
  if (primary !== undefined && !isOwnPrimary) {
    const parts = primary.parts.map((part) => partText(part, true))
    if (own === undefined && primary.parts.every(({ length }) => length === undefined)) lines.push(`PRIMARY KEY (${parts.join(', ')})`)
    else after.push(`CREATE UNIQUE INDEX ${quoted(`${table.name}__primary`)} ON ${quoted(table.name)} (${parts.join(', ')})`)
  }
  for (const { columns, table: other, others, actions } of dialect === 'plain' ? table.foreignKeys : []) {
    const names = (list: readonly string[]): string => list.map(quoted).join(', ')
    lines.push(
      `FOREIGN KEY (${names(columns)}) REFERENCES ${quoted(other)} (${names(others)})${actions.map((action) => ` ${action}`).join('')}`,
    )
  }
  for (const key of table.keys) if (key.kind !== 'primary') after.push(...indexText(key, table, dialect, notes))
  for (const column of table.columns) if (column.updatesItself) after.push(triggerText(table.name, column.name))
  return {
    create: `CREATE TABLE ${quoted(name)} (\n${lines.join(',\n')})`,
    after,
    kinds: new Map(table.columns.map((column) => [column.name, column.type === 'bit' ? 'bits' : affinityOf(column, dialect)])),
    counter: counter?.name,
    isCounterShared,
    notes,
  }
}
const COUNTED_ALONE = 'counts here by itself, so no two rows can share a number of it'
const NOT_COUNTED = 'is not counted here, as SQLite can not do it with the numbers that it has: each new row has to name its own'

/** MySQL counts any column that begins a key, also one whose numbers only differ together with what follows. */
const isAloneInKey = ({ name, type }: ColumnDefinition, { keys }: TableDefinition): boolean =>
  type === 'serial' ||
  keys.some(({ kind, parts }) => (kind === 'primary' || kind === 'unique') && parts.length === 1 && parts[0]?.column === name)

interface ColumnPlace {
  /** The column that is the primary key by itself. */
  readonly own: string | undefined
  readonly isCounter: boolean
  readonly notes: string[]
  readonly rows: TableRows
}

function columnText(column: ColumnDefinition, table: TableDefinition, dialect: Dialect, place: ColumnPlace): string {
  const { own, isCounter, notes, rows } = place
  const isText = rows.texts.has(column.name)
  const affinity = isText ? 'text' : affinityOf(column, dialect)
  const parts = [quoted(column.name), affinity]
  if (column.name === own) parts.push(isCounter ? 'PRIMARY KEY AUTOINCREMENT' : 'PRIMARY KEY')
  // the plug-in's own words: WordPress relies on MySQL's leniency
  if (!column.isNullable && !column.isGenerated && !(isCounter && dialect === 'plain'))
    parts.push(dialect === 'wordpress' ? 'NOT NULL ON CONFLICT REPLACE' : 'NOT NULL')
  const fallback = fallbackText(column, affinity, dialect)
  if (fallback !== undefined && !(isCounter && dialect === 'plain')) parts.push(`DEFAULT ${fallback}`)
  if (affinity === 'text' && !isText && (dialect === 'wordpress' || ignoresCase(column, table))) parts.push('COLLATE NOCASE')
  if (isText) notes.push(`${table.name}.${column.name}: has numbers beyond 64 bits, and holds all of its numbers as texts`)
  if (column.fallback?.type === 'expression') notes.push(`${table.name}.${column.name}: its default is an expression of MySQL's`)
  if (column.isGenerated) notes.push(`${table.name}.${column.name}: was computed by MySQL, and is an ordinary column now`)
  return parts.join(' ')
}

function fallbackText({ fallback, isNullable }: ColumnDefinition, affinity: Affinity, dialect: Dialect): string | undefined {
  if (fallback?.type === 'text') return literal(fallback.text)
  if (fallback?.type === 'number') return fallback.text
  if (fallback?.type === 'now') return 'CURRENT_TIMESTAMP'
  if (fallback?.type === 'null') return 'NULL'
  if (dialect === 'plain' || isNullable) return undefined
  return affinity === 'text' ? "''" : affinity === 'integer' || affinity === 'real' ? '0' : undefined
}

/** MySQL's collations are named after what they do: …_ci ignores case, …_bin and …_cs do not. */
function ignoresCase(column: ColumnDefinition, table: TableDefinition): boolean {
  const collation = column.collation ?? (column.charset === undefined ? table.collation : undefined)
  if (collation !== undefined) return collation.endsWith('_ci')
  return (column.charset ?? table.charset) !== 'binary'
}

export function affinityOf({ type, args }: ColumnDefinition, dialect: Dialect): Affinity {
  const known = TYPES[type]
  if (type === 'year') return dialect === 'wordpress' ? 'text' : 'integer'
  if (known !== 'numeric') return known ?? 'blob'
  if (dialect === 'wordpress') return 'real'
  // SQLite keeps fifteen digits of a number: longer ones are kept as they are written
  return Number(args[0] ?? 10) <= 15 ? 'numeric' : 'text'
}
const TYPES: Readonly<Record<string, Affinity>> = {
  ...Object.fromEntries(
    'bit bool boolean tinyint smallint mediumint int integer bigint serial year'.split(' ').map((type) => [type, 'integer' as const]),
  ),
  ...Object.fromEntries('float double real'.split(' ').map((type) => [type, 'real' as const])),
  ...Object.fromEntries('decimal dec numeric fixed'.split(' ').map((type) => [type, 'numeric' as const])),
  ...Object.fromEntries(
    'char varchar character tinytext text mediumtext longtext enum set json date datetime timestamp time uuid inet4 inet6'
      .split(' ')
      .map((type) => [type, 'text' as const]),
  ),
}

function indexText(key: KeyDefinition, table: TableDefinition, dialect: Dialect, notes: string[]): string[] {
  const name = `${table.name}__${key.name}`
  if (key.parts.some(({ column }) => column === '')) {
    notes.push(`${table.name}: the key ${key.name} is on an expression of MySQL's`)
    return []
  }
  if ((key.kind === 'fulltext' || key.kind === 'spatial') && dialect === 'plain') {
    notes.push(`${table.name}: the ${key.kind} key ${key.name} has no like in SQLite`)
    return []
  }
  const isUnique = key.kind === 'unique'
  const parts = key.parts.map((part) => partText(part, isUnique && dialect === 'plain'))
  return [`CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ${quoted(name)} ON ${quoted(table.name)} (${parts.join(', ')})`]
}

/** Of a unique key the length counts: what follows may be alike. */
const partText = ({ column, length }: KeyPart, keepsLength: boolean): string =>
  length !== undefined && keepsLength ? `substr(${quoted(column)}, 1, ${length})` : quoted(column)

const triggerText = (table: string, column: string): string =>
  `CREATE TRIGGER ${quoted(`__${table}_${column}_on_update__`)} AFTER UPDATE ON ${quoted(table)} FOR EACH ROW WHEN NEW.${quoted(column)} IS OLD.${quoted(column)} ` +
  `BEGIN UPDATE ${quoted(table)} SET ${quoted(column)} = CURRENT_TIMESTAMP WHERE rowid = NEW.rowid; END`

/** What the plug-in keeps of MySQL's types, for its answers to DESCRIBE and SHOW. */
export const WORDPRESS_TYPES_TABLE = `CREATE TABLE IF NOT EXISTS _mysql_data_types_cache (
	\`table\` TEXT NOT NULL,
	\`column_or_index\` TEXT NOT NULL,
	\`mysql_type\` TEXT NOT NULL,
	PRIMARY KEY(\`table\`, \`column_or_index\`)
)`

/** Rows of that table: of each column, and of each key but the primary one. */
export function wordpressTypes(table: TableDefinition): readonly (readonly [table: string, name: string, type: string])[] {
  const kinds = { unique: 'UNIQUE', plain: 'KEY', fulltext: 'FULLTEXT', spatial: 'SPATIAL' } as const
  return [
    ...table.columns.map(({ name, type, args, isUnsigned }) => {
      const text = `${type}${args.length === 0 ? '' : `(${args.join(',')})`}${isUnsigned ? ' unsigned' : ''}`
      return [table.name, name, text] as const
    }),
    ...table.keys.flatMap(({ kind, name }) => (kind === 'primary' ? [] : [[table.name, `${table.name}__${name}`, kinds[kind]] as const])),
  ]
}
