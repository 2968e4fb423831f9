import { bytesOfHex } from '@interpeer/wire-codec'
import * as backend from '#backend'
import type { Backend } from './backend.js'
import { GROUP_ORDER, isBelowLe, leOfNumber } from './little-endian.js'

const ORDER = leOfNumber(GROUP_ORDER, 32)
const FIELD = leOfNumber(2n ** 255n - 19n, 32)

/** The eight points of small order, and two encodings of them with a sign bit on x = 0. Non-canonical ones are refused before. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
].map(bytesOfHex)

/** Why 32 bytes cannot be a point that counts (a key A, a signature's R), if so. Whether they lie on the curve is not asked. */
export function faultOfPoint(bytes: Uint8Array): 'not canonical' | 'small order' | undefined {
  if (!isCanonical(bytes)) return 'not canonical'
  return SMALL_ORDER.some((small) => isSame(bytes, small)) ? 'small order' : undefined
}

function isCanonical(bytes: Uint8Array): boolean {
  if ((bytes[31] as number) % 128 < 127) return true // most are: only y >= 2^255 - 19 is not
  const y = Uint8Array.from(bytes)
  y[31] = 127
  return isBelowLe(y, FIELD)
}

// Public bytes: it may stop at the first difference, and nearly always does at the first byte.
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * The one signature rule, STRICT: 64 and 32 bytes; S < L; A and R canonical and not of small order; then the cofactorless
 * comparison of R with the encoding of [S]B − [k]A. That is libsodium's rule. Peers who disagree about one signature split the
 * network, and verifiers differ: OpenSSL's accept set changed between releases, noble's is cofactored. Never throws.
 */
export function verifySignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return passesFilter(signature, publicKey) && backend.verifyFiltered(signature, message, publicKey)
}

/** The same on a stated backend: for the tests that hold both to equal answers. */
export function verifyStrict(on: Backend, signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  return passesFilter(signature, publicKey) && on.verifyFiltered(signature, message, publicKey)
}

/** What is asked before any verifier is: lengths, S < L, and that neither A nor R is of small order or in another spelling. */
export function passesFilter(signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false
  if (!isBelowLe(signature.subarray(32), ORDER)) return false
  return faultOfPoint(publicKey) === undefined && faultOfPoint(signature.subarray(0, 32)) === undefined
}
