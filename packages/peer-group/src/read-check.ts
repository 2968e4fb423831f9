import { bool, bytes, bytesMax, type Infer, message, nullable, oneOf, text } from '@interpeer/wire-codec'

/** Of the signed request and the signed reply: larger ones are not checked. Evidence with both fits a block, so that jurors fetch it by its hash. */
export const READ_REQUEST_MAX_BYTES = 64 * 1024
export const READ_REPLY_MAX_BYTES = 956 * 1024
const EVIDENCE_MAX_BYTES = READ_REQUEST_MAX_BYTES + READ_REPLY_MAX_BYTES + 2 * 1024
const pair = { request: bytesMax(READ_REQUEST_MAX_BYTES), reply: bytesMax(READ_REPLY_MAX_BYTES) }

/** Asks another member of the group to run a read again: the asker's signed request, and the reply that one member signed. */
export const readCheck = message('read-check', 72, 1, pair, { maxBytes: EVIDENCE_MAX_BYTES })

/** What came of it. `abstained`: this member has not that state, or could not run it; it proves nothing. `contradicted` comes with the evidence. */
export const readChecked = message(
  'read-checked',
  73,
  1,
  { verdict: oneOf('same', 'contradicted', 'abstained'), evidence: nullable(bytesMax(EVIDENCE_MAX_BYTES + 128)) },
  { maxBytes: EVIDENCE_MAX_BYTES + 256 },
)
export type ReadChecked = Infer<typeof readChecked>

/**
 * A member's statement that it ran another one's read again and came to something else. `found` is the digest of its own response
 * (`responseDigest`), `writes` whether the run changed a file, which a read may not. Anyone who has the state can run it too and see who lied.
 */
export const readContradiction = message(
  'read-contradiction',
  74,
  1,
  { from: bytes(32), runtime: text(255), ...pair, found: bytes(32), writes: bool },
  { maxBytes: EVIDENCE_MAX_BYTES },
)
