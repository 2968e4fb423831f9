import { sha256 } from '@interpeer/crypto-ids'
import { concatBytes, sameBytes } from '@interpeer/wire-codec'
import { ContentStoreError } from '../errors.js'
import { assertRecordKey, assertRecordPrefix, assertRecordSpace, assertRecords, type RecordStore } from '../records.js'
import { type Bytes, type Commit, pagesOf, plain } from './lmdb-store.js'

const DIGEST_BYTES = 32

/**
 * One space of records. Stored as SHA-256 of (key, value) and then the value: a spoiled lock must not pass for a lock, nor for none.
 * @throws {ContentStoreError} RECORD_KEY
 */
export function lmdbRecords(table: Bytes, name: string, commit: Commit, assertOpen: () => void): RecordStore {
  assertOpen()
  assertRecordSpace(name)
  const stored = (key: string): Uint8Array => Buffer.from(`${name}/${key}`, 'latin1') // keys are ASCII: in byte order everywhere
  const opened = (key: string, value: Uint8Array): Uint8Array => {
    const bytes = value.subarray(DIGEST_BYTES)
    if (!sameBytes(value.subarray(0, DIGEST_BYTES), sha256(stored(key), bytes)))
      throw new ContentStoreError({ code: 'RECORD_CORRUPT', key })
    return bytes
  }
  return {
    get: (key) => {
      assertOpen()
      assertRecordKey(key)
      const value = plain(table.getBinary(stored(key)))
      return value && opened(key, value)
    },
    put: async (entries) => {
      assertOpen()
      assertRecords(entries)
      const values = entries.map(([key, bytes]) => [stored(key), concatBytes(sha256(stored(key), bytes), bytes)] as const)
      const neededBytes = values.reduce((sum, [, value]) => sum + pagesOf(value), 0)
      await commit('records', neededBytes, () => values.map(([key, value]) => table.put(key, value)))
    },
    delete: async (keys) => {
      await commit('records', 0, () => keys.map((key) => table.remove(stored(key))))
    },
    list: (prefix) => {
      assertOpen()
      assertRecordPrefix(prefix)
      const range = table.getRange({ start: stored(prefix), end: stored(`${prefix}\x7f`), snapshot: true })
      return [...range].map(({ key, value }) => {
        const text = Buffer.from(key)
          .toString('latin1')
          .slice(name.length + 1)
        return [text, opened(text, plain(value) as Uint8Array)] as const
      })
    },
  }
}
