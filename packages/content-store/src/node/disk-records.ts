import { sha256 } from '@interpeer/crypto-ids'
import { concatBytes, sameBytes } from '@interpeer/wire-codec'
import { ContentStoreError } from '../errors.js'
import { assertRecordKey, assertRecordPrefix, assertRecordSpace, assertRecords, type RecordStore } from '../records.js'
import type { GroupCommit } from './group-commit.js'
import { reading } from './reading.js'
import type { Tables } from './tables.js'

const DIGEST_BYTES = 32

/**
 * One space of records in a table of a database: the key is `space/key`. Stored as SHA-256 of (key, value) and then the value: a spoiled
 * lock must not pass for a lock, nor for none.
 * @throws {ContentStoreError} RECORD_KEY, STORE_CLOSED
 */
export function diskRecords(tables: Tables, name: string, commit: GroupCommit): RecordStore {
  commit.assertOpen()
  assertRecordSpace(name)
  const stored = (key: string): Uint8Array => Uint8Array.from(Buffer.from(`${name}/${key}`, 'latin1')) // ASCII: in byte order everywhere
  const opened = (key: string, value: Uint8Array): Uint8Array => {
    const bytes = value.subarray(DIGEST_BYTES)
    if (!sameBytes(value.subarray(0, DIGEST_BYTES), sha256(stored(key), bytes)))
      throw new ContentStoreError({ code: 'RECORD_CORRUPT', key })
    return bytes
  }
  const entriesOf = (prefix: string): readonly (readonly [key: string, value: Uint8Array])[] => {
    commit.assertOpen()
    assertRecordPrefix(prefix)
    const entries = reading(() => tables.entries('records', stored(prefix), stored(`${prefix}\x7f`)))
    const textOf = (key: Uint8Array) =>
      Buffer.from(key)
        .toString('latin1')
        .slice(name.length + 1)
    return entries.map(([key, value]) => [textOf(key), value] as const)
  }
  return {
    get: (key) => {
      commit.assertOpen()
      assertRecordKey(key)
      const value = reading(() => tables.get('records', stored(key)))
      return value && opened(key, value)
    },
    put: async (entries) => {
      commit.assertOpen()
      assertRecords(entries)
      const changes = entries.map(([key, bytes]) => ({ key: stored(key), value: concatBytes(sha256(stored(key), bytes), bytes) }))
      await commit.write('records', changes)
    },
    delete: (keys) =>
      commit.write(
        'records',
        keys.map((key) => ({ key: stored(key), value: undefined })),
      ),
    keys: (prefix) => entriesOf(prefix).map(([key]) => key),
    list: (prefix) => entriesOf(prefix).map(([key, value]) => [key, opened(key, value)] as const),
  }
}
