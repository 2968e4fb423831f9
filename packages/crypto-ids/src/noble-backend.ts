import { chacha20, chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Backend } from './backend.js'
import { GROUP_ORDER, numberOfLe } from './little-endian.js'

const Point = ed25519.Point
const NONCE_0 = new Uint8Array(12)

/** Pure JavaScript, for browsers and wherever there is no `node:crypto`. */
export const backend: Backend = {
  sha256(parts) {
    if (parts.length === 1) return sha256(parts[0] as Uint8Array)
    const hash = sha256.create()
    for (const part of parts) hash.update(part)
    return hash.digest()
  },

  hmacSha256(key, parts) {
    const mac = hmac.create(sha256, key)
    for (const part of parts) mac.update(part)
    return mac.digest()
  },

  signingKey(seed) {
    const secret = Uint8Array.from(seed)
    return { publicKey: ed25519.getPublicKey(secret), sign: (message) => ed25519.sign(message, secret) }
  },

  // Not ed25519.verify: with zip215 off it is still cofactored, so it takes signatures that OpenSSL and libsodium refuse.
  verifyFiltered(signature, message, publicKey) {
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
  },

  agreementKey(secret) {
    const own = Uint8Array.from(secret)
    return { publicKey: x25519.getPublicKey(own), agree: (theirPublicKey) => backend.x25519(own, theirPublicKey) }
  },

  x25519(secret, publicKey) {
    try {
      return x25519.getSharedSecret(secret, publicKey)
    } catch {
      return undefined // noble throws on points of small order, where the result is all zero
    }
  },

  chacha20(key, length) {
    return chacha20(key, NONCE_0, new Uint8Array(length))
  },

  aeadSeal(key, nonce, aad, plain) {
    return chacha20poly1305(key, nonce, aad).encrypt(plain)
  },

  aeadOpen(key, nonce, aad, sealed) {
    try {
      return chacha20poly1305(key, nonce, aad).decrypt(sealed)
    } catch {
      return undefined // wrong tag, or too short to hold one
    }
  },
}
