import { createSigner, type NetworkId, networkIdOf, type Signer } from '@interpeer/crypto-ids'

export const network: NetworkId = networkIdOf(Uint8Array.of(1))
export const otherNetwork: NetworkId = networkIdOf(Uint8Array.of(2))
export const signerOf = (number: number): Signer => createSigner(new Uint8Array(32).fill(number))
