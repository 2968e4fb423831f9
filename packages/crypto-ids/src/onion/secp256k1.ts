import { secp256k1 } from '@noble/curves/secp256k1.js'
import { CryptoError, requireLength } from '../errors.js'
import { sha256 } from '../hash.js'
import { type OnionFormat, type OnionKey, onionFormat } from './onion-format.js'

const { Point } = secp256k1

// 32 big-endian bytes as a scalar: blinding factors are hashes, so they are reduced.
function scalarOf(bytes: Uint8Array): bigint {
  return Point.Fn.create(BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`))
}

function multiply(secret: Uint8Array, point: Uint8Array): Uint8Array {
  try {
    return Point.fromBytes(point).multiply(scalarOf(secret)).toBytes(true)
  } catch (cause) {
    throw new CryptoError({ code: 'ONION_KEY_UNUSABLE' }, { cause }) // no point of the curve, or the scalar 0
  }
}

/**
 * Lightning's onions (BOLT-04): secp256k1, 1,366 bytes: version 0, key 33, area 1,300, HMAC 32. Payloads are given and returned without their
 * BigSize length. What is in them is the caller's matter; BOLT-04 reserves the lengths 0 and 1.
 */
export const bolt04Onion: OnionFormat = onionFormat({
  version: 0,
  packetBytes: 1_366,
  group: {
    keyBytes: 33,
    publicKeyOf: (secret) => multiply(secret, Point.BASE.toBytes(true)),
    multiply,
    sharedSecretOf: (product) => sha256(product),
  },
})

/**
 * What peels a Lightning node's onions.
 * @param secret 32 bytes, big-endian; copied
 * @throws {CryptoError} BYTES_LENGTH
 */
export function bolt04Key(secret: Uint8Array): OnionKey {
  requireLength(secret, 32, 'onion key')
  const own = Uint8Array.from(secret)
  return { sharedSecret: (ephemeralKey) => multiply(own, ephemeralKey) }
}
