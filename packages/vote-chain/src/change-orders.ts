import {
  bytesOfAccount,
  keyOfPeerId,
  type NetworkId,
  openMessage,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { bytes, type Infer, list, message, oneOf, struct, text, uint53, uint64 } from '@interpeer/wire-codec'
import type { ChangePatch } from './changes.js'

const [hash, key, account] = [bytes(32), bytes(32), bytes(32)]
/** Most settings, moves and ends of one request. */
export const PATCH_ITEMS_MAX = 32
const REASON_BYTES_MAX = 1_024

/** What a request changes (vote-chain.cddl). */
export const patchSchema = struct({
  settings: list(struct({ name: text(63), value: uint64 }), PATCH_ITEMS_MAX),
  moves: list(struct({ from: account, to: account, amount: uint64 }), PATCH_ITEMS_MAX),
  ends: list(key, PATCH_ITEMS_MAX),
})
/**
 * A “change request” with a scheduled “valid from” (§6.8): the height from which its patch applies. Moves of coins and ends of accounts are
 * corrections (§8.3). Its id is the SHA-256 of its envelope.
 */
export const changeRequestMessage = message(
  'change-request',
  106,
  1,
  { proposer: key, validHeight: uint53, reason: text(REASON_BYTES_MAX), patch: patchSchema },
  { maxBytes: 8_192 },
)
/** One peer's vote. A later one, with a higher turn, takes the place of an earlier one. */
export const changeVoteMessage = message(
  'change-vote',
  107,
  1,
  { voter: key, request: hash, turn: uint53, vote: oneOf('no', 'yes') },
  { maxBytes: 128 },
)
export type ChangeVote = Infer<typeof changeVoteMessage>

export interface ChangeOrder {
  /** SHA-256 of the signed request: what votes name. */
  readonly id: Uint8Array
  readonly proposer: Uint8Array
  readonly validHeight: number
  readonly reason: string
  readonly patch: Infer<typeof patchSchema>
}
export const changeIdOf = (envelope: Uint8Array): Uint8Array => sha256(envelope)

export function signChangeRequest(
  { validHeight, reason, patch }: { validHeight: number; reason: string; patch: ChangePatch },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  const moves = patch.moves.map(({ from, to, amount }) => ({ from: bytesOfAccount(from), to: bytesOfAccount(to), amount }))
  const written = { settings: [...patch.settings], moves, ends: patch.ends.map(keyOfPeerId) }
  return signMessage(changeRequestMessage, { proposer: signer.publicKey, validHeight, reason, patch: written }, signer, network)
}
/** @throws {CryptoError} @throws {WireError} */
export function openChangeRequest(envelope: Uint8Array, network: NetworkId): ChangeOrder {
  const opened = openMessage(changeRequestMessage, envelope, network, ({ proposer }) => peerIdOfKey(proposer))
  return { ...opened, id: changeIdOf(envelope) }
}
export function signChangeVote(
  { request, turn, vote }: { request: Uint8Array; turn: number; vote: 'no' | 'yes' },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  return signMessage(changeVoteMessage, { voter: signer.publicKey, request, turn, vote }, signer, network)
}
/** @throws {CryptoError} @throws {WireError} */
export const openChangeVote = (envelope: Uint8Array, network: NetworkId): ChangeVote =>
  openMessage(changeVoteMessage, envelope, network, ({ voter }) => peerIdOfKey(voter))
