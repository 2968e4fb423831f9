import { ContentStoreError } from '../errors.js'

/** The longest key of a map. The empty key is a key like any other. */
export const KEY_MAX_BYTES = 256

/*
 * A key as bits: each byte is a 1 and then its 8 bits, highest first; after the last byte there are zeros without end. So bit 9i says
 * whether the key has a byte i, no two keys have the same bits, and the order of the bits is the order of the bytes, a prefix first.
 */

/** The last bit in which two keys can differ. */
export const BIT_MAX = 9 * KEY_MAX_BYTES - 1
/** Where a leaf stands among bits: below all of them. */
export const LEAF_BIT = BIT_MAX + 1

/** Bit `bit` of a key: 0 or 1. */
export function bitOf(key: Uint8Array, bit: number): number {
  const at = Math.floor(bit / 9)
  if (at >= key.length) return 0
  const within = bit - 9 * at
  return within === 0 ? 1 : ((key[at] as number) >> (8 - within)) & 1
}

/** The first bit in which two keys differ; LEAF_BIT where they are the same. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) ^ (b[i] as number)
    if (difference !== 0) return 9 * i + 1 + Math.clz32(difference << 24)
  }
  return a.length === b.length ? LEAF_BIT : 9 * length
}

/** @throws {ContentStoreError} MAP_KEY */
export function assertKey(key: Uint8Array): void {
  if (key.length > KEY_MAX_BYTES) throw new ContentStoreError({ code: 'MAP_KEY', bytes: key.length, maxBytes: KEY_MAX_BYTES })
}
