import { bytes, bytesMax, type Infer, list, message, oneOf, struct, uint32 } from '@interpeer/wire-codec'

const [hash, key] = [bytes(32), bytes(32)]

/**
 * A member says that another one lied in what no other message contradicts, so that only a run can show it; for a jury. `evidence`: SHA-256 of a raw block that its author keeps for the
 * jurors. `read`: a signed read-contradiction of that author. `own-part`: the accused's signed group-reveal, whose own part is not that of the execution. `two-signed`: a
 * `two-messages` block.
 */
export const accusationMessage = message(
  'group-accusation',
  69,
  1,
  { job: bytes(36), epoch: uint32, from: key, accused: key, kind: oneOf('read', 'own-part', 'two-signed'), evidence: hash },
  { maxBytes: 256 },
)
export type Accusation = Infer<typeof accusationMessage>

/** As large as a block may be. */
export const TWO_MESSAGES_MAX_BYTES = 1024 * 1024
/** Two signed messages that only one member can have signed and no honest one does, too long for the chain's own evidence: so that the jury sees what the chain can't. */
export const twoMessages = struct({ envelopes: list(bytesMax(TWO_MESSAGES_MAX_BYTES), 2) })

/**
 * What a juror found: who said what is not so. `unfit`: the evidence is none, or not about these two. `not-fetched`: it, or the state that it is about, could not be had in time.
 * `not-ended`: what it is about does not end in the time that jurors have. `undecided` is no opinion.
 */
export const accusationFinding = oneOf('undecided', 'not-fetched', 'unfit', 'accused-lied', 'accuser-lied', 'both-lied', 'not-ended')
export type AccusationFinding = Infer<typeof accusationFinding>

/** `accusation`: its id. */
export const accusationVerdict = message(
  'accusation-verdict',
  77,
  1,
  { job: bytes(36), epoch: uint32, accusation: hash, from: key, finding: accusationFinding },
  { maxBytes: 256 },
)
