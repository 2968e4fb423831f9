import { SqlDumpError } from './errors.js'
import {
  type ColumnDefinition,
  Cursor,
  type ForeignKey,
  type KeyDefinition,
  parseColumnInto,
  parseKeyInto,
  parseTable,
  type TableDefinition,
  type TableName,
} from './table-definition.js'
import { END, MORE, type Token, type Tokenizer } from './tokens.js'

export type SqlValue =
  | null
  | { readonly type: 'number'; readonly text: string }
  /** `charset`: where the dump names one before it ('_latin1'), without the underscore. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly charset: string | undefined }
  | { readonly type: 'bits'; readonly text: string }
  /** What the column has where nothing is said. */
  | { readonly type: 'default' }

export type DumpEvent =
  | { readonly type: 'table'; readonly table: TableDefinition }
  /** Keys and columns that come after the rows, as phpMyAdmin writes them. */
  | (TableName & {
      readonly type: 'altered'
      readonly keys: readonly KeyDefinition[]
      readonly foreignKeys: readonly ForeignKey[]
      readonly columns: readonly ColumnDefinition[]
      readonly nextId: string | undefined
      readonly line: number
    })
  | (TableName & { readonly type: 'dropped'; readonly line: number })
  /** `columns`: undefined where the statement names none: all, in their order. */
  | (TableName & {
      readonly type: 'row'
      readonly columns: readonly string[] | undefined
      readonly values: readonly SqlValue[]
      readonly line: number
    })
  | { readonly type: 'charset'; readonly name: string; readonly line: number }
  /** What comes is done to that database. */
  | { readonly type: 'database'; readonly name: string; readonly line: number }
  | {
      readonly type: 'not-taken'
      readonly kind: 'view' | 'trigger' | 'procedure' | 'function' | 'event'
      readonly database: string | undefined
      readonly name: string
      readonly line: number
    }

/** A CREATE or ALTER statement is held whole: it names each column, not what is in them. */
const STATEMENT_TOKENS_MAX = 200_000
const COLUMNS_MAX = 4_096

type Steps<T> = Generator<DumpEvent | typeof MORE, T, void>

/**
 * What a dump does, statement by statement, row by row. Gives MORE where the tokenizer has to be given more bytes before it is asked again.
 * @throws {SqlDumpError} SQL_TOKEN, SQL_TOO_LONG, SQL_STATEMENT, SQL_ROW
 */
export function* dumpEvents(tokens: Tokenizer): Generator<DumpEvent | typeof MORE, void, void> {
  const statements = new Statements(tokens)
  while (yield* statements.one()) {}
}

class Statements {
  readonly #tokens: Tokenizer
  #delimiter = ';'
  /** Signs that came with nothing between them, at most as many as the delimiter has. */
  #signs = ''
  /** Where the statement at hand begins. */
  #line = 1

  constructor(tokens: Tokenizer) {
    this.#tokens = tokens
  }

  /** @returns false where the dump has ended */
  *one(): Steps<boolean> {
    this.#signs = ''
    const first = yield* this.#next()
    if (first === END) return false
    this.#line = first.line
    if (this.#ends(first)) return true
    const word = first.type === 'word' ? first.upper : ''
    if (word === 'DELIMITER') yield* this.#setDelimiter()
    else if (word === 'INSERT' || word === 'REPLACE') yield* this.#insert()
    else if (word === 'CREATE' || word === 'ALTER' || word === 'DROP' || word === 'SET' || word === 'USE') yield* this.#held(word)
    else yield* this.#pass()
    return true
  }

  *#next(): Steps<Token | typeof END> {
    let token = this.#tokens.next()
    while (token === MORE) {
      yield MORE
      token = this.#tokens.next()
    }
    return token
  }

  #ends(token: Token): boolean {
    if (token.type === 'word') return token.text.endsWith(this.#delimiter)
    if (token.type !== 'sign') return false
    if (this.#delimiter.length === 1) return token.text === this.#delimiter
    this.#signs = ((token.isJoined ? this.#signs : '') + token.text).slice(-this.#delimiter.length)
    return this.#signs === this.#delimiter
  }

  *#setDelimiter(): Steps<void> {
    let text = this.#tokens.restOfLine()
    while (text === MORE) {
      yield MORE
      text = this.#tokens.restOfLine()
    }
    this.#delimiter = text.slice(0, 16) || ';'
  }

  /** To the end of the statement. */
  *#pass(): Steps<void> {
    for (;;) {
      // not by #next: a generator for each of millions of words
      const token = this.#tokens.next(this.#delimiter === ';')
      if (token === MORE) yield MORE
      else if (token === END) return this.#mayEnd()
      else if (this.#ends(token)) return
    }
  }

  /** A statement that only the dump ends: behind a delimiter of its own it may have swallowed all that came. */
  #mayEnd(): void {
    if (this.#delimiter !== ';') throw fault('SQL_TOKEN', this.#line, `a statement that no "${this.#delimiter}" ends`)
  }

  *#held(word: string): Steps<void> {
    const tokens: Token[] = []
    for (;;) {
      const token = this.#tokens.next()
      if (token === MORE) {
        yield MORE
        continue
      }
      if (token === END) {
        this.#mayEnd()
        break
      }
      if (this.#ends(token)) {
        // the signs before the last one of a delimiter
        if (token.type === 'sign') tokens.splice(tokens.length - (this.#delimiter.length - 1))
        break
      }
      // of what is not taken the beginning is enough to tell what it is
      if (tokens.length >= STATEMENT_TOKENS_MAX)
        throw fault('SQL_STATEMENT', token.line, `a statement of more than ${STATEMENT_TOKENS_MAX} words`)
      tokens.push(token)
    }
    if (tokens.length > 0) yield* eventsOf(word, new Cursor(tokens))
  }

  *#insert(): Steps<void> {
    let token = yield* this.#next()
    while (token !== END && token.type === 'word' && MODIFIERS.has(token.upper)) token = yield* this.#next()
    let [database, table]: [string | undefined, string] = [undefined, nameIn(token)]
    token = yield* this.#next()
    if (isSign(token, '.')) {
      database = table
      table = nameIn(yield* this.#next())
      token = yield* this.#next()
    }
    let columns: string[] | undefined
    if (isSign(token, '(')) {
      columns = []
      do {
        columns.push(nameIn(yield* this.#next()))
        if (columns.length > COLUMNS_MAX) throw fault('SQL_ROW', lineOf(token), `more than ${COLUMNS_MAX} columns`)
        token = yield* this.#next()
      } while (isSign(token, ','))
      if (!isSign(token, ')')) throw fault('SQL_ROW', lineOf(token), 'column names without an end')
      token = yield* this.#next()
    }
    if (token === END || token.type !== 'word' || (token.upper !== 'VALUES' && token.upper !== 'VALUE')) {
      throw fault('SQL_ROW', lineOf(token), 'an INSERT without VALUES')
    }
    do {
      token = yield* this.#next()
      if (!isSign(token, '(')) throw fault('SQL_ROW', lineOf(token), 'something that is no row')
      const { line } = token as Token
      const values: SqlValue[] = []
      do {
        token = yield* this.#next()
        if (values.length === 0 && isSign(token, ')')) break // VALUES ()
        if (values.length >= COLUMNS_MAX) throw fault('SQL_ROW', line, `more than ${COLUMNS_MAX} values`)
        values.push(yield* this.#value(token))
        token = yield* this.#next()
      } while (isSign(token, ','))
      if (!isSign(token, ')')) throw fault('SQL_ROW', lineOf(token), 'a value that is an expression')
      yield { type: 'row', database, table, columns, values, line }
      token = yield* this.#next()
    } while (isSign(token, ','))
    if (token !== END && !this.#ends(token)) yield* this.#pass() // ON DUPLICATE KEY …
  }

  *#value(first: Token | typeof END): Steps<SqlValue> {
    if (first === END) throw fault('SQL_ROW', 0, 'the end of the dump')
    if (first.type === 'text') return { type: 'bytes', bytes: first.bytes, charset: undefined }
    if (first.type === 'number') return { type: 'number', text: first.text }
    if (first.type === 'hex') return { type: 'bytes', bytes: bytesOfHex(first.text), charset: 'binary' }
    if (first.type === 'bits') return { type: 'bits', text: first.text }
    if (first.type === 'sign' && (first.text === '-' || first.text === '+')) {
      const token = yield* this.#next()
      if (token === END || token.type !== 'number') throw fault('SQL_ROW', first.line, 'a value that is an expression')
      return { type: 'number', text: first.text === '-' ? `-${token.text}` : token.text }
    }
    if (first.type === 'word') {
      if (first.upper === 'NULL') return null
      if (first.upper === 'DEFAULT') return { type: 'default' }
      if (first.upper === 'TRUE' || first.upper === 'FALSE') return { type: 'number', text: first.upper === 'TRUE' ? '1' : '0' }
      if (first.upper.startsWith('_')) {
        const value = yield* this.#value(yield* this.#next())
        if (value !== null && value.type === 'bytes') return { ...value, charset: first.text.slice(1).toLowerCase() }
      }
    }
    throw fault('SQL_ROW', first.line, 'a value that is an expression')
  }
}
const MODIFIERS: ReadonlySet<string> = new Set(['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO'])

function* eventsOf(word: string, cursor: Cursor): Generator<DumpEvent, void, void> {
  const { line } = cursor
  if (word === 'SET') {
    const token = cursor.passed('NAMES') ? cursor.take() : undefined
    const name = token?.type === 'text' ? Buffer.from(token.bytes).toString('latin1') : token?.text
    if (name !== undefined && name.toUpperCase() !== 'DEFAULT') yield { type: 'charset', name: name.toLowerCase(), line }
  } else if (word === 'USE') {
    yield { type: 'database', name: cursor.name(), line }
  } else if (word === 'DROP') {
    if (!cursor.passed('TABLE')) return
    cursor.passed('IF', 'EXISTS')
    do yield { type: 'dropped', ...cursor.tableName(), line }
    while (cursor.passedSign(','))
  } else if (word === 'ALTER') {
    if (cursor.passed('TABLE')) yield* alteration(cursor, line)
  } else {
    cursor.passed('TEMPORARY')
    if (!cursor.passed('TABLE')) {
      yield* notTaken(cursor, line)
      return
    }
    const table = parseTable(cursor)
    if (table !== undefined) yield { type: 'table', table }
  }
}

function* alteration(cursor: Cursor, line: number): Generator<DumpEvent, void, void> {
  const name = cursor.tableName()
  const keys: KeyDefinition[] = []
  const foreignKeys: ForeignKey[] = []
  const columns: ColumnDefinition[] = []
  let nextId: string | undefined
  do {
    if (cursor.passed('MODIFY')) {
      cursor.passed('COLUMN')
      parseColumnInto(cursor, columns, keys)
    } else if (cursor.passed('ADD')) {
      if (!parseKeyInto(cursor, keys, foreignKeys)) {
        cursor.passed('COLUMN')
        parseColumnInto(cursor, columns, keys)
      }
    } else if (cursor.passed('AUTO_INCREMENT')) nextId = cursor.value()
    else while (!cursor.isAtEnd && !cursor.isSign(',')) cursor.take()
  } while (cursor.passedSign(','))
  const isAltered = keys.length + foreignKeys.length + columns.length > 0 || nextId !== undefined
  if (isAltered) yield { type: 'altered', ...name, keys, foreignKeys, columns, nextId, line }
}

function* notTaken(cursor: Cursor, line: number): Generator<DumpEvent, void, void> {
  for (let words = 0; !cursor.isAtEnd && words < 64; words++) {
    const kind = (['VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT'] as const).find((one) => cursor.passed(one))
    if (kind === undefined) {
      cursor.take()
      continue
    }
    cursor.passed('IF', 'NOT', 'EXISTS')
    const { database, table: name } = cursor.tableName()
    yield { type: 'not-taken', kind: kind.toLowerCase() as 'view', database, name, line }
    return
  }
}

const isSign = (token: Token | typeof END, sign: string): boolean => token !== END && token.type === 'sign' && token.text === sign
const lineOf = (token: Token | typeof END): number => (token === END ? 0 : token.line)
const fault = (code: 'SQL_TOKEN' | 'SQL_STATEMENT' | 'SQL_ROW', line: number, found: string) => new SqlDumpError({ code, line, found })

function nameIn(token: Token | typeof END): string {
  if (token !== END && (token.type === 'name' || token.type === 'word')) return token.text
  throw fault('SQL_ROW', lineOf(token), 'something that is no name')
}

function bytesOfHex(digits: string): Uint8Array {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return Uint8Array.from(Buffer.from(even, 'hex'))
}
