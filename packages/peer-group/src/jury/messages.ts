import { bytes, bytesMax, type Infer, list, message, nullable, struct, uint8, uint16, uint32, variants } from '@interpeer/wire-codec'
import { answerSchema, CERTIFICATE_MAX_BYTES, REVEAL_MAX_BYTES, SEAL_MAX_BYTES, TIMEOUT_MAX_BYTES } from '../messages.js'
import { DISSENT_MAX_BYTES, MEMBERS_MAX } from '../settings.js'
import { DISPUTE_STEPS_MAX } from './settings.js'

/** Of a signed verdict, envelope included. */
export const VERDICT_MAX_BYTES = 640

const [hash, key] = [bytes(32), bytes(32)]
const certificate = bytesMax(CERTIFICATE_MAX_BYTES)
const listOf = (maxBytes: number) => list(bytesMax(maxBytes), MEMBERS_MAX)

/**
 * What is signed against a step: differing answers (reveals or dissents) and withheld statements; or reveals of one place that can no longer reach q alike; or a
 * commit set that q later time-outs of one rank are bound to, without a certificate.
 */
export const evidenceSchema = variants({
  objection: [0, { statements: listOf(DISSENT_MAX_BYTES) }],
  split: [1, { rank: uint16, reveals: listOf(REVEAL_MAX_BYTES) }],
  bound: [2, { rank: uint16, seals: listOf(SEAL_MAX_BYTES), timeouts: listOf(TIMEOUT_MAX_BYTES) }],
})

/**
 * What a group, or one member alone, brings to the chain: it holds by itself, whoever brings it (design §6, Jury). Batches are named by their hashes: their bytes
 * would make their seeds public. `base`: the certificate of the last final step; null: the epoch's beginning. `steps`: those of all certified steps after it, in order; before the disputed one some may be missing where
 * all that is said is that something is withheld.
 */
export const disputeMessage = message('group-dispute', 64, 1, {
  job: bytes(36),
  epoch: uint32,
  step: uint32,
  batch: hash,
  base: nullable(certificate),
  steps: list(certificate, DISPUTE_STEPS_MAX),
  evidence: evidenceSchema,
})

/**
 * A juror's own answer for a step: the disputed one, or an earlier one that is not final and comes out otherwise than its certificate says. Or why it has none: what
 * the step needs was not to be had in time; no batch that may run there; the run did not end in time, which is no opinion. `holds`: a stretch before the disputed step comes to what the batch after it begins from.
 */
export const findingSchema = variants({
  'too-slow': [0, {}],
  unfetchable: [1, { step: uint32 }],
  invalid: [2, { step: uint32 }],
  answered: [3, { step: uint32, answer: answerSchema }],
  holds: [4, {}],
})
export type Finding = Infer<typeof findingSchema>

/** What a juror found. `dispute`: the dispute's id. */
export const verdictMessage = message(
  'group-verdict',
  65,
  1,
  { job: bytes(36), epoch: uint32, dispute: hash, from: key, finding: findingSchema },
  { maxBytes: VERDICT_MAX_BYTES - 128 },
)
export type Verdict = Infer<typeof verdictMessage>

/** On a juror's own disk, never sent: the verdict that it has signed, byte for byte. */
export const jurorRecordSchema = struct({ version: uint8, dispute: hash, verdict: bytesMax(VERDICT_MAX_BYTES) })
export const JUROR_RECORD_MAX_BYTES = 1024
