import { bytes, bytesMax, type Infer, list, message, nullable, struct, uint8, uint16, uint53 } from '@interpeer/wire-codec'
import { certificateSchema, HEADER_BYTES_MAX } from './block.js'
import { CHECKPOINT_BYTES_MAX } from './checkpoint-record.js'

const hash = bytes(32)
/** Headers of one answer, at most. */
export const HEADERS_MAX = 1_024
/** Checkpoints that an answer names. */
export const CHECKPOINTS_NAMED_MAX = 4
/** Proofs of one answer: as many as a light client checks votes. */
export const PROOFS_MAX = 64
export const PROOF_BYTES_MAX = 512 * 1024

/**
 * What anyone may ask a peer of the chain, over a session that proves who answers: requests, and the replies to them. None is signed: what they
 * say is checked by hashes, votes and proofs.
 */
export const wantTip = message('chain-want-tip', 90, 1, { checkpoints: uint16 }, { maxBytes: 16 })
/** How far a peer is, and its last checkpoints, the newest first. `state`: what it says of a checkpoint beside its header. */
export const tipReply = message('chain-tip', 91, 1, {
  height: uint53,
  checkpoints: list(struct({ height: uint53, block: hash, state: hash }), CHECKPOINTS_NAMED_MAX),
})
export const wantCheckpoint = message('chain-want-checkpoint', 92, 1, { height: uint53 }, { maxBytes: 32 })
/** Null: it is not kept here. */
export const checkpointReply = message('chain-checkpoint-reply', 93, 1, { checkpoint: nullable(bytesMax(CHECKPOINT_BYTES_MAX)) })

/** Headers from a height on. */
export const wantHeaders = message('chain-want-headers', 94, 1, { fromHeight: uint53, count: uint16 }, { maxBytes: 32 })
/** In order, fewer than were asked for where there are no more, or their blocks are large; and the certificate of the last. */
export const headersReply = message('chain-headers', 108, 1, {
  headers: list(bytesMax(HEADER_BYTES_MAX), HEADERS_MAX),
  certificate: nullable(certificateSchema),
})

/** A set's place in `DATA_SETS`, or this one: the peers that may vote on that height. */
export const ELECTORATE_SET = 5
/** Entries of one set, or that there are none, as of a block; of height 0: the newest checkpoint. */
export const wantProofs = message('chain-want-proofs', 109, 1, {
  height: uint53,
  set: uint8,
  keys: list(bytesMax(256), PROOFS_MAX),
})
/** A proof for each, in the order that was asked for, as many as fit; none where that height's state is not at hand. The header: null where the electorate was asked for. */
export const proofsReply = message('chain-proofs', 110, 1, {
  header: nullable(bytesMax(HEADER_BYTES_MAX)),
  proofs: list(bytesMax(PROOF_BYTES_MAX), PROOFS_MAX),
})

export type TipReply = Infer<typeof tipReply>
/** What is asked of those who have the chain, and what they answer. */
export const SYNC_MESSAGES = [
  wantTip,
  tipReply,
  wantCheckpoint,
  checkpointReply,
  wantHeaders,
  headersReply,
  wantProofs,
  proofsReply,
] as const
/** The requests that `answerSync` answers. */
export const SYNC_REQUEST_NUMBERS: readonly number[] = [wantTip, wantCheckpoint, wantHeaders, wantProofs].map(({ number }) => number)
