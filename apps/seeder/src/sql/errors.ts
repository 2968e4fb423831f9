/** Codes are public API: add new ones, never rename or reuse one. `line`: of the dump, from 1. */
export type SqlDumpFailure =
  | { readonly code: 'SQL_TOKEN'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_TOO_LONG'; readonly line: number; readonly bytesMax: number }
  | { readonly code: 'SQL_STATEMENT'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_ROW'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_TABLE_UNKNOWN'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_CHARSET'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_DATABASES'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_NAMES_ALIKE'; readonly line: number; readonly found: string }
  | { readonly code: 'SQL_EMPTY'; readonly line: number; readonly found: string }

/** A dump that can't be made a database of. Nothing that it holds is in the message but names. */
export class SqlDumpError extends Error {
  override readonly name = 'SqlDumpError'
  readonly failure: SqlDumpFailure

  constructor(failure: SqlDumpFailure) {
    const about = 'found' in failure ? failure.found : `more than ${failure.bytesMax} bytes in one piece`
    super(`${failure.code} line ${failure.line}: ${about}`)
    this.failure = failure
  }
  get code(): SqlDumpFailure['code'] {
    return this.failure.code
  }
}
