import { ContentStoreError } from './errors.js'

/**
 * Small durable values beside the blocks, for what a crash must not forget (locks, signed messages). Keys are 1 to 200 printable
 * ASCII characters, so that every store sorts them alike; a value has at most 4 MiB.
 */
export interface RecordStore {
  /** @throws {ContentStoreError} RECORD_CORRUPT: a damaged lock is not a missing one; RECORD_KEY, STORE_CLOSED */
  readonly get: (key: string) => Uint8Array | undefined
  /** All or none; durable when it resolves. @throws {ContentStoreError} RECORD_KEY, RECORD_TOO_LARGE, STORE_FULL, … (rejects) */
  readonly put: (entries: readonly (readonly [key: string, bytes: Uint8Array])[]) => Promise<void>
  /** All or none. Keys that are not there change nothing. */
  readonly delete: (keys: readonly string[]) => Promise<void>
  /** The keys of those, whether their records can be read or not: `get` each where one that is spoiled must not hide the others. */
  readonly keys: (prefix: string) => readonly string[]
  /** Every record whose key starts with `prefix` ('' = all), sorted by key, as of now. @throws {ContentStoreError} RECORD_CORRUPT */
  readonly list: (prefix: string) => Iterable<readonly [key: string, bytes: Uint8Array]>
}

export const RECORD_MAX_BYTES = 4 * 1024 * 1024
const KEY = /^[\x21-\x7e]{1,200}$/
const PREFIX = /^[\x21-\x7e]{0,200}$/
const SPACE = /^[a-z0-9-]{1,32}$/

/** @throws {ContentStoreError} RECORD_KEY */
export function assertRecordKey(key: string): void {
  if (!KEY.test(key)) throw new ContentStoreError({ code: 'RECORD_KEY', key })
}
/** @throws {ContentStoreError} RECORD_KEY */
export function assertRecordPrefix(prefix: string): void {
  if (!PREFIX.test(prefix)) throw new ContentStoreError({ code: 'RECORD_KEY', key: prefix })
}
/** A space's name: 1 to 32 of a-z, 0-9 and '-'. @throws {ContentStoreError} RECORD_KEY */
export function assertRecordSpace(name: string): void {
  if (!SPACE.test(name)) throw new ContentStoreError({ code: 'RECORD_KEY', key: name })
}
/** @throws {ContentStoreError} RECORD_KEY, RECORD_TOO_LARGE */
export function assertRecords(entries: readonly (readonly [string, Uint8Array])[]): void {
  for (const [key, bytes] of entries) {
    assertRecordKey(key)
    if (bytes.length > RECORD_MAX_BYTES) {
      throw new ContentStoreError({ code: 'RECORD_TOO_LARGE', key, bytes: bytes.length, maxBytes: RECORD_MAX_BYTES })
    }
  }
}
