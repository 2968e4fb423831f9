import { bytes, bytesMax, type Infer, link, list, message, nullable, uint16 } from '@interpeer/wire-codec'
import { CERTIFICATE_MAX_BYTES } from './messages.js'
import { responseProof } from './response-tree.js'
import { RESPONSE_BODY_MAX_BYTES } from './site-reply.js'
import { httpHeader } from './site-request.js'

/**
 * What a write is answered with when its group has agreed on it. Nobody signs it: `proof` shows that the response, under its request's hash, is among those of
 * the step, to which the step's certificate commits. Whoever passes it on can change nothing in it, and need not be believed.
 *
 * `state` is the group state that the step made. `certificate` and `named` are those of a `site-reply`, by their SHA-256: they are the same for all whom one
 * step answers. `shown` has those that the asker may not have yet, in any order; one that it lacks it asks for with a `certificate-ask`.
 */
export const writeReply = message(
  'write-reply',
  160,
  1,
  {
    state: link,
    certificate: bytes(32),
    named: nullable(bytes(32)),
    shown: list(bytesMax(CERTIFICATE_MAX_BYTES), 2),
    proof: responseProof,
    status: uint16,
    headers: list(httpHeader, 200),
    body: bytesMax(RESPONSE_BODY_MAX_BYTES),
  },
  { maxBytes: RESPONSE_BODY_MAX_BYTES + 2 * 1024 * 1024 },
)
export type WriteReply = Infer<typeof writeReply>

/**
 * Asks who sent a `write-reply` for a certificate that it names (`certificate`: its SHA-256). The answer is the bare bytes of the certificate, or nothing
 * where it is not here any more.
 */
export const certificateAsk = message('certificate-ask', 161, 1, { job: bytes(36), certificate: bytes(32) }, { maxBytes: 128 })
