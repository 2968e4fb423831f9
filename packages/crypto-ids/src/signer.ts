import { ed25519 } from '@noble/curves/ed25519.js'
import * as backend from '#backend'
import { CryptoError, requireLength } from './errors.js'
import { type PeerId, peerIdOfKey } from './peer-id.js'
import { faultOfPoint } from './strict.js'
import { vrfProve } from './vrf.js'

/** Half of an X25519 exchange (RFC 7748). */
export interface Agreement {
  /** 32 bytes, to be sent to the other side. */
  readonly publicKey: Uint8Array
  /** @throws {CryptoError} SHARED_SECRET_ZERO where their key is of small order, BYTES_LENGTH */
  readonly sharedSecret: (theirPublicKey: Uint8Array) => Uint8Array
}

/** A peer's key, without its secret in reach. */
export interface Signer {
  readonly peerId: PeerId
  /** The Ed25519 public key, 32 bytes. Not to be altered. */
  readonly publicKey: Uint8Array
  /** Ed25519 (RFC 8032), 64 bytes. For messages use `signMessage`, which binds network, kind and version. */
  readonly sign: (message: Uint8Array) => Uint8Array
  /** The 80-byte VRF proof for `alpha`. */
  readonly vrfProve: (alpha: Uint8Array) => Uint8Array
  /**
   * X25519 with this key's scalar; the other side uses `montgomeryOf(publicKey)`.
   * @throws {CryptoError} SHARED_SECRET_ZERO where their key is of small order, BYTES_LENGTH
   */
  readonly sharedSecret: (theirX25519PublicKey: Uint8Array) => Uint8Array
}

/**
 * @param seed 32 secret bytes (RFC 8032 §5.1.5); copied
 * @throws {CryptoError} BYTES_LENGTH
 */
export function createSigner(seed: Uint8Array): Signer {
  requireLength(seed, 32, 'seed')
  const secret = Uint8Array.from(seed)
  const { publicKey, sign } = backend.signingKey(secret)
  let agreement: Agreement | undefined
  return Object.freeze({
    peerId: peerIdOfKey(publicKey),
    publicKey,
    sign,
    vrfProve: (alpha: Uint8Array) => vrfProve(secret, alpha),
    sharedSecret: (theirs: Uint8Array) => {
      agreement ??= createAgreement(ed25519.utils.toMontgomerySecret(secret))
      return agreement.sharedSecret(theirs)
    },
  })
}

/**
 * An X25519 key of its own, for one handshake.
 * @param secret 32 random bytes; clamped inside
 * @throws {CryptoError} BYTES_LENGTH
 */
export function createAgreement(secret: Uint8Array): Agreement {
  requireLength(secret, 32, 'X25519 secret')
  const { publicKey, agree } = backend.agreementKey(secret)
  return {
    publicKey,
    sharedSecret: (theirs) => {
      requireLength(theirs, 32, 'X25519 public key')
      const shared = agree(theirs)
      if (shared === undefined) throw new CryptoError({ code: 'SHARED_SECRET_ZERO' })
      return shared
    },
  }
}

/**
 * The X25519 public key of an Ed25519 public key (the birational map of RFC 7748 §4.1), 32 bytes.
 * @throws {CryptoError} PEER_KEY_UNUSABLE
 */
export function montgomeryOf(publicKey: Uint8Array): Uint8Array {
  const fault = publicKey.length === 32 ? faultOfPoint(publicKey) : 'length'
  if (fault !== undefined) throw new CryptoError({ code: 'PEER_KEY_UNUSABLE', reason: fault })
  try {
    return ed25519.utils.toMontgomery(publicKey)
  } catch (cause) {
    throw new CryptoError({ code: 'PEER_KEY_UNUSABLE', reason: 'not a point' }, { cause })
  }
}
