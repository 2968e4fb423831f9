import { type NetworkId, type Opener, openMessage, type PeerId, peerIdOfKey, type Verified } from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, list, type Message, message, nullable, oneOf, uint32, uint53 } from '@interpeer/wire-codec'
import { BODY_BYTES_MAX, HEADER_BYTES_MAX, STORED_BLOCK_BYTES_MAX, TRANSACTION_BYTES_MAX, VOTE_BYTES_MAX } from './block.js'
import { GENESIS_PEERS_MAX } from './genesis.js'

const [hash, key] = [bytes(32), bytes(32)]

/** One vote. `block` null: for no block in this round. `soft` prepares, `certify` decides. */
export const voteMessage = message(
  'chain-vote',
  1,
  { height: uint53, round: uint32, kind: oneOf('soft', 'certify'), block: nullable(hash), voter: key },
  { maxBytes: 160 },
)
export type Vote = Infer<typeof voteMessage>

/** A leader's block for one round. `softRound` and `softVotes`: why a block of an earlier round is proposed again. */
export const proposalMessage = message('chain-proposal', 1, {
  height: uint53,
  round: uint32,
  leader: key,
  header: bytesMax(HEADER_BYTES_MAX),
  body: bytesMax(BODY_BYTES_MAX),
  softRound: nullable(uint32),
  softVotes: list(bytesMax(VOTE_BYTES_MAX), GENESIS_PEERS_MAX),
})
export type Proposal = Infer<typeof proposalMessage>

/** A quorum of soft votes for one block, handed on so that every peer learns what some may be bound to. */
export const bundleMessage = message('chain-bundle', 1, {
  height: uint53,
  round: uint32,
  block: hash,
  votes: list(bytesMax(VOTE_BYTES_MAX), GENESIS_PEERS_MAX),
  sender: key,
})

/** Asks for certified blocks from a height on, and for those to come in the next cycles. */
export const wantBlocksMessage = message('chain-want-blocks', 1, { fromHeight: uint53, sender: key }, { maxBytes: 64 })
/** Certified blocks in order, as many as fit. */
export const blocksMessage = message('chain-blocks', 1, { blocks: list(bytesMax(STORED_BLOCK_BYTES_MAX), 256), sender: key })
/** Asks for a block that was voted for and that the asker was not given. */
export const wantCandidateMessage = message('chain-want-candidate', 1, { height: uint53, block: hash, sender: key }, { maxBytes: 128 })
/** A transaction on its way into a block. */
export const transactionMessage = message('chain-transaction', 1, { transaction: bytesMax(TRANSACTION_BYTES_MAX), sender: key })

/** The messages that `stepChain` takes; by their numbers a shell knows what to hand it. */
export const CHAIN_MESSAGE_NUMBERS: readonly number[] = [
  voteMessage,
  proposalMessage,
  bundleMessage,
  wantBlocksMessage,
  blocksMessage,
  wantCandidateMessage,
  transactionMessage,
].map(({ number }) => number)

/** @throws {CryptoError} @throws {WireError} */
export function openVote(envelope: Uint8Array, opener: Opener): Verified<Vote> {
  return opener.open(voteMessage, envelope, ({ voter }) => peerIdOfKey(voter))
}
/** Opens a message that names its sender, which must be the peer it came from. @throws {CryptoError} @throws {WireError} */
export function openFrom<T extends { readonly sender: Uint8Array }>(
  kind: Message<T>,
  envelope: Uint8Array,
  network: NetworkId,
  from: PeerId,
): Verified<T> {
  return openMessage(kind, envelope, network, ({ sender }) => (peerIdOfKey(sender) === from ? from : undefined))
}
