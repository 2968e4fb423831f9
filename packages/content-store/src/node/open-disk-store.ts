import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ContentStoreError, type StoreKind } from '../errors.js'
import type { ContentStore, StoreOptions } from '../memory-store.js'
import { LMDB_FILE } from './lmdb-file.js'
import { hasLmdb, openLmdbStore } from './lmdb-store.js'
import { SQLITE_FILE } from './sqlite-file.js'
import { openSqliteStore } from './sqlite-store.js'

export interface DiskStoreOptions extends StoreOptions {
  /** Default: lmdb, or SQLite where lmdb has no binary for the platform (musl). */
  readonly kind?: StoreKind | undefined
}

const FILES: Readonly<Record<StoreKind, string>> = { lmdb: LMDB_FILE, sqlite: SQLITE_FILE }
const KINDS = ['lmdb', 'sqlite'] as const

/**
 * Opens the store that `folder` has, or makes one. A folder stays with the kind that it began with: in another, what must not be forgotten
 * would seem never to have been.
 * @throws {ContentStoreError} STORE_UNAVAILABLE, STORE_OTHER_KIND
 */
export function openDiskStore(folder: string, { kind, ...options }: DiskStoreOptions = {}): ContentStore {
  const found = KINDS.filter((one) => existsSync(join(folder, FILES[one])))
  const asked = kind ?? found[0] ?? (hasLmdb() ? 'lmdb' : 'sqlite')
  const other = found.find((one) => one !== asked)
  if (other !== undefined) throw new ContentStoreError({ code: 'STORE_OTHER_KIND', folder, found: other, asked })
  return asked === 'lmdb' ? openLmdbStore(folder, options) : openSqliteStore(folder, options)
}
