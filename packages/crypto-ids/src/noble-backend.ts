// Pure JavaScript, for browsers and wherever there is no `node:crypto`. Functions of their own, so that a bundler takes what is used.
import { chacha20poly1305, chacha20 as nobleChacha20 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 as nobleX25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2.js'
import type { AgreementKey, SigningKey } from './backend.js'
import { GROUP_ORDER, numberOfLe } from './little-endian.js'

const NONCE_0 = new Uint8Array(12)

export function sha256(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return nobleSha256(parts[0] as Uint8Array)
  const hash = nobleSha256.create()
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function hmacSha256(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const mac = hmac.create(nobleSha256, key)
  for (const part of parts) mac.update(part)
  return mac.digest()
}

export function signingKey(seed: Uint8Array): SigningKey {
  const secret = Uint8Array.from(seed)
  return { publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) }
}

// Not ed25519.verify: with zip215 off it is still cofactored, so it takes signatures that OpenSSL and libsodium refuse.
export function verifyFiltered(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const { Point } = ed25519
  const r = signature.subarray(0, 32)
  const s = numberOfLe(signature.subarray(32))
  let key: InstanceType<typeof Point>
  try {
    key = Point.fromBytes(publicKey, false)
  } catch {
    return false // the bytes name no point
  }
  const hash = sha512.create().update(r).update(publicKey).update(message).digest()
  const k = numberOfLe(hash) % GROUP_ORDER
  const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes()
  return expected.every((byte, i) => byte === r[i])
}

export function agreementKey(secret: Uint8Array): AgreementKey {
  const own = Uint8Array.from(secret)
  return { publicKey: nobleX25519.getPublicKey(own), agree: (theirPublicKey) => x25519(own, theirPublicKey) }
}

export function x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  try {
    return nobleX25519.getSharedSecret(secret, publicKey)
  } catch {
    return undefined // noble throws on points of small order, where the result is all zero
  }
}

export function chacha20(key: Uint8Array, length: number): Uint8Array {
  return nobleChacha20(key, NONCE_0, new Uint8Array(length))
}

export function aeadSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  return chacha20poly1305(key, nonce, aad).encrypt(plain)
}

export function aeadOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return chacha20poly1305(key, nonce, aad).decrypt(sealed)
  } catch {
    return undefined // wrong tag, or too short to hold one
  }
}
