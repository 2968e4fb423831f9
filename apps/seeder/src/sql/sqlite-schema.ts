import type { ColumnDefinition, KeyDefinition, KeyPart, TableDefinition } from './table-definition.js'

/**
 * - plain: what MySQL's declarations come nearest to
 * - wordpress: what the SQLite integration plug-in of the WordPress team makes of the same CREATE TABLE, so that it finds what it would have made (2.1.11)
 */
export type Dialect = 'plain' | 'wordpress'
export type Affinity = 'integer' | 'real' | 'numeric' | 'text' | 'blob'

export interface SqliteTable {
  readonly create: string
  /** Indexes and triggers: made when the rows are there. */
  readonly after: readonly string[]
  readonly affinities: ReadonlyMap<string, Affinity>
  /** What is lost, in words. */
  readonly notes: readonly string[]
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** SQLite's declaration of a table of MySQL's. `name`: of the table that is made, where it has another than it will have in the end. */
export function sqliteTable(table: TableDefinition, dialect: Dialect, name = table.name): SqliteTable {
  const notes: string[] = []
  const primary = table.keys.find(({ kind }) => kind === 'primary')
  const counter = table.columns.find(({ isAutoIncrement }) => isAutoIncrement)
  // SQLite counts only a column that is the whole primary key; another primary key is unique all the same
  const own = counter?.name ?? (primary?.parts.length === 1 && dialect === 'wordpress' ? primary.parts[0]?.column : undefined)
  const isOwnPrimary = primary !== undefined && primary.parts.length === 1 && primary.parts[0]?.column === own
  const lines = table.columns.map((column) => columnText(column, table, dialect, { own, isCounter: column === counter, notes }))
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
    affinities: new Map(table.columns.map((column) => [column.name, affinityOf(column, dialect)])),
    notes,
  }
}

interface ColumnPlace {
  /** The column that is the primary key by itself. */
  readonly own: string | undefined
  readonly isCounter: boolean
  readonly notes: string[]
}

function columnText(column: ColumnDefinition, table: TableDefinition, dialect: Dialect, { own, isCounter, notes }: ColumnPlace): string {
  const affinity = affinityOf(column, dialect)
  const parts = [quoted(column.name), affinity]
  if (column.name === own) parts.push(isCounter ? 'PRIMARY KEY AUTOINCREMENT' : 'PRIMARY KEY')
  // the plug-in's own words: WordPress relies on MySQL's leniency
  if (!column.isNullable && !(isCounter && dialect === 'plain'))
    parts.push(dialect === 'wordpress' ? 'NOT NULL ON CONFLICT REPLACE' : 'NOT NULL')
  const fallback = fallbackText(column, affinity, dialect)
  if (fallback !== undefined && !(isCounter && dialect === 'plain')) parts.push(`DEFAULT ${fallback}`)
  if (affinity === 'text' && (dialect === 'wordpress' || ignoresCase(column, table))) parts.push('COLLATE NOCASE')
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
