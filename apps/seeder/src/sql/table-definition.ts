import { SqlDumpError } from './errors.js'
import type { Token } from './tokens.js'

export interface ColumnDefinition {
  readonly name: string
  /** In small letters, without arguments: 'varchar', 'bigint'. */
  readonly type: string
  /** As written: ['255'], ['10', '2']; the words of an ENUM or SET. */
  readonly args: readonly string[]
  readonly isUnsigned: boolean
  readonly collation: string | undefined
  readonly charset: string | undefined
  readonly isNullable: boolean
  readonly fallback: Fallback | undefined
  readonly updatesItself: boolean
  readonly isAutoIncrement: boolean
  readonly isGenerated: boolean
}
/** What a column has where nothing is said. `expression`: MySQL's own, which is not taken. */
export type Fallback = { readonly type: 'null' | 'now' | 'expression' } | { readonly type: 'text' | 'number'; readonly text: string }

export interface KeyPart {
  readonly column: string
  /** Only so many characters count. */
  readonly length: number | undefined
}
export interface KeyDefinition {
  readonly kind: 'primary' | 'unique' | 'plain' | 'fulltext' | 'spatial'
  readonly name: string
  readonly parts: readonly KeyPart[]
}
export interface ForeignKey {
  readonly columns: readonly string[]
  readonly table: string
  readonly others: readonly string[]
  /** 'ON DELETE CASCADE', as SQLite writes it too. */
  readonly actions: readonly string[]
}
/** `database`: where the name says it itself. */
export interface TableName {
  readonly database: string | undefined
  readonly table: string
}
export interface TableDefinition {
  /** As in `TableName`. */
  readonly database: string | undefined
  readonly name: string
  readonly columns: readonly ColumnDefinition[]
  readonly keys: readonly KeyDefinition[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly collation: string | undefined
  readonly charset: string | undefined
  readonly nextId: string | undefined
  readonly line: number
}

/** Reads tokens in order. */
export class Cursor {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }
  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }
  get line(): number {
    return (this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token | undefined)?.line ?? 1
  }
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead]
  }
  take(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw this.fault('the end of a statement')
    return token
  }
  isWord(...words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.peek(i)
      return token?.type === 'word' && token.upper === word
    })
  }
  isSign(sign: string): boolean {
    const token = this.peek()
    return token?.type === 'sign' && token.text === sign
  }
  /** Whether those words stood there; they are passed then. */
  passed(...words: readonly string[]): boolean {
    const isThere = this.isWord(...words)
    if (isThere) this.#at += words.length
    return isThere
  }
  passedSign(sign: string): boolean {
    const isThere = this.isSign(sign)
    if (isThere) this.#at++
    return isThere
  }
  /** What an option is: `=value`, or the value alone. */
  value(): string {
    this.passedSign('=')
    const token = this.take()
    return token.type === 'text' ? textOf(token) : token.text
  }
  must(sign: string): void {
    if (!this.passedSign(sign)) throw this.fault(`something else than "${sign}"`)
  }
  name(): string {
    const token = this.take()
    if (token.type === 'name' || token.type === 'word') return token.text
    if (token.type === 'text') return textOf(token)
    throw this.fault('something that is no name')
  }
  /** `table`, or `database`.`table`. */
  tableName(): TableName {
    const name = this.name()
    return this.passedSign('.') ? { database: name, table: this.name() } : { database: undefined, table: name }
  }
  /** What is in parentheses, which are next: passed over, nested ones too. */
  passParentheses(): void {
    this.must('(')
    for (let depth = 1; depth > 0; ) {
      const token = this.take()
      if (token.type === 'sign') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0
    }
  }
  fault(found: string): SqlDumpError {
    return new SqlDumpError({ code: 'SQL_STATEMENT', line: this.line, found })
  }
}

export const textOf = (token: Token & { readonly type: 'text' }): string => Buffer.from(token.bytes).toString('utf8')

/** What stands behind CREATE TABLE. undefined of CREATE TABLE … LIKE or AS: no dump has them. @throws {SqlDumpError} SQL_STATEMENT */
export function parseTable(cursor: Cursor): TableDefinition | undefined {
  const { line } = cursor
  cursor.passed('IF', 'NOT', 'EXISTS')
  const { database, table: name } = cursor.tableName()
  if (!cursor.passedSign('(')) return undefined
  const columns: ColumnDefinition[] = []
  const keys: KeyDefinition[] = []
  const foreignKeys: ForeignKey[] = []
  do {
    if (!parseKeyInto(cursor, keys, foreignKeys)) parseColumnInto(cursor, columns, keys)
  } while (cursor.passedSign(','))
  cursor.must(')')
  return { database, name, columns, keys, foreignKeys, line, ...parseOptions(cursor) }
}

function parseOptions(cursor: Cursor): Pick<TableDefinition, 'collation' | 'charset' | 'nextId'> {
  const options: { collation: string | undefined; charset: string | undefined; nextId: string | undefined } = {
    collation: undefined,
    charset: undefined,
    nextId: undefined,
  }
  while (!cursor.isAtEnd) {
    if (cursor.passed('AUTO_INCREMENT')) options.nextId = cursor.value()
    else if (cursor.passed('COLLATE')) options.collation = cursor.value().toLowerCase()
    else if (cursor.passed('CHARSET') || cursor.passed('CHARACTER', 'SET')) options.charset = cursor.value().toLowerCase()
    else cursor.take()
  }
  return options
}

/** Keys, and what else a table has between its columns. @returns false where a column is next */
export function parseKeyInto(cursor: Cursor, keys: KeyDefinition[], foreignKeys: ForeignKey[]): boolean {
  const named =
    cursor.passed('CONSTRAINT') &&
    !cursor.isWord('PRIMARY') &&
    !cursor.isWord('UNIQUE') &&
    !cursor.isWord('FOREIGN') &&
    !cursor.isWord('CHECK')
  const constraint = named ? cursor.name() : ''
  if (cursor.passed('CHECK')) {
    cursor.passParentheses()
    if (cursor.passed('NOT')) cursor.take()
    else cursor.passed('ENFORCED')
    return true
  }
  if (cursor.passed('FOREIGN', 'KEY')) {
    if (!cursor.isSign('(')) cursor.name()
    foreignKeys.push(
      parseReference(
        cursor,
        parseParts(cursor).map(({ column }) => column),
      ),
    )
    return true
  }
  const kind = kindOf(cursor)
  if (kind === undefined) return false
  let name = kind === 'primary' ? '' : constraint
  if (cursor.passed('USING')) cursor.take()
  if (!cursor.isSign('(')) name = cursor.name()
  if (cursor.passed('USING')) cursor.take()
  const parts = parseParts(cursor)
  keys.push({ kind, name: name || (parts[0]?.column ?? ''), parts })
  while (!cursor.isAtEnd && !cursor.isSign(',') && !cursor.isSign(')')) cursor.take() // USING BTREE, COMMENT '…'
  return true
}

function kindOf(cursor: Cursor): KeyDefinition['kind'] | undefined {
  if (cursor.passed('PRIMARY', 'KEY')) return 'primary'
  // a column can be named key: then its type is next
  const isKey = (at: number): boolean => {
    const [token, after] = [cursor.peek(at), cursor.peek(at + 1)]
    if (token?.type !== 'word' || (token.upper !== 'KEY' && token.upper !== 'INDEX')) return false
    return (
      after?.type === 'name' || (after?.type === 'sign' && after.text === '(') || (after?.type === 'word' && isOpen(cursor.peek(at + 2)))
    )
  }
  const isOpen = (token: Token | undefined): boolean => token?.type === 'sign' && token.text === '('
  for (const kind of ['unique', 'fulltext', 'spatial'] as const) {
    if (!cursor.isWord(kind.toUpperCase())) continue
    if (isKey(1)) {
      cursor.take()
      cursor.take()
      return kind
    }
    if (cursor.peek(1)?.type === 'name' || isOpen(cursor.peek(1))) {
      cursor.take()
      return kind
    }
  }
  if (!isKey(0)) return undefined
  cursor.take()
  return 'plain'
}

function parseParts(cursor: Cursor): KeyPart[] {
  const parts: KeyPart[] = []
  cursor.must('(')
  do {
    if (cursor.isSign('(')) {
      cursor.passParentheses() // a key on an expression
      parts.push({ column: '', length: undefined })
    } else {
      const column = cursor.name()
      let length: number | undefined
      if (cursor.passedSign('(')) {
        length = Number(cursor.value())
        cursor.must(')')
      }
      parts.push({ column, length })
    }
    if (!cursor.passed('ASC')) cursor.passed('DESC')
  } while (cursor.passedSign(','))
  cursor.must(')')
  return parts
}

function parseReference(cursor: Cursor, columns: readonly string[]): ForeignKey {
  if (!cursor.passed('REFERENCES')) throw cursor.fault('a foreign key that refers to nothing')
  const { table } = cursor.tableName()
  const others = parseParts(cursor).map(({ column }) => column)
  const actions: string[] = []
  while (cursor.isWord('ON') || cursor.isWord('MATCH')) {
    if (cursor.passed('MATCH')) {
      cursor.take()
      continue
    }
    cursor.take()
    const event = cursor.name().toUpperCase()
    const action = ['CASCADE', 'RESTRICT'].find((word) => cursor.passed(word)) ?? (cursor.passed('SET', 'NULL') ? 'SET NULL' : undefined)
    if (action === undefined) {
      cursor.take()
      cursor.take() // NO ACTION, SET DEFAULT
    } else if (event === 'DELETE' || event === 'UPDATE') actions.push(`ON ${event} ${action}`)
  }
  return { columns, table, others, actions }
}

/** A column, and the key that may be written with it. */
export function parseColumnInto(cursor: Cursor, columns: ColumnDefinition[], keys: KeyDefinition[]): void {
  const name = cursor.name()
  let type = cursor.name().toLowerCase()
  if (type === 'double') cursor.passed('PRECISION')
  if (type === 'national') type = cursor.name().toLowerCase()
  const args = parseArguments(cursor)
  const column = {
    isUnsigned: false,
    collation: undefined as string | undefined,
    charset: undefined as string | undefined,
    isNullable: true,
    fallback: undefined as Fallback | undefined,
    updatesItself: false,
    isAutoIncrement: type === 'serial',
    isGenerated: false,
  }
  const keyed = (kind: KeyDefinition['kind']) => keys.push({ kind, name, parts: [{ column: name, length: undefined }] })
  while (!cursor.isAtEnd && !cursor.isSign(',') && !cursor.isSign(')')) {
    if (cursor.passed('UNSIGNED')) column.isUnsigned = true
    else if (cursor.passed('NOT', 'NULL')) column.isNullable = false
    else if (cursor.passed('COLLATE')) column.collation = cursor.value().toLowerCase()
    else if (cursor.passed('CHARSET') || cursor.passed('CHARACTER', 'SET')) column.charset = cursor.value().toLowerCase()
    else if (cursor.passed('DEFAULT')) column.fallback = parseFallback(cursor)
    else if (cursor.passed('ON', 'UPDATE')) {
      column.updatesItself = true
      parseFallback(cursor)
    } else if (cursor.passed('AUTO_INCREMENT')) column.isAutoIncrement = true
    else if (cursor.passed('PRIMARY', 'KEY') || cursor.passed('KEY')) keyed('primary')
    else if (cursor.passed('UNIQUE')) {
      cursor.passed('KEY')
      keyed('unique')
    } else if (cursor.passed('COMMENT')) cursor.take()
    else if (cursor.passed('AS')) {
      column.isGenerated = true
      cursor.passParentheses()
    } else if (cursor.isSign('(')) cursor.passParentheses()
    else cursor.take()
  }
  columns.push({ name, type, args, ...column })
}

function parseArguments(cursor: Cursor): string[] {
  const args: string[] = []
  if (!cursor.passedSign('(')) return args
  do args.push(cursor.value())
  while (cursor.passedSign(','))
  cursor.must(')')
  return args
}

function parseFallback(cursor: Cursor): Fallback {
  if (cursor.isSign('(')) {
    cursor.passParentheses()
    return { type: 'expression' }
  }
  const sign = cursor.passedSign('-') ? '-' : ''
  let token = cursor.take()
  if (token.type === 'word' && token.upper.startsWith('_') && cursor.peek()?.type === 'text') token = cursor.take()
  if (token.type === 'text') return { type: 'text', text: textOf(token) }
  if (token.type === 'number') return { type: 'number', text: sign + token.text }
  if (token.type === 'bits' || token.type === 'hex') {
    const digits = `${token.type === 'bits' ? '0b' : '0x'}${token.text || '0'}`
    return { type: 'number', text: String(BigInt(digits)) }
  }
  if (token.type !== 'word') throw cursor.fault('a default that is none')
  if (cursor.isSign('(')) cursor.passParentheses()
  if (token.upper === 'NULL') return { type: 'null' }
  if (token.upper === 'TRUE' || token.upper === 'FALSE') return { type: 'number', text: token.upper === 'TRUE' ? '1' : '0' }
  return { type: NOW.has(token.upper) ? 'now' : 'expression' }
}
const NOW: ReadonlySet<string> = new Set(['CURRENT_TIMESTAMP', 'NOW', 'LOCALTIME', 'LOCALTIMESTAMP'])
