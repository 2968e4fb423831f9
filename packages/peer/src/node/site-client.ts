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
  type Signer,
  sha256,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { type HttpHeader, type SiteReply, siteReply, type Verification, type WriteReply, writeReply } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import { PIECES_HEADER, piecedAnswerOf } from '../pieced-answer.js'
import { isLater } from '../served-state.js'
import { hasPartIn, isStale, type SiteView } from '../site-view.js'
import { askInTurn } from './ask-in-turn.js'
import { bodyMs } from './body-time.js'
import { CertificateShows } from './certificate-shows.js'
import { downloadOf, PIECES_HELD_MAX } from './file-download.js'
import { LackedCertificates } from './lacked-certificates.js'
import { LateWrites, lateKeyOf } from './late-writes.js'
import { MemberChoice } from './member-choice.js'
import { type Observed, ObservedSites } from './observed-sites.js'
import type { ReadSharing } from './read-sharing.js'
import { codeOfRefusal, Refusals } from './refusals.js'
import { KnownCertificates, provenPlace, provesWrite } from './reply-proof.js'
import { RequestIds } from './request-ids.js'
import { RequestSigning } from './request-signing.js'
import { type CutBody, cutBody, SentBodies } from './sent-bodies.js'

/** One HTTP request of a visitor. */
export interface VisitorRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly https: boolean
  readonly headers: readonly HttpHeader[]
  readonly body: Uint8Array
}
/** A member's answer, signed by it or proven by what its group certified. */
export interface SiteAnswer {
  readonly ran: 'read' | 'write' | 'refused'
  /** Why it was refused; empty otherwise. */
  readonly code: string
  readonly peer: PeerId
  readonly epoch: number
  readonly step: number
  readonly state: ContentId
  readonly stale: boolean
  /** A write that q members agree on, and that may still be disputed: its job wants visitors answered so early. */
  readonly provisional: boolean
  /** A member came to something else, and no jury could say who is right. */
  readonly unjudged: boolean
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly certificate: string | undefined
  readonly status: number
  readonly headers: readonly HttpHeader[]
  readonly body: Uint8Array
  /** The body where it is long: `body` is empty then. It is fetched as it is taken, each piece checked before it is given on. */
  readonly download?: Download
}
export interface Download {
  /** Bytes in all. */
  readonly length: number
  /** Of these in memory while it is taken, at most. */
  readonly heldBytes: number
  /** @throws {PeerError} REPLY_FALSE where a piece is not the one that the signed answer promised: the file has changed, or a member lied */
  readonly read: () => AsyncGenerator<Uint8Array, void, undefined>
}
/** With this method a request runs nothing: the member only says which state it serves, and proves it. */
export const STATE_METHOD = 'STATE'
/** A member's word that a state is fresh is checked, but for the time that its answer takes. */
const STALE_ON_THE_WAY_MS = 2_000

export interface AskOptions {
  /** Ask this member and no other. */
  readonly member?: PeerId
  /** A secret that tells this visitor from all others, for a write that it may send again. Without one, and without an Idempotency-Key, each sending is a request of its own. */
  readonly asker?: string
  /** Ends the asking: nobody waits for the answer any longer. A write that a member may have by then is remembered. */
  readonly signal?: AbortSignal
}

/** One piece of a file that its signed list of digests does not have. */
interface OtherPiece {
  readonly site: string
  readonly target: string
  readonly peer: PeerId
  readonly promisedBy: PeerId
  /** `false`: the peer said that it is of the same file, so one of the two lies; `other`: that the file has changed. */
  readonly what: 'false' | 'other'
  readonly atByte: number
}
const NOBODY: ReadonlySet<PeerId> = new Set()

/** How long a visitor waits at most, and one member is waited for before another is asked the same beside it. */
const DEADLINE_MS = 25_000
const READ_HEDGE_MS = 1_000
const WRITE_HEDGE_MS = 1_500
const REPLY_MAX_BYTES = 12 * 1024 * 1024
const READ_METHODS = new Set(['GET', 'HEAD', STATE_METHOD])
/** Why those who are still asked are given up. Without one an exception with a stack is made for every request, which costs as much as signing does. */
const OVER = new Error('the request is over')

/**
 * Asks a site's group on a visitor's behalf: one member for a start, another when it fails. A request keeps its id, so that a
 * write runs once however many members were asked (design §6), and also where its visitor, who was told that it is late, sends it again. Every reply's certificate is checked, and
 * the member's signature where nothing else proves what it says.
 */
export class SiteClient {
  readonly #signer: Signer
  readonly #network: NetworkId
  readonly #signing: RequestSigning
  readonly #ids = new RequestIds()
  readonly #overlay: Overlay
  readonly #verification: Verification
  readonly #now: () => number
  readonly #viewOf: (name: string) => SiteView | undefined
  readonly #sharing: ReadSharing | undefined
  readonly #bodies: SentBodies
  readonly #onOtherPiece: ((about: OtherPiece) => void) | undefined
  readonly #observed = new ObservedSites()
  readonly #choice: MemberChoice
  /** One for each request that is being asked. */
  readonly #asking = new Set<AbortController>()
  #isClosed = false
  readonly #certificates = new KnownCertificates()
  readonly #lacked: LackedCertificates
  readonly #shows: CertificateShows
  readonly #late = new LateWrites()

  constructor(at: {
    signer: Signer
    network: NetworkId
    overlay: Overlay
    verification: Verification
    now: () => number
    viewOf: (name: string) => SiteView | undefined
    /** Has some of the reads run again by other members. */
    sharing?: ReadSharing
    /** From where members fetch the bodies that do not travel inside a request. */
    bodies?: SentBodies
    /** Told of each piece of a file that is not the one that another member's signed answer promised. */
    onOtherPiece?: (about: OtherPiece) => void
  }) {
    this.#signer = at.signer
    this.#network = at.network
    this.#signing = new RequestSigning(at.signer, at.network)
    this.#overlay = at.overlay
    this.#verification = at.verification
    this.#now = at.now
    this.#viewOf = at.viewOf
    this.#sharing = at.sharing
    this.#bodies = at.bodies ?? new SentBodies()
    this.#onOtherPiece = at.onOtherPiece
    this.#lacked = new LackedCertificates(at.overlay)
    this.#shows = new CertificateShows(at.overlay, at.now)
    this.#choice = new MemberChoice(this.#observed, at.now)
  }

  /** @throws {PeerError} CLOSED, SITE_UNKNOWN, SITE_UNREACHABLE, REPLY_FALSE, MEMBER_UNKNOWN, REQUEST_MALFORMED, UPLOADS_BUSY */
  async ask(name: string, visitor: VisitorRequest, { member, asker, signal }: AskOptions = {}): Promise<SiteAnswer> {
    const answer = await this.#askGroup(name, visitor, member, { asker, signal })
    const pieced = answer.ran === 'read' ? piecedAnswerOf(answer.headers, answer.body) : undefined
    if (pieced === 'malformed') throw replyFalse('pieces that are none')
    if (pieced === undefined) return answer
    const read = () =>
      downloadOf(visitor, answer, pieced, {
        site: name,
        ask: (piece, not) => this.#askGroup(name, piece, member, { not, signal }),
        onOther: (peer, what, atByte) => {
          const job = this.#viewOf(name)?.job
          if (job !== undefined) this.#choice.failed(job, peer, what === 'false')
          this.#onOtherPiece?.({ site: name, target: visitor.target, peer, promisedBy: answer.peer, what, atByte })
        },
      })
    const headers = answer.headers.filter((header) => header.name.toLowerCase() !== PIECES_HEADER)
    return {
      ...answer,
      headers,
      body: new Uint8Array(),
      download: { length: pieced.length, heldBytes: PIECES_HELD_MAX * pieced.pieceBytes, read },
    }
  }

  /** @param how `not`: members that are not asked */
  async #askGroup(
    name: string,
    visitor: VisitorRequest,
    member: PeerId | undefined,
    {
      not = NOBODY,
      asker,
      signal,
    }: { readonly not?: ReadonlySet<PeerId>; readonly asker?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<SiteAnswer> {
    if (this.#isClosed) throw new PeerError({ code: 'CLOSED' })
    const view = this.#viewOf(name)
    if (view === undefined) throw new PeerError({ code: 'SITE_UNKNOWN', name })
    if (member !== undefined && !this.#choice.candidates(view).includes(member)) throw new PeerError({ code: 'MEMBER_UNKNOWN', member })
    const isRead = READ_METHODS.has(visitor.method)
    const cut = cutBody(visitor.body)
    if (isRead && cut.blocks.length > 0) throw new PeerError({ code: 'REQUEST_MALFORMED', reason: `a ${visitor.method} with a long body` })
    const lateKey = () => (isRead ? undefined : lateKeyOf(view.job, visitor, asker))
    const againKey = this.#late.isEmpty ? undefined : lateKey()
    const again = againKey === undefined ? undefined : this.#late.get(againKey, this.#now())
    const refusals = new Refusals(isRead)
    // whoever was asked may have handed it on, whatever it and others say
    const keep = () => {
      const key = againKey ?? lateKey()
      if (key !== undefined) this.#late.keep(key, envelope, this.#now(), { isUnlikely: refusals.areBusy(asks) })
    }
    const envelope = again ?? (await this.#sign(view, visitor, cut))
    if (this.#isClosed) throw new PeerError({ code: 'CLOSED' })
    const sent = this.#bodies.open(cut.blocks, (peer) => hasPartIn(this.#viewOf(name) ?? view, peer))
    if (sent === undefined) throw new PeerError({ code: 'UPLOADS_BUSY' })
    // a long body goes to the member that is asked, and from there to the others
    const wayMs = cut.blocks.length === 0 ? 0 : bodyMs(visitor.body.length)
    const hedgeMs = isRead ? READ_HEDGE_MS : WRITE_HEDGE_MS + wayMs
    const deadlineMs = DEADLINE_MS + 2 * wayMs
    const stop = new AbortController()
    this.#asking.add(stop)
    const deadline = setTimeout(() => stop.abort(), deadlineMs)
    const leave = () => stop.abort()
    signal?.addEventListener('abort', leave)
    if (signal?.aborted === true) leave()
    let [asks, isSettled] = [0, false]
    try {
      const answer = await askInTurn<PeerId, SiteAnswer>({
        next: (asked) => {
          if (member !== undefined) return asked.length === 0 ? member : undefined
          const now = this.#viewOf(name) ?? view
          return this.#choice.next(now, asked, isRead, new Set([...not, ...refusals.notAgain(asked, now.members.length)]))
        },
        ask: (peer) => {
          asks++
          sent.to(peer)
          const asked = { envelope, isRead, isPage: isRead && visitor.method !== STATE_METHOD, timeoutMs: deadlineMs }
          return this.#askOne(this.#viewOf(name) ?? view, peer, asked, stop.signal)
        },
        isAnswer: (answer) => {
          if (answer.ran !== 'refused') return true
          const settles = refusals.take(answer, (this.#viewOf(name) ?? view).members.length)
          isSettled ||= settles // those who answer after that change nothing
          return settles
        },
        hedgeMs,
        signal: stop.signal,
      })
      if (answer.ran === 'refused') {
        if (!isSettled) keep()
        return isSettled ? answer : (refusals.told ?? answer)
      }
      if (againKey !== undefined) this.#late.drop(againKey)
      // another had an answer: those who refused have trouble of their own, or lie
      for (const peer of refusals.by) if (peer !== answer.peer) this.#choice.failed(view.job, peer, true)
      return answer
    } catch (error) {
      if (asks > 0) keep()
      throw this.#isClosed ? new PeerError({ code: 'CLOSED' }, { cause: error }) : unreachable(name, error)
    } finally {
      this.#asking.delete(stop)
      clearTimeout(deadline)
      signal?.removeEventListener('abort', leave)
      sent.end()
      if (asks > 1) stop.abort(OVER) // to end what is over costs as much as to begin it
    }
  }

  /** Gives up what is being asked: a process that ends must not wait for a group that is silent. */
  close(): void {
    this.#isClosed = true
    this.#signing.close()
    for (const stop of this.#asking) stop.abort()
  }

  async #askOne(view: SiteView, peer: PeerId, asked: Asked, signal: AbortSignal): Promise<SiteAnswer> {
    const askedAtMs = this.#now()
    try {
      const reply = await this.#overlay.request(peer, asked.envelope, {
        timeoutMs: asked.timeoutMs,
        signal,
        maxReplyBytes: REPLY_MAX_BYTES,
      })
      const answer =
        numberOf(reply) === writeReply.number
          ? await this.#checkWritten(view, peer, asked, reply)
          : this.#prove(view, peer, asked, this.#read(view, peer, asked, reply))
      const isChecked = asked.isPage && answer.ran === 'read' && !answer.stale
      if (isChecked) void this.#sharing?.offer(view, { request: asked.envelope, reply, answerer: peer })
      this.#choice.answered(view.job, peer, answer.ran === 'refused')
      return answer
    } catch (error) {
      // who was asked beside another, and given up a moment later as that one answered, was not silent
      this.#choice.failed(view.job, peer, !signal.aborted || this.#now() - askedAtMs >= READ_HEDGE_MS)
      throw error
    }
  }

  /** Asks any member which state it serves; what it proves is observed. @throws {PeerError} */
  async lookAt(name: string): Promise<SiteAnswer> {
    return this.ask(name, { method: STATE_METHOD, target: '/', host: name, https: false, headers: [], body: new Uint8Array() })
  }

  async #sign(view: SiteView, visitor: VisitorRequest, { body, parts }: CutBody): Promise<Uint8Array> {
    const seen = this.#observed.of(view.job) ?? { epoch: 0, step: 0 }
    try {
      const asked = { from: this.#signer.publicKey, job: bytesOfContentId(view.job), id: this.#ids.next(), ms: this.#now() }
      const request = { ...asked, seenEpoch: seen.epoch, seenStep: seen.step, ...visitor, body, parts }
      return await this.#signing.sign(request, READ_METHODS.has(visitor.method))
    } catch (cause) {
      throw new PeerError({ code: 'REQUEST_MALFORMED', reason: cause instanceof Error ? cause.message : 'unfit' }, { cause })
    }
  }

  /** @throws {PeerError} REPLY_FALSE */
  #read(view: SiteView, peer: PeerId, { envelope, isRead }: Asked, bytes: Uint8Array): SiteReply {
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
  async #checkWritten(view: SiteView, peer: PeerId, asked: Asked, bytes: Uint8Array): Promise<SiteAnswer> {
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
  #prove(view: SiteView, peer: PeerId, { isRead }: Asked, reply: SiteReply): SiteAnswer {
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
    const seen = this.#observed.of(view.job)
    const firstSeenMs = this.#observed.take(view.job, { epoch, step, state }, proven, this.#now())
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

  observed(job: string): Observed | undefined {
    return this.#observed.of(job)
  }
}

interface Asked {
  readonly envelope: Uint8Array
  /** By its method: it may still turn out to write. */
  readonly isRead: boolean
  /** What a script answers, not only which state is served. */
  readonly isPage: boolean
  readonly timeoutMs: number
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

/** The last failure, as what it means to the visitor. */
function unreachable(name: string, error: unknown): PeerError {
  if (error instanceof PeerError) return error
  const code = (error as { code?: unknown }).code
  return new PeerError({ code: 'SITE_UNREACHABLE', name, last: String(code ?? error) }, { cause: error })
}

const replyFalse = (reason: string, cause?: unknown): PeerError => new PeerError({ code: 'REPLY_FALSE', reason }, { cause })
