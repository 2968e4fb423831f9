import { sha256 } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'

/** As in Ethereum's beacon chain (consensus-specs, phase0, compute_shuffled_index). */
export const SHUFFLE_ROUNDS = 90

/**
 * Where `index` goes in a permutation of 0..count-1 that a 32-byte seed draws: swap-or-not (Hoang, Morris, Rogaway 2012). One place
 * is computed alone, in a time that does not depend on `count`, so anyone checks one seat without a list of peers.
 * @throws {RangeError} unless 0 <= index < count < 2^32
 */
export function shuffledIndex(index: number, count: number, seed: Uint8Array): number {
  return walk(index, count, seed, (round) => round)
}
/** The way back: `unshuffledIndex(shuffledIndex(i, n, seed), n, seed) === i`. */
export function unshuffledIndex(index: number, count: number, seed: Uint8Array): number {
  return walk(index, count, seed, (round) => SHUFFLE_ROUNDS - 1 - round)
}

function walk(index: number, count: number, seed: Uint8Array, order: (round: number) => number): number {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count || count >= 2 ** 32) {
    throw new RangeError(`index ${index} of ${count}`)
  }
  let at = index
  for (let i = 0; i < SHUFFLE_ROUNDS; i++) {
    const round = Uint8Array.of(order(i))
    const pivot = Number(littleEndian64(sha256(seed, round)) % BigInt(count))
    const flip = (pivot + count - at) % count
    const position = Math.max(at, flip)
    const source = sha256(concatBytes(seed, round, littleEndian32(Math.floor(position / 256))))
    const bit = ((source[(position % 256) >> 3] as number) >> (position % 8)) & 1
    if (bit === 1) at = flip
  }
  return at
}
const littleEndian64 = (hash: Uint8Array): bigint => new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true)
const littleEndian32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff)
