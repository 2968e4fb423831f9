import { type CborValue, encodeCbor } from '@interpeer/wire-codec'
import * as backend from '#backend'
import { CryptoError } from './errors.js'

/** SHA-256 of the parts joined: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return backend.sha256(parts)
}

/** HMAC-SHA-256 (RFC 2104) of the parts joined: 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return backend.hmacSha256(key, parts)
}

/**
 * HKDF-SHA-256 (RFC 5869): `length` bytes, at most 255 × 32. Noise's HKDF is this with an empty `info`.
 * @throws {CryptoError} BYTES_LENGTH when more is asked for
 */
export function hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!(length >= 0 && length <= 255 * 32))
    throw new CryptoError({ code: 'BYTES_LENGTH', what: 'HKDF output', wanted: 255 * 32, given: length })
  const key = backend.hmacSha256(salt, [ikm])
  const out = new Uint8Array(length)
  let last = new Uint8Array(0)
  for (let at = 0, counter = 1; at < length; at += 32, counter++) {
    last = Uint8Array.from(backend.hmacSha256(key, [last, info, Uint8Array.of(counter)]))
    out.set(last.subarray(0, length - at), at)
  }
  return out
}

/**
 * A commitment (§6.2, §8.10): SHA-256 of the canonical CBOR `[context, ...parts]`. `context` says what the seal is for, so that
 * one made for one purpose is worth nothing in another.
 */
export function sealOf(context: string, parts: readonly CborValue[]): Uint8Array {
  return backend.sha256([encodeCbor([context, ...parts])])
}

/** Compares in a time that depends on the lengths alone: for secrets and tags. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
