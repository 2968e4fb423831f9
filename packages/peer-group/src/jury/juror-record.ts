import type { PeerId } from '@interpeer/crypto-ids'
import { decodeWith, encodeWith, type Infer, sameBytes, WireError } from '@interpeer/wire-codec'
import { PeerGroupError } from '../errors.js'
import type { Verifier } from '../verifier.js'
import type { Dispute } from './dispute.js'
import { JUROR_RECORD_MAX_BYTES, jurorRecordSchema } from './messages.js'
import { readVerdict } from './verdict.js'

const RECORD_VERSION = 1

/** What a crash must not forget: a juror says one thing about a dispute, and says it again in the same bytes. */
export function writeJurorRecord({ id }: Dispute, verdict: Uint8Array): Uint8Array {
  return encodeWith(jurorRecordSchema, { version: RECORD_VERSION, dispute: id, verdict }, JUROR_RECORD_MAX_BYTES)
}

/** The verdict that a record holds. @throws {PeerGroupError} RECORD_UNREADABLE */
export function readJurorRecord(record: Uint8Array, dispute: Dispute, self: PeerId, verifier: Verifier): Uint8Array {
  let value: Infer<typeof jurorRecordSchema>
  try {
    value = decodeWith(jurorRecordSchema, record, JUROR_RECORD_MAX_BYTES)
  } catch (cause) {
    if (cause instanceof WireError) throw unreadable('not a record', cause)
    throw cause
  }
  if (value.version !== RECORD_VERSION) throw unreadable('another version')
  if (!sameBytes(value.dispute, dispute.id)) throw unreadable('of another dispute')
  if (typeof readVerdict(value.verdict, dispute, [self], verifier) === 'string')
    throw unreadable('it holds what is no verdict of this juror')
  return value.verdict
}
const unreadable = (reason: string, cause?: unknown): PeerGroupError => new PeerGroupError({ code: 'RECORD_UNREADABLE', reason }, { cause })
