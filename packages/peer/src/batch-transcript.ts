import { sha256 } from '@interpeer/crypto-ids'

/** What a runtime says of one request is kept whole up to this; of more, its hash. So 64 requests stay within a group's limit. */
const REQUEST_TRANSCRIPT_MAX_BYTES = 24 * 1024

/**
 * The transcript of a batch: for each request in order its length (32 bits, little-endian), then the bytes. Empty for a request that
 * nothing was run for.
 */
export function batchTranscript(transcripts: readonly Uint8Array[]): Uint8Array {
  const parts = transcripts.map((one) => (one.length > REQUEST_TRANSCRIPT_MAX_BYTES ? sha256(one) : one))
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length, true)
    out.set(part, at + 4)
    at += 4 + part.length
  }
  return out
}
