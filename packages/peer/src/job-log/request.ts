import {
  bytesOfContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  keyOfPeerId,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import { PeerError } from '../errors.js'
import { jobLogs } from './messages.js'

/** A place in one member's log: what was read up to. */
export interface LogCursor {
  readonly ring: Uint8Array
  readonly after: number
}
export interface LogRequest {
  readonly job: JobId
  /** Who signed it. */
  readonly reader: PeerId
  readonly ring: Uint8Array | null
  readonly after: number
}

/** How far a request's time may be from ours: an old one is of no use to who finds it. */
const CLOCK_TOLERANCE_MS = 60_000

export function signLogRequest(
  { job, to, cursor, nowMs }: { readonly job: JobId; readonly to: PeerId; readonly cursor: LogCursor | undefined; readonly nowMs: number },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  const { ring = null, after = 0 } = cursor ?? {}
  const asked = { from: signer.publicKey, to: keyOfPeerId(to), job: bytesOfContentId(job), ms: nowMs, ring, after }
  return signMessage(jobLogs, asked, signer, network)
}

/**
 * Reads what another peer sent. Whether the signer may read that job's log is not checked here.
 * @throws {PeerError} JOB_LOGS_REFUSED: for another member, or not of now @throws {CryptoError} a forged or malformed envelope, a job that is none
 * @throws {WireError} another message
 */
export function openLogRequest(
  envelope: Uint8Array,
  { network, self, nowMs }: { readonly network: NetworkId; readonly self: PeerId; readonly nowMs: number },
): LogRequest {
  const { from, to, job, ms, ring, after } = openMessage(jobLogs, envelope, network, (value) => peerIdOfKey(value.from))
  if (peerIdOfKey(to) !== self) throw new PeerError({ code: 'JOB_LOGS_REFUSED', reason: 'it asks another member' })
  if (Math.abs(ms - nowMs) > CLOCK_TOLERANCE_MS) throw new PeerError({ code: 'JOB_LOGS_REFUSED', reason: 'its time is not now' })
  return { job: jobIdOf(contentIdOfBytes(job)), reader: peerIdOfKey(from), ring, after }
}
