import { keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { bytes, type Infer, link, list, message, nullable } from '@interpeer/wire-codec'

/** The most blocks of one audit. */
export const AUDIT_MAX_BLOCKS = 16

/** Shows that these blocks can be read (content-store.cddl). */
export const auditBlocks = message('audit-blocks', 35, 1, { nonce: bytes(32), cids: list(link, AUDIT_MAX_BLOCKS) }, { maxBytes: 1024 })
export type AuditBlocks = Infer<typeof auditBlocks>

/** In the order of the request; null = not here; shorter = the rest would cost too much now. */
export const auditDigests = message('audit-digests', 37, 1, { digests: list(nullable(bytes(32)), AUDIT_MAX_BLOCKS) }, { maxBytes: 1024 })
export type AuditDigests = Infer<typeof auditDigests>

const TAG = Uint8Array.from('interpeer audit 1', (letter) => letter.charCodeAt(0))

/** What only this prover can answer, to this nonce, and only from the block's bytes. */
export const auditDigest = (nonce: Uint8Array, prover: PeerId, block: Uint8Array): Uint8Array =>
  sha256(TAG, nonce, keyOfPeerId(prover), block)
