import type { DumpEvent } from './dump-events.js'
import { SqlDumpError } from './errors.js'

/** Of which phpMyAdmin adds its own notes to a dump of another database. */
const NOTES = 'phpmyadmin'

/** Holds a dump to the one database that its first table is of: tables of two would be taken for each other. */
export class OneDatabase {
  /** '': what no USE came before. */
  #now = ''
  #own: string | undefined

  /** Whether what a dump does is done to that database. @throws {SqlDumpError} SQL_DATABASES */
  has(event: DumpEvent): boolean {
    if (event.type === 'charset') return true
    if (event.type === 'database') {
      this.#now = event.name
      return true
    }
    this.#own ??= this.#now
    if (this.#now === this.#own) return true
    if (this.#now === NOTES) return false
    const found = `tables of more than one database (${this.#own === '' ? '' : `${this.#own}, `}${this.#now})`
    throw new SqlDumpError({ code: 'SQL_DATABASES', line: lineOf(event), found })
  }
}

const lineOf = (event: Exclude<DumpEvent, { type: 'charset' }>): number => (event.type === 'table' ? event.table.line : event.line)
