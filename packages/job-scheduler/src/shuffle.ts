import { sha256 } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'

/** As in Ethereum's beacon chain (consensus-specs, phase0, compute_shuffled_index). */
export const SHUFFLE_ROUNDS = 90

/** A permutation of 0..count-1 that a 32-byte seed draws. */
export interface Shuffle {
  readonly count: number
  /** Where a place's content comes from: π(place). @throws {RangeError} unless 0 <= place < count */
  at(place: number): number
  /** The way back: `placeOf(at(place)) === place`. @throws {RangeError} unless 0 <= index < count */
  placeOf(index: number): number
}

/**
 * Swap-or-not (Hoang, Morris, Rogaway 2012): one place is computed alone, by 90 hashes and no list, in a time that does not depend on
 * `count`, so anyone checks one seat alone. The 90 pivots, which all places share, are computed here once.
 * @throws {RangeError} unless 0 <= count < 2^32
 */
export function shuffleOf(count: number, seed: Uint8Array): Shuffle {
  if (!Number.isSafeInteger(count) || count < 0 || count >= 2 ** 32) throw new RangeError(`a shuffle of ${count}`)
  const pivots = Array.from({ length: count === 0 ? 0 : SHUFFLE_ROUNDS }, (_, round) =>
    Number(littleEndian64(sha256(seed, Uint8Array.of(round))) % BigInt(count)),
  )
  const input = concatBytes(seed, new Uint8Array(5)) // seed, round, and the number of 256 places
  const step = (at: number, round: number): number => {
    const flip = ((pivots[round] as number) + count - at) % count
    const position = Math.max(at, flip)
    input[seed.length] = round
    putLittleEndian32(input, seed.length + 1, Math.floor(position / 256))
    const bit = ((sha256(input)[(position % 256) >> 3] as number) >> (position % 8)) & 1
    return bit === 1 ? flip : at
  }
  const checked = (index: number): number => {
    if (!Number.isSafeInteger(index) || index < 0 || index >= count) throw new RangeError(`place ${index} of ${count}`)
    return index
  }
  return {
    count,
    at: (place) => pivots.reduce((at, _, round) => step(at, round), checked(place)),
    placeOf: (index) => pivots.reduceRight((at, _, round) => step(at, round), checked(index)),
  }
}
const littleEndian64 = (hash: Uint8Array): bigint => new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true)
function putLittleEndian32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = (value >>> (8 * i)) & 0xff
}
