import { createSecretKey, type KeyObject } from 'node:crypto'

/** What node:crypto makes ciphers with, for the bytes of a key. A copy of these is held too: who wipes or reuses the array gets another. */
interface CipherKey {
  readonly bytes: Uint8Array
  object: KeyObject | undefined
}
const known = new WeakMap<Uint8Array, CipherKey>()

/**
 * The key object of a key that is used again and again, as that of a session is; undefined at its first use. Node looks at raw bytes for 12 µs each time
 * before it makes a cipher of them, which is more than all that the cipher does to a packet (measured).
 */
export function cipherKeyOf(key: Uint8Array): KeyObject | undefined {
  const found = known.get(key)
  if (found === undefined || !isSame(found.bytes, key)) {
    known.set(key, { bytes: Uint8Array.from(key), object: undefined })
    return undefined
  }
  found.object ??= createSecretKey(key)
  return found.object
}

// Both are this process's own, at the same place: nothing is learnt from when it stops.
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
