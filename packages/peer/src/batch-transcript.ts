import { sha256 } from '@interpeer/crypto-ids'
import { TRANSCRIPT_MAX_BYTES } from '@interpeer/peer-group'

/** What a runtime says of one request is kept whole up to this, and up to its share of a group's limit; of more, its hash. */
const REQUEST_TRANSCRIPT_MAX_BYTES = 24 * 1024
const LENGTH_BYTES = 4

/**
 * The transcript of a batch: for each request in order its length (32 bits, little-endian), then the bytes. Empty for a request that
 * nothing was run for.
 */
export function batchTranscript(transcripts: readonly Uint8Array[]): Uint8Array {
  const share = Math.floor(TRANSCRIPT_MAX_BYTES / Math.max(1, transcripts.length)) - LENGTH_BYTES
  const mostBytes = Math.min(REQUEST_TRANSCRIPT_MAX_BYTES, share)
  const parts = transcripts.map((one) => (one.length > mostBytes ? sha256(one) : one))
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length, true)
    out.set(part, at + LENGTH_BYTES)
    at += LENGTH_BYTES + part.length
  }
  return out
}
