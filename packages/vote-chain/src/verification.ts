import { createOpener, type NetworkId, type Opener, vrfOutputOfOwn, vrfVerify } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'

/** Checks of signatures and proofs that remember what held. No answer depends on the memory, only the time that it takes. */
export interface Verification {
  readonly opener: Opener
  /** The 64 bytes that a VRF proof gives, or undefined where it does not hold. */
  readonly vrfOutput: (publicKey: Uint8Array, input: Uint8Array, proof: Uint8Array) => Uint8Array | undefined
  /** The same of this peer's own proof, without the work of checking it. */
  readonly ownOutput: (proof: Uint8Array) => Uint8Array | undefined
}
/** A group of 2,000 votes in three steps of a height. */
const SIGNATURES_MAX = 8_192
const PROOFS_MAX = 8_192

/** For one network. May be shared by machines in one process, as simulations do. */
export function createVerification(network: NetworkId): Verification {
  const outputs = new Map<string, Uint8Array>()
  return {
    opener: createOpener({ network, cacheEntriesMax: SIGNATURES_MAX }),
    ownOutput: vrfOutputOfOwn,
    vrfOutput: (publicKey, input, proof) => {
      const name = [publicKey, input, proof].map(hexOf).join('')
      const known = outputs.get(name)
      if (known !== undefined) return known
      const output = vrfVerify(publicKey, input, proof)
      if (output === undefined) return undefined
      if (outputs.size >= PROOFS_MAX) outputs.clear()
      outputs.set(name, output)
      return output
    },
  }
}
