import { bool, bytes, bytesMax, type Infer, link, list, message, nullable, struct, uint16, uint32, uint53 } from '@interpeer/wire-codec'
import { BATCH_MAX_BYTES, INLINE_BODY_MAX_BYTES, MEMBERS_MAX, OFFER_REQUESTS_MAX } from './settings.js'

/** Limits of signed messages that travel inside others; envelope included. */
export const SEAL_MAX_BYTES = 384
export const REVEAL_MAX_BYTES = 640
export const TALLY_MAX_BYTES = 8 * 1024
export const TIMEOUT_MAX_BYTES = BATCH_MAX_BYTES + 14 * 1024
export const CERTIFICATE_MAX_BYTES = 24 * 1024
export const RANGES_MAX = 12

const place = { job: bytes(36), epoch: uint32, step: uint32, rank: uint16 }
const [hash, key] = [bytes(32), bytes(32)]
const batchBytes = bytesMax(BATCH_MAX_BYTES)
const seals = list(bytesMax(SEAL_MAX_BYTES), MEMBERS_MAX)

/** Passes visitors' requests on, so that whoever collates can batch them. */
export const offerMessage = message('group-offer', 1, {
  job: bytes(36),
  epoch: uint32,
  from: key,
  requests: list(struct({ id: bytes(16), ms: uint53, cid: link, body: nullable(bytesMax(INLINE_BODY_MAX_BYTES)) }), OFFER_REQUESTS_MAX),
})
export type Offer = Infer<typeof offerMessage>

/** A rank's collator proposes a batch. Above rank 0 it shows q time-outs of exactly the rank before; with a closing batch, q tallies. */
export const proposalMessage = message('group-proposal', 1, {
  ...place,
  from: key,
  batch: batchBytes,
  timeouts: list(bytesMax(TIMEOUT_MAX_BYTES), MEMBERS_MAX),
  tallies: list(bytesMax(TALLY_MAX_BYTES), MEMBERS_MAX),
})
export type Proposal = Infer<typeof proposalMessage>

/** A member's sealed answer (WP §6.2, §8.10). */
export const sealMessage = message('group-seal', 1, { ...place, batch: hash, from: key, seal: hash })
export type Seal = Infer<typeof sealMessage>

/** q seals for one batch at one rank: only on these does anyone reveal. */
export const commitSetMessage = message('group-commit-set', 1, { ...place, from: key, batch: batchBytes, seals })

/** The common part must match; `own` is a digest of the execution keyed by the member. */
export const answerSchema = struct({ root: link, responses: hash, effects: hash, fuel: uint53, own: hash })
export type Answer = Infer<typeof answerSchema>

/** What was sealed. `start` is the group state that the run began from. */
export const revealMessage = message('group-reveal', 1, {
  ...place,
  batch: hash,
  from: key,
  start: link,
  salt: bytes(32),
  answer: answerSchema,
})
export type Reveal = Infer<typeof revealMessage>

export const commitSetSchema = struct({ rank: uint16, batch: batchBytes, seals })

/**
 * Gives a rank up: its sender seals and reveals nothing there or below. `previous` is the batch of its last final certificate, `bound`
 * the highest commit set that it has seen for this step. `abstained` says that its own run of the rank's batch did not end.
 */
export const timeoutMessage = message(
  'group-timeout',
  1,
  { ...place, from: key, previous: hash, bound: nullable(commitSetSchema), abstained: bool },
  { maxBytes: TIMEOUT_MAX_BYTES - 128 },
)
export type Timeout = Infer<typeof timeoutMessage>

/** q matching reveals of one (epoch, step, rank, batch), and all differing ones known: in seat order. Not signed itself: each reveal is. */
export const certificateMessage = message(
  'group-certificate',
  1,
  { ...place, batch: hash, reveals: list(bytesMax(REVEAL_MAX_BYTES), MEMBERS_MAX) },
  { maxBytes: CERTIFICATE_MAX_BYTES },
)

/** A final step: its certificate and its batch. */
export const finalMessage = message('group-final', 1, {
  job: bytes(36),
  epoch: uint32,
  step: uint32,
  from: key,
  certificate: bytesMax(CERTIFICATE_MAX_BYTES),
  batch: batchBytes,
})

/** Asks for the last certificate, if it is of a later step than this one. Members of the next epoch may ask too. */
export const askMessage = message('group-ask', 1, { job: bytes(36), epoch: uint32, from: key, step: uint32 })

/** What a member shows the chain when no closing certificate comes; afterwards it signs nothing more in the epoch. */
export const showMessage = message('group-show', 1, {
  job: bytes(36),
  epoch: uint32,
  from: key,
  last: nullable(struct({ certificate: bytesMax(CERTIFICATE_MAX_BYTES), batch: batchBytes })),
  bound: nullable(commitSetSchema),
})

const range = struct({ first: uint32, last: uint32 })
export const tallySchema = {
  known: list(range, RANGES_MAX),
  members: list(struct({ absent: list(range, RANGES_MAX), contradicted: list(uint32, RANGES_MAX) }), MEMBERS_MAX),
}
/** What a member knows of all members' outcomes in the steps before this one. */
export const tallyMessage = message(
  'group-tally',
  1,
  { job: bytes(36), epoch: uint32, step: uint32, from: key, ...tallySchema },
  { maxBytes: TALLY_MAX_BYTES - 128 },
)
