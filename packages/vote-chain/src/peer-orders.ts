import {
  type AccountId,
  bytesOfAccount,
  type NetworkId,
  openMessage,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, link, list, message, nullable, uint16, uint32, uint53 } from '@interpeer/wire-codec'
import { DECLINES_MAX } from './registry.js'

/** Most envelopes of one proof. */
const EVIDENCE_ENVELOPES_MAX = 4
const [hash, key] = [bytes(32), bytes(32)]
/**
 * Orders that a peer signs about its own entry. Each carries the number of orders that its entry has taken, so it counts once.
 * `peer-join` registers a key, or brings one back that fell below the threshold; its account pays the joining cost.
 */
export const joinMessage = message(
  'peer-join',
  100,
  1,
  { peer: key, order: uint53, recovery: nullable(hash), slots: uint16 },
  { maxBytes: 128 },
)
/** What a peer takes on, said before any draw: how many seats at once, and whose jobs it declines. */
export const termsMessage = message(
  'peer-terms',
  101,
  1,
  { peer: key, order: uint53, slots: uint16, declines: list(bytes(32), DECLINES_MAX) },
  { maxBytes: 512 },
)
/** Names the hash of the key that may take this one's place, where none is named yet: a thief of the key could otherwise name its own. */
export const recoveryMessage = message('peer-recovery', 102, 1, { peer: key, order: uint53, recovery: hash }, { maxBytes: 128 })
/** The recovery key takes the place of `peer`, and names the next recovery key. Signed by `heir`. */
export const rotateMessage = message('peer-rotate', 103, 1, { heir: key, peer: key, recovery: nullable(hash) }, { maxBytes: 160 })
/** Ends a key: signed by itself or, where it is no longer its owner's alone, by its recovery key. */
export const revokeMessage = message('peer-revoke', 104, 1, { signer: key, peer: key, order: uint53 }, { maxBytes: 128 })
/**
 * Signed messages that no honest peer signs together (§6.6: "it is provable, as each message is signed"). Anyone may bring them; they speak for
 * themselves. `job`: null for votes on blocks, else the group's job and epoch.
 */
export const evidenceMessage = message(
  'peer-evidence',
  105,
  1,
  { job: nullable(link), epoch: uint32, peer: key, envelopes: list(bytesMax(65_536), EVIDENCE_ENVELOPES_MAX) },
  { maxBytes: 270_000 },
)
export type Evidence = Infer<typeof evidenceMessage>

export type Join = Infer<typeof joinMessage>
export type Terms = Infer<typeof termsMessage>
export type RecoveryOrder = Infer<typeof recoveryMessage>
export type Rotation = Infer<typeof rotateMessage>
export type Revocation = Infer<typeof revokeMessage>

/** What `recovery` says of a key: its SHA-256. */
export const recoveryOf = (publicKey: Uint8Array): Uint8Array => sha256(publicKey)

export function signJoin(
  { order = 0, recovery = null, slots }: { order?: number; recovery?: Uint8Array | null; slots: number },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  return signMessage(joinMessage, { peer: signer.publicKey, order, recovery, slots }, signer, network)
}
export function signTerms(
  { order, slots, declines }: { order: number; slots: number; declines: readonly AccountId[] },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  return signMessage(termsMessage, { peer: signer.publicKey, order, slots, declines: declines.map(bytesOfAccount) }, signer, network)
}
export function signRecovery(order: number, recovery: Uint8Array, signer: Signer, network: NetworkId): Uint8Array {
  return signMessage(recoveryMessage, { peer: signer.publicKey, order, recovery }, signer, network)
}
export function signRotation(peer: Uint8Array, recovery: Uint8Array | null, heir: Signer, network: NetworkId): Uint8Array {
  return signMessage(rotateMessage, { heir: heir.publicKey, peer, recovery }, heir, network)
}
export function signRevocation(peer: Uint8Array, order: number, signer: Signer, network: NetworkId): Uint8Array {
  return signMessage(revokeMessage, { signer: signer.publicKey, peer, order }, signer, network)
}

/** @throws {CryptoError} @throws {WireError} */
export const openJoin = (envelope: Uint8Array, network: NetworkId): Verified<Join> =>
  openMessage(joinMessage, envelope, network, ({ peer }) => peerIdOfKey(peer))
/** @throws {CryptoError} @throws {WireError} */
export const openTerms = (envelope: Uint8Array, network: NetworkId): Verified<Terms> =>
  openMessage(termsMessage, envelope, network, ({ peer }) => peerIdOfKey(peer))
/** @throws {CryptoError} @throws {WireError} */
export const openRecovery = (envelope: Uint8Array, network: NetworkId): Verified<RecoveryOrder> =>
  openMessage(recoveryMessage, envelope, network, ({ peer }) => peerIdOfKey(peer))
/** @throws {CryptoError} @throws {WireError} */
export const openRotation = (envelope: Uint8Array, network: NetworkId): Verified<Rotation> =>
  openMessage(rotateMessage, envelope, network, ({ heir }) => peerIdOfKey(heir))
/** @throws {CryptoError} @throws {WireError} */
export const openRevocation = (envelope: Uint8Array, network: NetworkId): Verified<Revocation> =>
  openMessage(revokeMessage, envelope, network, ({ signer }) => peerIdOfKey(signer))
