import {
  bytesOfContentId,
  type ContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import { bytes, type Infer, link, list, message, uint53 } from '@interpeer/wire-codec'
import { ContentStoreError } from '../errors.js'

/** The most roots one claim names. */
export const CLAIM_ROOTS_MAX = 16
/** The longest that a claim lasts: whoever needs content longer says so again. */
export const CLAIM_MAX_MS = 30 * 24 * 3_600_000
/** How far ahead of our clock a claim may be issued: one from the far future could never be replaced. */
const CLOCK_TOLERANCE_MS = 60_000

/** A signed reference from a job to content (WP §6.9): content-store.cddl. */
export const contentClaim = message(
  'content-claim',
  36,
  1,
  { job: bytes(36), from: bytes(32), roots: list(link, CLAIM_ROOTS_MAX), issuedMs: uint53, untilMs: uint53 },
  { maxBytes: 1024 },
)
export type ContentClaim = Infer<typeof contentClaim>

/** A claim whose signature was checked. */
export interface Claim {
  readonly job: JobId
  readonly from: PeerId
  readonly roots: readonly ContentId[]
  readonly issuedMs: number
  readonly untilMs: number
  /** The signed message, to keep and to pass on. */
  readonly envelope: Uint8Array
}
export type ClaimTerms = Pick<Claim, 'job' | 'roots' | 'issuedMs' | 'untilMs'>

/**
 * Says that `signer` vouches for these roots, and no others, in this job until then. No roots: its claim ends.
 * @throws {WireError} WIRE_SHAPE for more than 16 roots
 */
export function signClaim({ job, roots, issuedMs, untilMs }: ClaimTerms, signer: Signer, network: NetworkId): Uint8Array {
  const claim = { job: bytesOfContentId(job), from: signer.publicKey, roots: roots.map(bytesOfContentId), issuedMs, untilMs }
  return signMessage(contentClaim, claim, signer, network)
}

/**
 * @param nowMs network time
 * @throws {ContentStoreError} CLAIM_TIME: from the future, or for longer than 30 days
 * @throws {CryptoError} a forged or malformed envelope, a link that is no ContentId
 * @throws {WireError} another message
 */
export function openClaim(envelope: Uint8Array, network: NetworkId, nowMs: number): Claim {
  const claim = openMessage(contentClaim, envelope, network, ({ from }) => peerIdOfKey(from))
  const { issuedMs, untilMs } = claim
  if (issuedMs > nowMs + CLOCK_TOLERANCE_MS || untilMs > issuedMs + CLAIM_MAX_MS) {
    throw new ContentStoreError({ code: 'CLAIM_TIME', issuedMs, untilMs })
  }
  const job = jobIdOf(contentIdOfBytes(claim.job))
  return { job, from: peerIdOfKey(claim.from), roots: claim.roots.map(contentIdOfBytes), issuedMs, untilMs, envelope }
}
