import { bytes, bytesMax, decodeWith, encodeWith, type Infer, variants, WireError } from '@interpeer/wire-codec'
import { BLOCK_MAX_BYTES } from '../blocks.js'
import { ContentStoreError } from '../errors.js'
import { HASH_BYTES, SUM_BYTES } from './hashes.js'
import { BIT_MAX, KEY_MAX_BYTES } from './keys.js'

/** Bit (2 bytes), hash and sum (16) of one step. */
export const STEP_BYTES = 2 + HASH_BYTES + SUM_BYTES
/** The way from the top to a leaf: of each inner node its bit, and what it says of the child that the way does not take. */
const path = bytesMax(STEP_BYTES * (BIT_MAX + 1))
const [key, sum] = [bytesMax(KEY_MAX_BYTES), bytes(SUM_BYTES)]
/** What shows that a map has an entry, or lacks a key because another is where it would be (content-store.cddl). */
export const mapProof = variants({
  empty: [0, {}],
  entry: [1, { key, sum, value: bytesMax(BLOCK_MAX_BYTES), path }],
  other: [2, { key, sum, valueHash: bytes(HASH_BYTES), path }],
})
export type MapProof = Infer<typeof mapProof>

/** The largest proof: 1 MiB of value and 2,304 steps. One of a million entries with small values has about 1.3 kB. */
export const PROOF_MAX_BYTES = BLOCK_MAX_BYTES + STEP_BYTES * (BIT_MAX + 1) + 1024

export const encodeProof = (proof: MapProof): Uint8Array => encodeWith(mapProof, proof, PROOF_MAX_BYTES)

/** @throws {ContentStoreError} MAP_PROOF_MALFORMED */
export function decodeProof(proof: Uint8Array): MapProof {
  try {
    return decodeWith(mapProof, proof, PROOF_MAX_BYTES)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    throw new ContentStoreError({ code: 'MAP_PROOF_MALFORMED' }, { cause })
  }
}
