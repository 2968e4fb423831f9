import {
  type ContentId,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import { bytesMax, encodeWith, list, sameBytes, struct, uint16 } from '@interpeer/wire-codec'
import { verifyReveals } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { readContradiction } from './read-check.js'
import { openRequest } from './request-tree.js'
import { RESPONSE_BODY_MAX_BYTES, type SiteReply, siteReply } from './site-reply.js'
import { httpHeader, type SiteRequest } from './site-request.js'
import type { Verification } from './verifier.js'

/** A signed request and a member's signed answer to it, given on a state by that member alone. */
export interface ReadPair {
  readonly request: Verified<SiteRequest>
  readonly reply: Verified<SiteReply>
  readonly asker: PeerId
  readonly answerer: PeerId
  readonly job: JobId
  readonly state: ContentId
}
/** What running a read again came to. */
export interface ReadOutcome extends Pick<SiteReply, 'status' | 'headers' | 'body'> {
  /** It changed a file: then a member may not answer it alone. */
  readonly writes: boolean
}
/** What the chain says of a site, as far as it decides whether a read can be judged. */
export interface ReadContext {
  readonly network: NetworkId
  readonly job: JobId
  readonly runtime: string
  /** Epochs whose members may have certified the state, or have answered: in any order. `start`: the state it began from, where that is known. */
  readonly epochs: readonly { readonly epoch: number; readonly members: readonly PeerId[]; readonly start: ContentId | null }[]
}
/** Evidence that holds as far as signatures can show: what must be run again, and what both sides said. */
export interface ReadContradiction {
  readonly accuser: PeerId
  readonly pair: ReadPair
  /** Run `pair.request` on `state` at this time and with this seed, by `runtime`; then `judgeRead`. */
  readonly rerun: { readonly state: ContentId; readonly runtime: string; readonly timeMs: number; readonly seed: Uint8Array }
  readonly found: Uint8Array
  readonly writes: boolean
}

/** The time and the seed of a read: the asker gives them, so that any two members can be compared (design §6, Reads). */
export const readMoment = ({ ms, id }: Pick<SiteRequest, 'ms' | 'id'>): { readonly timeMs: number; readonly seed: Uint8Array } => ({
  timeMs: Math.floor(ms / 1000) * 1000,
  seed: sha256(id),
})

/** Whether a member answered as this run did: status, headers in their order, body, and that nothing was changed. */
export function sameReply(reply: Pick<SiteReply, 'status' | 'headers' | 'body'>, outcome: ReadOutcome): boolean {
  return !outcome.writes && sameBytes(responseDigest(reply), responseDigest(outcome))
}

/** What a digest of a response is made from; it is not sent. */
export const readFound = struct({ status: uint16, headers: list(httpHeader, 200), body: bytesMax(RESPONSE_BODY_MAX_BYTES) })
export const READ_FOUND_MAX_BYTES = RESPONSE_BODY_MAX_BYTES + 2 * 1024 * 1024
/** SHA-256 of a `read-found`: the canonical CBOR of [status, headers, body]. */
export const responseDigest = ({ status, headers, body }: Pick<SiteReply, 'status' | 'headers' | 'body'>): Uint8Array =>
  sha256(encodeWith(readFound, { status, headers, body }, READ_FOUND_MAX_BYTES))

/**
 * Opens a signed request with the signed reply to it. A read only: neither what the group agreed on nor a refusal, nor what says of itself that it
 * is stale.
 * @throws {PeerGroupError} READ_PAIR_INVALID
 */
export function openReadPair(requestEnvelope: Uint8Array, replyEnvelope: Uint8Array, network: NetworkId): ReadPair {
  const request = opened(() => openRequest(requestEnvelope, network))
  const reply = opened(() => openMessage(siteReply, replyEnvelope, network, ({ from }) => peerIdOfKey(from)))
  const wrong = (reason: string) => new PeerGroupError({ code: 'READ_PAIR_INVALID', reason })
  if (!sameBytes(reply.request, sha256(requestEnvelope)) || !sameBytes(reply.job, request.job)) throw wrong('a reply to another request')
  if (request.method !== 'GET' && request.method !== 'HEAD') throw wrong('no read')
  if (request.parts.length > 0) throw wrong('a read with a body of its own')
  if (reply.ran !== 'read') throw wrong('not answered by one member alone')
  if (reply.stale) throw wrong('said to be stale')
  return opened(() => ({
    request,
    reply,
    asker: peerIdOfKey(request.from),
    answerer: peerIdOfKey(reply.from),
    job: jobIdOf(contentIdOfBytes(request.job)),
    state: contentIdOfBytes(reply.state),
  }))
}
function opened<T>(open: () => T): T {
  try {
    return open()
  } catch (cause) {
    throw new PeerGroupError({ code: 'READ_PAIR_INVALID', reason: 'not readable, or not signed' }, { cause })
  }
}

/** Whether the state of a reply is one that the site's group certified, or that the chain names, and its author has a seat there. */
export function isReadOnRecord({ reply, job, state, answerer }: ReadPair, context: ReadContext, verification?: Verification): boolean {
  const { network, epochs } = context
  if (job !== context.job || !epochs.some(({ members }) => members.includes(answerer))) return false
  if (epochs.some(({ start }) => start === state)) return true // the chain names it, whatever certificate came along
  const { certificate } = reply
  if (certificate === null) return false
  return epochs.some(({ epoch, members }) => {
    if (members.length === 0) return false
    try {
      return verifyReveals(certificate, { network, job, epoch, members }, verification).state === state
    } catch {
      return false // of another epoch, perhaps
    }
  })
}

/**
 * Signs that a read was run again and came out otherwise. The caller has run it, on that state and by that runtime.
 * @throws {WireError} a request or reply that is too long to be passed on
 */
export function signReadContradiction(
  said: { readonly request: Uint8Array; readonly reply: Uint8Array; readonly runtime: string; readonly outcome: ReadOutcome },
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  const { request, reply, runtime, outcome } = said
  const value = { from: signer.publicKey, runtime, request, reply, found: responseDigest(outcome), writes: outcome.writes }
  return signMessage(readContradiction, value, signer, network)
}

/**
 * Checks evidence without running anything: all signatures, that the reply is to this request, of a member, on a state of this site, and that it is
 * not what the accuser found. It does not say who is right: run `rerun`, then ask `judgeRead`.
 * @throws {PeerGroupError} READ_PAIR_INVALID, READ_EVIDENCE_INVALID
 */
export function verifyReadContradiction(envelope: Uint8Array, context: ReadContext, verification?: Verification): ReadContradiction {
  const wrong = (reason: string, cause?: unknown) => new PeerGroupError({ code: 'READ_EVIDENCE_INVALID', reason }, { cause })
  let said: ReturnType<typeof readContradiction.decode>
  try {
    said = openMessage(readContradiction, envelope, context.network, ({ from }) => peerIdOfKey(from))
  } catch (cause) {
    throw wrong('not readable, or not signed', cause)
  }
  const pair = openReadPair(said.request, said.reply, context.network)
  if (said.runtime !== context.runtime) throw wrong('another runtime')
  if (!isReadOnRecord(pair, context, verification)) throw wrong('not a member, or not on a state of this site')
  if (!said.writes && sameBytes(said.found, responseDigest(pair.reply))) throw wrong('no contradiction')
  const { found, writes, runtime } = said
  const rerun = { state: pair.state, step: pair.reply.step, runtime, ...readMoment(pair.request) }
  return { accuser: peerIdOfKey(said.from), pair, rerun, found, writes }
}

/** Who lied, by one's own run: the member that answered, its accuser, or both. One of them did: what they say differs. */
export function judgeRead({ accuser, pair, found, writes }: ReadContradiction, outcome: ReadOutcome): readonly PeerId[] {
  const accuserIsRight = writes === outcome.writes && sameBytes(found, responseDigest(outcome))
  return [...(sameReply(pair.reply, outcome) ? [] : [pair.answerer]), ...(accuserIsRight ? [] : [accuser])]
}
