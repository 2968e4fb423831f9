import { type NetworkId, type Opener, openMessage, type PeerId, peerIdOfKey, type Verified } from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, list, type Message, message, nullable, oneOf, struct, uint32, uint53 } from '@interpeer/wire-codec'
import {
  BODY_BYTES_MAX,
  certificateSchema,
  HEADER_BYTES_MAX,
  STORED_BLOCK_BYTES_MAX,
  TRANSACTION_BYTES_MAX,
  VOTE_BYTES_MAX,
  VOTES_MAX,
} from './block.js'
import { NEIGHBOUR_MESSAGES } from './gossip/messages.js'

const [hash, key, proof] = [bytes(32), bytes(32), bytes(80)]

/**
 * One vote. `soft` prepares a block, `certify` decides it, `next` ends a round: for a block, or for none. `attempt` counts the drawings
 * of a round's end. `proof` shows that its voter was drawn for this step; null where every elector is in.
 */
export const voteMessage = message(
  'chain-vote',
  83,
  1,
  {
    height: uint53,
    round: uint32,
    kind: oneOf('soft', 'certify', 'next'),
    attempt: uint32,
    block: nullable(hash),
    voter: key,
    proof: nullable(proof),
  },
  { maxBytes: 256 },
)
export type Vote = Infer<typeof voteMessage>

/** A quorum's votes of one step, all alike: soft for a block, or next for a block or for none. */
export const bundleSchema = struct({
  round: uint32,
  kind: oneOf('soft', 'certify', 'next'),
  attempt: uint32,
  block: nullable(hash),
  votes: list(bytesMax(VOTE_BYTES_MAX), VOTES_MAX),
})
export type BundleFields = Infer<typeof bundleSchema>

/** A block for one round. `proof`: what its proposer's lot is computed from. `certificate`: of the block before, the one that the header names. `bundle`: the next votes of the round before that allow it. */
export const proposalMessage = message('chain-proposal', 82, 1, {
  height: uint53,
  round: uint32,
  leader: key,
  proof,
  header: bytesMax(HEADER_BYTES_MAX),
  body: bytesMax(BODY_BYTES_MAX),
  certificate: nullable(certificateSchema),
  bundle: nullable(bundleSchema),
})
export type Proposal = Infer<typeof proposalMessage>

/** A bundle, handed on so that every peer learns what some may be bound to. */
export const bundleMessage = message('chain-bundle', 84, 1, { height: uint53, bundle: bundleSchema, sender: key })

/** Asks for certified blocks from a height on, and for those to come in the next cycles. */
export const wantBlocksMessage = message('chain-want-blocks', 85, 1, { fromHeight: uint53, sender: key }, { maxBytes: 64 })
/** Certified blocks in order, as many as fit. */
export const blocksMessage = message('chain-blocks', 86, 1, { blocks: list(bytesMax(STORED_BLOCK_BYTES_MAX), 256), sender: key })
/** Asks for a block that was voted for and that the asker was not given. */
export const wantCandidateMessage = message('chain-want-candidate', 87, 1, { height: uint53, block: hash, sender: key }, { maxBytes: 128 })
/** A transaction on its way into a block. */
export const transactionMessage = message('chain-transaction', 88, 1, { transaction: bytesMax(TRANSACTION_BYTES_MAX), sender: key })

/** The messages that `stepChain` takes; by their numbers a shell knows what to hand it. */
export const CHAIN_MESSAGE_NUMBERS: readonly number[] = [
  voteMessage,
  proposalMessage,
  bundleMessage,
  wantBlocksMessage,
  blocksMessage,
  wantCandidateMessage,
  transactionMessage,
  ...NEIGHBOUR_MESSAGES,
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
