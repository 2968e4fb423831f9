import * as backend from '#backend'
import { requireLength } from './errors.js'

/**
 * ChaCha20-Poly1305 (RFC 8439): the ciphertext, then its 16-byte tag. A pair of key and nonce seals one message, ever.
 * @throws {CryptoError} BYTES_LENGTH unless the key has 32 bytes and the nonce 12
 */
export function aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  requireLength(key, 32, 'AEAD key')
  requireLength(nonce, 12, 'AEAD nonce')
  return backend.aeadSeal(key, nonce, aad, plain)
}

/**
 * The message, or undefined where anything differs from what was sealed. Nothing of a forgery is ever handed out.
 * @throws {CryptoError} BYTES_LENGTH unless the key has 32 bytes and the nonce 12
 */
export function aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  requireLength(key, 32, 'AEAD key')
  requireLength(nonce, 12, 'AEAD nonce')
  return sealed.length < 16 ? undefined : backend.aeadOpen(key, nonce, aad, sealed)
}
