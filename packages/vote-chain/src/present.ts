import { type NetworkId, openMessage, peerIdOfKey, type Signer, signMessage, type Verified } from '@interpeer/crypto-ids'
import { bytes, type Infer, message, uint53 } from '@interpeer/wire-codec'

/**
 * A peer taken to be gone says that it is here. It names the height since when it was away
 * or, if it only was silent for long, that when it was last active: so it counts once.
 */
export const presentMessage = message('peer-present', 89, 1, { peer: bytes(32), awaySinceHeight: uint53 }, { maxBytes: 64 })
export type Present = Infer<typeof presentMessage>

export function signPresent(awaySinceHeight: number, signer: Signer, network: NetworkId): Uint8Array {
  return signMessage(presentMessage, { peer: signer.publicKey, awaySinceHeight }, signer, network)
}
/** @throws {CryptoError} @throws {WireError} */
export function openPresent(envelope: Uint8Array, network: NetworkId): Verified<Present> {
  return openMessage(presentMessage, envelope, network, ({ peer }) => peerIdOfKey(peer))
}
