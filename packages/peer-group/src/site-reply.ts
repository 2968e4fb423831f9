import { bool, bytes, bytesMax, type Infer, link, list, message, nullable, oneOf, struct, uint16, uint32 } from '@interpeer/wire-codec'
import { CERTIFICATE_MAX_BYTES } from './messages.js'
import { responseProof } from './response-tree.js'
import { httpHeader } from './site-request.js'

/** A response's body is stored in chunks of this size, so that no block is large. */
export const RESPONSE_CHUNK_BYTES = 256 * 1024
/** A shorter one stands in the response's own block: most answers to a write are short. */
export const RESPONSE_INLINE_MAX_BYTES = 4 * 1024
export const RESPONSE_BODY_MAX_BYTES = 8 * 1024 * 1024

/**
 * The response to a write, as the group agreed on it: a block that the group state links to, so a repeated request gets the same answer.
 * `request` is the SHA-256 of the signed request's bytes, so that the block's CID says what it answers. A body up to `RESPONSE_INLINE_MAX_BYTES` is in `body`, a
 * longer one in `chunks`, and the other of the two is empty.
 */
export const siteResponse = struct({
  request: bytes(32),
  status: uint16,
  headers: list(httpHeader, 200),
  body: bytesMax(RESPONSE_INLINE_MAX_BYTES),
  chunks: list(link, RESPONSE_BODY_MAX_BYTES / RESPONSE_CHUNK_BYTES),
})
export type SiteResponse = Infer<typeof siteResponse>

/**
 * What one member answers, signed by it: request, response and the certified state that it ran on. If it lies, this is the evidence.
 * `ran` says whether the member answered alone (`read`) or the group agreed (`write`). `certificate` is the one that made
 * `state` final; before the first step of an epoch there is none, and the chain's entry of the job names `state` itself. Its batch stays
 * among the members: the batch's proof leads to the seed, and so to the tokens of all whom the step answered. `named`: the later certificate that names the
 * step final, where its own does not prove it (`provesFinal`); null too for a write that is answered before that, as its job may want it.
 *
 * A write's `epoch`, `step`, `state` and `certificate` are of the step that ran it, and `proof` shows that the answer's own block (`siteResponse`) is
 * among the responses of that step, to which the certificate commits.
 */
export const siteReply = message(
  'site-reply',
  71,
  1,
  {
    from: bytes(32),
    job: bytes(36),
    request: bytes(32),
    ran: oneOf('read', 'write', 'refused'),
    epoch: uint32,
    step: uint32,
    state: link,
    stale: bool,
    certificate: nullable(bytesMax(CERTIFICATE_MAX_BYTES)),
    named: nullable(bytesMax(CERTIFICATE_MAX_BYTES)),
    proof: nullable(responseProof),
    status: uint16,
    headers: list(httpHeader, 200),
    body: bytesMax(RESPONSE_BODY_MAX_BYTES),
  },
  { maxBytes: RESPONSE_BODY_MAX_BYTES + 2 * 1024 * 1024 },
)
export type SiteReply = Infer<typeof siteReply>
