import { bool, bytes, bytesMax, type Infer, link, list, message, nullable, struct, uint16, uint32, uint53 } from '@interpeer/wire-codec'
import {
  BATCH_MAX_BYTES,
  DISSENT_MAX_BYTES,
  DISSENTS_MAX,
  INLINE_BODY_MAX_BYTES,
  MEMBERS_MAX,
  OFFER_REQUESTS_MAX,
  PROVISIONAL_MAX,
} from './settings.js'

/** Limits of signed messages that travel inside others; envelope included. */
export const SEAL_MAX_BYTES = 384
export const REVEAL_MAX_BYTES = 640
export const TALLY_MAX_BYTES = 8 * 1024
export const TIMEOUT_MAX_BYTES = 16 * 1024
export const CERTIFICATE_MAX_BYTES = 24 * 1024
export const RANGES_MAX = 12
/** Certificates that a proposal shows. */
export const UNANIMOUS_SHOWN_MAX = 4

const place = { job: bytes(36), epoch: uint32, step: uint32, rank: uint16 }
const [hash, key] = [bytes(32), bytes(32)]
const batchBytes = bytesMax(BATCH_MAX_BYTES)
const seals = list(bytesMax(SEAL_MAX_BYTES), MEMBERS_MAX)
const dissents = list(bytesMax(DISSENT_MAX_BYTES), DISSENTS_MAX)

/** Passes visitors' requests on, so that whoever collates can batch them. */
export const offerMessage = message('group-offer', 48, 1, {
  job: bytes(36),
  epoch: uint32,
  from: key,
  requests: list(struct({ id: bytes(16), ms: uint53, cid: link, body: nullable(bytesMax(INLINE_BODY_MAX_BYTES)) }), OFFER_REQUESTS_MAX),
})
export type Offer = Infer<typeof offerMessage>

/**
 * A rank's collator proposes a batch. Above rank 0 it shows q time-outs of exactly the rank before; with a closing batch, q tallies; where it names steps
 * final before their windows are over, certificates in which all members reveal alike.
 */
export const proposalMessage = message('group-proposal', 49, 1, {
  ...place,
  from: key,
  batch: batchBytes,
  timeouts: list(bytesMax(TIMEOUT_MAX_BYTES), MEMBERS_MAX),
  tallies: list(bytesMax(TALLY_MAX_BYTES), MEMBERS_MAX),
  unanimous: list(bytesMax(CERTIFICATE_MAX_BYTES), UNANIMOUS_SHOWN_MAX),
})
export type Proposal = Infer<typeof proposalMessage>

/** A member's sealed answer (WP §6.2, §8.10). */
export const sealMessage = message('group-seal', 50, 1, { ...place, batch: hash, from: key, seal: hash })
export type Seal = Infer<typeof sealMessage>

/** q seals for one batch at one rank: only on these does anyone reveal. */
export const commitSetMessage = message('group-commit-set', 51, 1, { ...place, from: key, batch: batchBytes, seals })

/**
 * All but `own` must match: `own` is a digest of the execution keyed by the member. `final` and `disputed` are those of the batch, so that whoever holds a
 * certificate without its batch sees which steps are final (`provesFinal`).
 */
export const answerSchema = struct({
  root: link,
  responses: hash,
  effects: hash,
  fuel: uint53,
  final: uint32,
  disputed: uint32,
  own: hash,
})
export type Answer = Infer<typeof answerSchema>

/** What was sealed. `start` is the group state that the run began from. */
export const revealMessage = message('group-reveal', 52, 1, {
  ...place,
  batch: hash,
  from: key,
  start: link,
  salt: bytes(32),
  answer: answerSchema,
})
export type Reveal = Infer<typeof revealMessage>

/** A commit set whose batch is named by its hash: the bytes travel in a `group-commit-set`. */
export const boundSetSchema = struct({ rank: uint16, batch: hash, seals })

/**
 * Gives a rank up: its sender seals and reveals nothing there or below. `previous` is the batch of its last certificate, `bound` the highest commit set
 * that it has seen for this step, `dissents` what it was shown against steps that are not final. `abstained`: its own run of the rank's batch did not end.
 */
export const timeoutMessage = message(
  'group-timeout',
  53,
  1,
  { ...place, from: key, previous: hash, bound: nullable(boundSetSchema), dissents, abstained: bool },
  { maxBytes: TIMEOUT_MAX_BYTES - 128 },
)
export type Timeout = Infer<typeof timeoutMessage>

/** q matching reveals of one (epoch, step, rank, batch), and all differing ones known: in seat order. Not signed itself: each reveal is. */
export const certificateMessage = message(
  'group-certificate',
  54,
  1,
  { ...place, batch: hash, reveals: list(bytesMax(REVEAL_MAX_BYTES), MEMBERS_MAX) },
  { maxBytes: CERTIFICATE_MAX_BYTES },
)

/** A certified step: its certificate and its batch. */
export const finalMessage = message('group-final', 55, 1, {
  job: bytes(36),
  epoch: uint32,
  step: uint32,
  from: key,
  certificate: bytesMax(CERTIFICATE_MAX_BYTES),
  batch: batchBytes,
})

/** Asks for the certificates after this step. Members of the next epoch may ask too. */
export const askMessage = message('group-ask', 56, 1, { job: bytes(36), epoch: uint32, from: key, step: uint32 })

/**
 * A member's answer to a certified batch where it is not the certified one (design §6, Final or frozen). Not a reveal: no certificate counts it, so it may be
 * given at a rank that its sender gave up.
 */
export const dissentMessage = message('group-dissent', 60, 1, { ...place, batch: hash, from: key, start: link, answer: answerSchema })
export type Dissent = Infer<typeof dissentMessage>

/**
 * Its sender was shown a certificate of this batch and was not given the batch, or what it runs on, so that it can't say whether it agrees. `stretch`: where more steps lead there than jurors run, it asks
 * for those after `after` up to `through`.
 */
export const withheldMessage = message('group-withheld', 61, 1, {
  ...place,
  batch: hash,
  from: key,
  stretch: nullable(struct({ after: uint32, through: uint32 })),
})
export type Withheld = Infer<typeof withheldMessage>

/**
 * Its sender holds this dissent, and hands it on. `sealedStep` and `sealedRank` are the highest place that it had sealed until then: a batch that it seals
 * later and that names the step final, without being bound, is a provable lie.
 */
export const dissentHeldMessage = message('group-dissent-held', 62, 1, {
  job: bytes(36),
  epoch: uint32,
  step: uint32,
  from: key,
  sealedStep: uint32,
  sealedRank: uint16,
  dissent: bytesMax(DISSENT_MAX_BYTES),
})
export type DissentHeld = Infer<typeof dissentHeldMessage>

/** Its sender's run of this batch had not ended when others certified it: late, which is no dissent. */
export const lateMessage = message('group-late', 63, 1, { ...place, batch: hash, from: key })
export type LateWord = Infer<typeof lateMessage>

/** A certified step, and what its holder was shown against it. */
export const shownStepSchema = struct({ certificate: bytesMax(CERTIFICATE_MAX_BYTES), batch: batchBytes, dissents })
/** The last final step, the provisional ones, and what a frozen group made of them. */
export const SHOWN_STEPS_MAX = PROVISIONAL_MAX + 3
export const SHOW_MAX_BYTES = 352 * 1024

/** What a member shows the chain when no closing certificate comes; afterwards it signs nothing more in the epoch but what stands against others' steps. */
export const showMessage = message(
  'group-show',
  57,
  1,
  {
    job: bytes(36),
    epoch: uint32,
    from: key,
    /** The last final one that it knows, and all since. */
    steps: list(shownStepSchema, SHOWN_STEPS_MAX),
    bound: nullable(boundSetSchema),
    boundBatch: nullable(batchBytes),
    /** What it revealed in the open step. */
    reveal: nullable(bytesMax(REVEAL_MAX_BYTES)),
    /** Up to which step it has seen all: to what the others certified after that it may still object. */
    seen: uint32,
  },
  { maxBytes: SHOW_MAX_BYTES },
)

const range = struct({ first: uint32, last: uint32 })
export const tallySchema = {
  known: list(range, RANGES_MAX),
  members: list(
    struct({ absent: list(range, RANGES_MAX), late: list(range, RANGES_MAX), contradicted: list(uint32, RANGES_MAX) }),
    MEMBERS_MAX,
  ),
}
/** What a member knows of all members' outcomes in the steps before this one. */
export const tallyMessage = message(
  'group-tally',
  58,
  1,
  { job: bytes(36), epoch: uint32, step: uint32, from: key, ...tallySchema },
  { maxBytes: TALLY_MAX_BYTES - 128 },
)
