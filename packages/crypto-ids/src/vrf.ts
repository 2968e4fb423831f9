import { concatBytes } from '@interpeer/wire-codec'
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js'
import { ed25519, ed25519_hasher } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { GROUP_ORDER, leOfNumber, numberOfLe } from './little-endian.js'
import { faultOfPoint } from './strict.js'

const Point = ed25519.Point
type EdwardsPoint = InstanceType<typeof Point>

/** Bytes 80: Gamma (32), the challenge c (16), s (32). */
export const VRF_PROOF_BYTES = 80
export const VRF_OUTPUT_BYTES = 64

/** What the two Ed25519 suites of RFC 9381 §5.5 differ in. */
export interface VrfSuite {
  readonly suiteByte: number
  /** A point of the prime-order group from the public key (the salt of §5.4.1) and alpha. */
  readonly encodeToCurve: (publicKey: Uint8Array, alpha: Uint8Array) => EdwardsPoint
}
export interface Vrf {
  /** `seed`: 32 secret bytes; the proof has 80. */
  readonly prove: (seed: Uint8Array, alpha: Uint8Array) => Uint8Array
  /** The 64 bytes of output that a proof gives, if it holds: checks nothing but that its first 32 bytes are a point. */
  readonly output: (proof: Uint8Array) => Uint8Array | undefined
  /** The 64 bytes of output, or undefined where the proof does not hold. */
  readonly verify: (publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array) => Uint8Array | undefined
}

const DST = 'ECVRF_edwards25519_XMD:SHA-512_ELL2_NU_\x04'

/** ECVRF-EDWARDS25519-SHA512-ELL2 (RFC 9381 §5.5): the one suite we use. Its time does not depend on alpha. */
export const ELL2: VrfSuite = {
  suiteByte: 4,
  encodeToCurve: (publicKey, alpha) => ed25519_hasher.encodeToCurve(concatBytes(publicKey, alpha), { DST }),
}

/** RFC 9381 §5 over Ed25519 for one suite. Pure noble: node:crypto has no points. */
export function vrfOf({ suiteByte, encodeToCurve }: VrfSuite): Vrf {
  const hashed = (domain: number, ...parts: readonly Uint8Array[]): Uint8Array =>
    sha512(concatBytes(Uint8Array.of(suiteByte, domain), ...parts, Uint8Array.of(0)))
  const challengeOf = (...points: readonly Uint8Array[]): bigint => numberOfLe(hashed(2, ...points).subarray(0, 16))
  const outputOf = (gamma: EdwardsPoint): Uint8Array => hashed(3, gamma.clearCofactor().toBytes())

  return {
    prove(seed, alpha) {
      const { scalar, prefix, pointBytes } = ed25519.utils.getExtendedPublicKey(seed)
      const h = encodeToCurve(pointBytes, alpha)
      const hBytes = h.toBytes()
      const gamma = h.multiply(scalar).toBytes()
      // The nonce of RFC 8032 (§5.4.2.2): secret, and the same for the same alpha.
      const k = numberOfLe(sha512(concatBytes(prefix, hBytes))) % GROUP_ORDER
      const c = challengeOf(pointBytes, hBytes, gamma, Point.BASE.multiply(k).toBytes(), h.multiply(k).toBytes())
      return concatBytes(gamma, leOfNumber(c, 16), leOfNumber((k + c * scalar) % GROUP_ORDER, 32))
    },

    output(proof) {
      const gamma = proof.length === VRF_PROOF_BYTES ? pointOf(proof.subarray(0, 32)) : undefined
      return gamma === undefined ? undefined : outputOf(gamma)
    },

    verify(publicKey, alpha, proof) {
      if (proof.length !== VRF_PROOF_BYTES || publicKey.length !== 32 || faultOfPoint(publicKey) !== undefined) return undefined
      const s = numberOfLe(proof.subarray(48))
      if (s >= GROUP_ORDER) return undefined
      const y = pointOf(publicKey)
      const gamma = pointOf(proof.subarray(0, 32))
      if (y === undefined || gamma === undefined) return undefined
      const c = numberOfLe(proof.subarray(32, 48))
      const h = encodeToCurve(publicKey, alpha)
      const u = Point.BASE.multiplyUnsafe(s).subtract(y.multiplyUnsafe(c))
      const v = mulAddUnsafe(Point, [h, gamma.negate()], [s, c]) // in one walk: half of the doublings
      const expected = challengeOf(publicKey, h.toBytes(), proof.subarray(0, 32), u.toBytes(), v.toBytes())
      return expected === c ? outputOf(gamma) : undefined
    },
  }
}

function pointOf(bytes: Uint8Array): EdwardsPoint | undefined {
  try {
    return Point.fromBytes(bytes, false) // strict: y below p, no sign bit on x = 0
  } catch {
    return undefined
  }
}

const vrf = vrfOf(ELL2)

/** @internal The proof of `createSigner(seed).vrfProve(alpha)`. */
export const vrfProve = vrf.prove

/**
 * Checks a VRF proof (RFC 9381, ELL2): the 64 bytes of output that only the key's owner could have known before, and of which
 * there is one for each alpha; or undefined. Refused: a wrong length, s ≥ L, points that are not canonical, a key of small order.
 * Never a signature as a lottery: Ed25519 signatures are not unique.
 */
export function vrfVerify(publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array): Uint8Array | undefined {
  return vrf.verify(publicKey, alpha, proof)
}

/**
 * What one's own proof gives (RFC 9381 §5.2), without the work of checking it: never for a proof of another. Undefined: it is no proof.
 */
export function vrfOutputOfOwn(proof: Uint8Array): Uint8Array | undefined {
  return vrf.output(proof)
}
