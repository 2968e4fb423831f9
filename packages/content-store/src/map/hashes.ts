import { sha256 } from '@interpeer/crypto-ids'

/** Sums are below 2^128. */
export const SUM_MAX = 2n ** 128n - 1n
export const SUM_BYTES = 16
export const HASH_BYTES = 32

const [EMPTY, LEAF, INNER] = [0, 1, 2]

/** The root hash of the empty map: SHA-256 of one byte 0. */
export const emptyHash = (): Uint8Array => sha256(Uint8Array.of(EMPTY))

/** SHA-256 of: 1 ‖ sum (16 bytes) ‖ length of the key (2) ‖ key ‖ SHA-256 of the value. */
export function leafHash(key: Uint8Array, sum: bigint, valueHash: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + SUM_BYTES + 2 + key.length + HASH_BYTES)
  bytes[0] = LEAF
  putSum(bytes, 1, sum)
  bytes[17] = key.length >> 8
  bytes[18] = key.length & 0xff
  bytes.set(key, 19)
  bytes.set(valueHash, 19 + key.length)
  return sha256(bytes)
}

/** What a node's parent knows of it. */
export interface Branch {
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** Of all entries below. */
  readonly sum: bigint
}

// Written whole before each use and read by nothing else: a new one would cost as much as a third of the hash.
const inner = new Uint8Array(3 + 2 * (HASH_BYTES + SUM_BYTES))

/** SHA-256 of: 2 ‖ bit (2 bytes) ‖ left hash ‖ left sum (16) ‖ right hash ‖ right sum (16). */
export function innerHash(bit: number, left: Branch, right: Branch): Uint8Array {
  inner[0] = INNER
  inner[1] = bit >> 8
  inner[2] = bit & 0xff
  inner.set(left.hash, 3)
  putSum(inner, 35, left.sum)
  inner.set(right.hash, 51)
  putSum(inner, 83, right.sum)
  return sha256(inner)
}

/** Writes `sum` as 16 bytes, highest first. */
export function putSum(bytes: Uint8Array, at: number, sum: bigint): void {
  if (sum === 0n) return void bytes.fill(0, at, at + SUM_BYTES) // many maps have no sums
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SUM_BYTES)
  view.setBigUint64(0, sum >> 64n)
  view.setBigUint64(8, BigInt.asUintN(64, sum))
}
/** Reads those 16 bytes. */
export function readSum(bytes: Uint8Array, at: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SUM_BYTES)
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8)
}
