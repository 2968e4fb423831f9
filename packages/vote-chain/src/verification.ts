import { createOpener, type NetworkId, type Opener } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { seedOf } from './electorate.js'

/** Checks of signatures and proofs that remember what held. No answer depends on the memory, only the time that it takes. */
export interface Verification {
  readonly opener: Opener
  readonly seedOf: typeof seedOf
}
const SIGNATURES_MAX = 4096
const PROOFS_MAX = 64

/** For one network. May be shared by machines in one process, as simulations do. */
export function createVerification(network: NetworkId): Verification {
  const proofs = new Map<string, Uint8Array | undefined>()
  return {
    opener: createOpener({ network, cacheEntriesMax: SIGNATURES_MAX }),
    seedOf: (leader, previousSeed, height, proof) => {
      const key = [leader, previousSeed, proof].map(hexOf).join(String(height))
      const known = proofs.get(key)
      if (known !== undefined) return known
      const seed = seedOf(leader, previousSeed, height, proof)
      if (proofs.size >= PROOFS_MAX) proofs.clear()
      proofs.set(key, seed)
      return seed
    },
  }
}
