import {
  bytesOfContentId,
  type ContentId,
  contentIdOfBytes,
  keyOfPeerId,
  type NetworkId,
  openMessage,
  type PeerId,
  peekPayload,
  peerIdOfKey,
  sha256,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { type SiteReply, siteReply, type Verification, type WriteReply, writeReply } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import { isLater } from '../served-state.js'
import { isStale, type SiteView } from '../site-view.js'
import { CertificateShows } from './certificate-shows.js'
import { LackedCertificates } from './lacked-certificates.js'
import { ObservedSites } from './observed-sites.js'
import { codeOfRefusal } from './refusals.js'
import { KnownCertificates, provenPlace, provesWrite } from './reply-proof.js'
import type { SiteAnswer } from './site-answer.js'

/** A member's word that a state is fresh is checked, but for the time that its answer takes. */
const STALE_ON_THE_WAY_MS = 2_000

/** What a reply is to answer. */
export interface AskedRequest {
  readonly envelope: Uint8Array
  /** By its method: it may still turn out to write. */
  readonly isRead: boolean
}

/** What members of sites reply to one visitor's side, believed as far as it is proven: by what a group certified, or where nothing else proves it by the member's signature. */
export class CheckedReplies {
  /** What each site was seen to serve. */
  readonly observed = new ObservedSites()
  readonly #network: NetworkId
  readonly #verification: Verification
  readonly #now: () => number
  readonly #certificates = new KnownCertificates()
  readonly #lacked: LackedCertificates
  readonly #shows: CertificateShows

  constructor(at: {
    readonly network: NetworkId
    readonly overlay: Overlay
    readonly verification: Verification
    readonly now: () => number
  }) {
    this.#network = at.network
    this.#verification = at.verification
    this.#now = at.now
    this.#lacked = new LackedCertificates(at.overlay)
    this.#shows = new CertificateShows(at.overlay, at.now)
  }

  /** The answer in a member's reply. @throws {PeerError} REPLY_FALSE */
  answerIn(view: SiteView, peer: PeerId, asked: AskedRequest, reply: Uint8Array): SiteAnswer | Promise<SiteAnswer> {
    return numberOf(reply) === writeReply.number
      ? this.#checkWritten(view, peer, asked, reply)
      : this.#prove(view, peer, asked, this.#read(view, peer, asked, reply))
  }

  /** @throws {PeerError} REPLY_FALSE */
  #read(view: SiteView, peer: PeerId, { envelope, isRead }: AskedRequest, bytes: Uint8Array): SiteReply {
    // what the group certified needs no member's word beside it, and is proven later
    const written = isRead ? undefined : this.#peek(peer, bytes)
    const reply = written?.ran === 'write' ? written : this.#open(peer, bytes)
    if (!sameBytes(reply.request, sha256(envelope)) || !sameBytes(reply.job, bytesOfContentId(view.job)))
      throw replyFalse('another request')
    return reply
  }

  /**
   * A write's answer with the certificates that it names: all but the first from a member have them by their digests.
   * @throws {PeerError} REPLY_FALSE
   */
  async #checkWritten(view: SiteView, peer: PeerId, asked: AskedRequest, bytes: Uint8Array): Promise<SiteAnswer> {
    const { certificate, named, shown, ...rest } = readWritten(bytes)
    const job = bytesOfContentId(view.job)
    const known = (digest: Uint8Array): Uint8Array | undefined =>
      this.#certificates.get(hexOf(digest)) ?? shown.find((one) => sameBytes(sha256(one), digest))
    const wanted = named === null ? [certificate] : [certificate, named]
    let held: readonly (Uint8Array | undefined)[] = wanted.map(known)
    // what is at hand is looked at in this very turn: the answers behind this one have the certificate from it
    if (held.includes(undefined)) held = await Promise.all(wanted.map((one, i) => held[i] ?? this.#lacked.ask(peer, job, one)))
    if (held.includes(undefined)) throw replyFalse('a certificate that its member does not show')
    const [ofStep = null, later = null] = held as readonly Uint8Array[]
    const said = { from: keyOfPeerId(peer), job, request: sha256(asked.envelope), ran: 'write' as const, epoch: 0, step: 0, stale: false }
    return this.#prove(view, peer, asked, { ...rest, ...said, certificate: ofStep, named: later })
  }

  /** @throws {PeerError} REPLY_FALSE */
  #prove(view: SiteView, peer: PeerId, { isRead }: AskedRequest, reply: SiteReply): SiteAnswer {
    const state = contentIdOfBytes(reply.state)
    const certificate = reply.certificate === null ? undefined : this.#certificates.digestOf(reply.certificate)
    if (reply.ran === 'refused') {
      const code = codeOfRefusal(reply)
      if (code === undefined) throw replyFalse('a refusal that is none')
      return answerOf(peer, state, reply, { ...reply, code, certificate, provisional: false, unjudged: false })
    }
    // only the group can say that something was written
    if (reply.ran === 'read' && !isRead) throw replyFalse('a write that one member answered alone')
    const proven = provenPlace(reply, view, this.#network, this.#verification, this.#certificates)
    if (proven === undefined) throw replyFalse('a state or certificate that does not hold')
    if (reply.ran === 'write' && !provesWrite(reply, proven)) throw replyFalse('a response that the group did not certify')
    this.#shows.show(view, reply.certificate, proven)
    // where the state stands is what its certificate says: a member that could say so itself could make this side wait for ever
    const { epoch, step } = proven
    const seen = this.observed.of(view.job)
    const firstSeenMs = this.observed.take(view.job, { epoch, step, state }, proven, this.#now())
    const isOld =
      (seen !== undefined && seen.state !== state && isLater(seen, proven)) || isStale(firstSeenMs, view, this.#now() - STALE_ON_THE_WAY_MS)
    const stale = reply.stale || (reply.ran === 'read' && isOld)
    return answerOf(peer, state, reply, { epoch, step, certificate, stale, provisional: !proven.final, unjudged: proven.unjudged })
  }

  #open(peer: PeerId, bytes: Uint8Array): SiteReply {
    try {
      return openMessage(siteReply, bytes, this.#network, (value) => (peerIdOfKey(value.from) === peer ? peer : undefined))
    } catch (cause) {
      throw replyFalse('not signed by the member that was asked', cause)
    }
  }

  /** In that member's name, but its signature is not verified. */
  #peek(peer: PeerId, bytes: Uint8Array): SiteReply | undefined {
    try {
      const reply = siteReply.decode(peekPayload(bytes) ?? new Uint8Array())
      return peerIdOfKey(reply.from) === peer ? reply : undefined
    } catch {
      return undefined
    }
  }
}

interface Shown {
  readonly code?: string
  readonly epoch: number
  readonly step: number
  /** Its digest. */
  readonly certificate: string | undefined
  readonly stale: boolean
  readonly provisional: boolean
  readonly unjudged: boolean
}
function answerOf(peer: PeerId, state: ContentId, reply: SiteReply, shown: Shown): SiteAnswer {
  const { ran, status, headers, body } = reply
  return {
    ran,
    code: shown.code ?? '',
    peer,
    epoch: shown.epoch,
    step: shown.step,
    state,
    stale: shown.stale,
    provisional: shown.provisional,
    unjudged: shown.unjudged,
    certificate: shown.certificate,
    status,
    headers,
    body,
  }
}

/** @throws {PeerError} REPLY_FALSE */
function readWritten(bytes: Uint8Array): WriteReply {
  try {
    return writeReply.decode(bytes)
  } catch (cause) {
    throw replyFalse('no answer to a write', cause)
  }
}

/** What a member said can't be believed. */
export const replyFalse = (reason: string, cause?: unknown): PeerError => new PeerError({ code: 'REPLY_FALSE', reason }, { cause })
