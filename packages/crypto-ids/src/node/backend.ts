// On `node:crypto` (OpenSSL): about 16 times noble for signatures. Small AEAD messages under a key that is used once stay with noble, which wins there.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import type { AgreementKey, SigningKey } from '../backend.js'
import * as noble from '../noble-backend.js'
import { cipherKeyOf } from './cipher-keys.js'
import { ed25519KeyObject } from './public-keys.js'

/** A cipher object of node:crypto costs about 17 µs for raw bytes of a key, whatever the size; below this, noble is done earlier (measured). */
const NATIVE_AEAD_MIN_BYTES = 2048
/** The same with its HMAC object, about 15 µs. */
const NATIVE_HMAC_MIN_BYTES = 4096
/** Above this, hashing in pieces is cheaper than joining them first. */
const JOINED_HASH_MAX_BYTES = 8192

// The fixed starts of an Ed25519 or X25519 key in DER (RFC 8410); 32 bytes of key follow.
const ED25519_PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex')
const X25519_PUBLIC = Buffer.from('302a300506032b656e032100', 'hex')
const X25519_PRIVATE = Buffer.from('302e020100300506032b656e04220420', 'hex')

const x25519KeyObject = (key: Uint8Array) => createPublicKey({ key: Buffer.concat([X25519_PUBLIC, key]), format: 'der', type: 'spki' })
const privateOf = (prefix: Buffer, key: Uint8Array) => createPrivateKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'pkcs8' })
// Callers get plain arrays: a Buffer's slice() shares memory, and that surprises.
const plain = (buffer: Buffer) => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

/** X25519, or undefined where the result would be all zero. */
function agreed(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    const shared = plain(diffieHellman({ privateKey, publicKey: x25519KeyObject(publicKey) }))
    return shared.some((byte) => byte !== 0) ? shared : undefined
  } catch {
    return undefined // OpenSSL fails where the result would be all zero
  }
}

/**
 * By way of a string: 32 bytes of our own lie in V8's heap, where those of a Buffer cost more than the hash of a small message
 * (measured: 0.6 µs for 1.6).
 */
function sha256Of(bytes: Uint8Array): Uint8Array {
  const text = hash('sha256', bytes, 'binary')
  const digest = new Uint8Array(32)
  for (let i = 0; i < digest.length; i++) digest[i] = text.charCodeAt(i)
  return digest
}

function rawOf(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(12))
}

export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (parts.length === 1) return sha256Of(parts[0] as Uint8Array)
  if (length <= JOINED_HASH_MAX_BYTES) return sha256Of(Buffer.concat(parts, length))
  const pieces = createHash('sha256')
  for (const part of parts) pieces.update(part)
  return plain(pieces.digest())
}

export function hmacSha256(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  if (parts.reduce((sum, part) => sum + part.length, 0) < NATIVE_HMAC_MIN_BYTES) return noble.hmacSha256(key, parts)
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return plain(mac.digest())
}

export function signingKey(seed: Uint8Array): SigningKey {
  const key = privateOf(ED25519_PRIVATE, seed)
  return { publicKey: rawOf(createPublicKey(key)), sign: (message) => plain(sign(null, message, key)) }
}

export function verifyFiltered(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return verify(null, message, ed25519KeyObject(publicKey), signature)
}

export function agreementKey(secret: Uint8Array): AgreementKey {
  const privateKey = privateOf(X25519_PRIVATE, secret)
  return { publicKey: rawOf(createPublicKey(privateKey)), agree: (theirPublicKey) => agreed(privateKey, theirPublicKey) }
}

export function x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  return agreed(privateOf(X25519_PRIVATE, secret), publicKey)
}

// Its cipher object costs more than noble's stream up to some 10 KiB, and nobody needs that much.
export const chacha20 = noble.chacha20

export function aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, message: Uint8Array): Uint8Array {
  const known = cipherKeyOf(key)
  if (known === undefined && message.length < NATIVE_AEAD_MIN_BYTES) return noble.aeadSeal(key, nonce, aad, message)
  const cipher = createCipheriv('chacha20-poly1305', known ?? key, nonce, { authTagLength: 16 })
  cipher.setAAD(aad, { plaintextLength: message.length })
  const sealed = new Uint8Array(message.length + 16)
  sealed.set(cipher.update(message))
  cipher.final()
  sealed.set(cipher.getAuthTag(), message.length)
  return sealed
}

export function aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < 16) return undefined // no tag: a key that is known would have node:crypto throw
  const known = cipherKeyOf(key)
  if (known === undefined && sealed.length < NATIVE_AEAD_MIN_BYTES) return noble.aeadOpen(key, nonce, aad, sealed)
  const length = sealed.length - 16
  const decipher = createDecipheriv('chacha20-poly1305', known ?? key, nonce, { authTagLength: 16 })
  decipher.setAAD(aad, { plaintextLength: length })
  decipher.setAuthTag(sealed.subarray(length))
  const message = decipher.update(sealed.subarray(0, length))
  try {
    decipher.final()
  } catch {
    return undefined // wrong tag
  }
  return plain(message)
}
