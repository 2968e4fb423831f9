import { ContentStoreError } from '../errors.js'

/** @throws {ContentStoreError} STORE_READ_FAILED for whatever the database throws: a damaged file is told from a missing value */
export function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new ContentStoreError({ code: 'STORE_READ_FAILED' }, { cause })
  }
}
