import { type Signer, sealOf, sha256 } from '@interpeer/crypto-ids'
import { concatBytes, sameBytes } from '@interpeer/wire-codec'
import type { Verification } from '../src/index.js'

/** What a proof begins with in place of a point. */
const MARK = sha256(Uint8Array.of(0x76))

/**
 * A lottery of hashes in place of the VRF's, which takes 14 ms a draw: alike on every run and as uniform, and nobody in a simulation
 * draws for another. Only the time that it takes is not that of a peer, so what it would take is charged apart.
 */
const cheapProof = (publicKey: Uint8Array, input: Uint8Array): Uint8Array =>
  concatBytes(MARK, sealOf('cheap lot', [publicKey, input]), new Uint8Array(16))
export function withCheapLottery(signer: Signer): Signer {
  return { ...signer, vrfProve: (input) => cheapProof(signer.publicKey, input) }
}
export function cheapVerification(verification: Verification): Verification {
  return {
    ...verification,
    ownOutput: outputOf,
    vrfOutput: (publicKey, input, proof) => (sameBytes(proof, cheapProof(publicKey, input)) ? outputOf(proof) : undefined),
  }
}
function outputOf(proof: Uint8Array): Uint8Array {
  const half = proof.slice(32, 64)
  return concatBytes(half, sha256(half))
}
