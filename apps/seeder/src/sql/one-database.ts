import type { DumpEvent } from './dump-events.js'
import { SqlDumpError } from './errors.js'

/** Of which phpMyAdmin adds its own notes to a dump of another database. */
const NOTES = 'phpmyadmin'
type Done = Exclude<DumpEvent, { type: 'charset' | 'database' }>

/** Holds a dump to the one database that its first table is of: tables of two would be taken for each other. */
export class OneDatabase {
  /** '': what no USE came before. */
  #now = ''
  #own: string | undefined

  /** Whether what a dump does is done to that database: the one that a name says itself, or that was named before. @throws {SqlDumpError} SQL_DATABASES */
  has(event: DumpEvent): boolean {
    if (event.type === 'charset') return true
    if (event.type === 'database') {
      this.#now = event.name
      return true
    }
    const { database = this.#now, line } = placeOf(event)
    this.#own ??= database
    if (database === this.#own) return true
    if (database === NOTES) return false
    const names = [this.#own, database].map((name) => (name === '' ? 'one without a name' : name))
    throw new SqlDumpError({ code: 'SQL_DATABASES', line, found: `tables of more than one database (${names.join(', ')})` })
  }
}

const placeOf = (event: Done): { readonly database: string | undefined; readonly line: number } =>
  event.type === 'table' ? event.table : event
