import { bytesOfContentId, type NetworkId, type PeerId, type Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { Verification } from '@interpeer/peer-group'
import { PeerError } from '../errors.js'
import { PIECES_HEADER, piecedAnswerOf } from '../pieced-answer.js'
import { hasPartIn, type SiteView } from '../site-view.js'
import { askInTurn } from './ask-in-turn.js'
import { bodyMs } from './body-time.js'
import { type AskedRequest, CheckedReplies, replyFalse } from './checked-replies.js'
import { downloadOf, PIECES_HELD_MAX } from './file-download.js'
import { LateWrites, lateKeyOf } from './late-writes.js'
import { MemberChoice } from './member-choice.js'
import type { Observed } from './observed-sites.js'
import type { ReadSharing } from './read-sharing.js'
import { Refusals } from './refusals.js'
import { RequestIds } from './request-ids.js'
import { RequestSigning } from './request-signing.js'
import { type CutBody, cutBody, SentBodies } from './sent-bodies.js'
import { type SiteAnswer, STATE_METHOD, type VisitorRequest } from './site-answer.js'

export interface AskOptions {
  /** Ask this member and no other. */
  readonly member?: PeerId
  /** A secret that tells this visitor from all others, for a write that it may send again. Without one, and without an Idempotency-Key, each sending is a request of its own. */
  readonly asker?: string
  /** Ends the asking: nobody waits for the answer any longer. A write that a member may have by then is remembered. */
  readonly signal?: AbortSignal
}

interface Asked extends AskedRequest {
  /** What a script answers, not only which state is served. */
  readonly isPage: boolean
  readonly timeoutMs: number
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
  readonly #signing: RequestSigning
  readonly #ids = new RequestIds()
  readonly #overlay: Overlay
  readonly #now: () => number
  readonly #viewOf: (name: string) => SiteView | undefined
  readonly #sharing: ReadSharing | undefined
  readonly #bodies: SentBodies
  readonly #onOtherPiece: ((about: OtherPiece) => void) | undefined
  readonly #replies: CheckedReplies
  readonly #choice: MemberChoice
  /** One for each request that is being asked. */
  readonly #asking = new Set<AbortController>()
  #isClosed = false
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
    this.#signing = new RequestSigning(at.signer, at.network)
    this.#overlay = at.overlay
    this.#now = at.now
    this.#viewOf = at.viewOf
    this.#sharing = at.sharing
    this.#bodies = at.bodies ?? new SentBodies()
    this.#onOtherPiece = at.onOtherPiece
    this.#replies = new CheckedReplies(at)
    this.#choice = new MemberChoice(this.#replies.observed, at.now)
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
      const answer = await this.#replies.answerIn(view, peer, asked, reply)
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
    const seen = this.#replies.observed.of(view.job) ?? { epoch: 0, step: 0 }
    try {
      const asked = { from: this.#signer.publicKey, job: bytesOfContentId(view.job), id: this.#ids.next(), ms: this.#now() }
      const request = { ...asked, seenEpoch: seen.epoch, seenStep: seen.step, ...visitor, body, parts }
      return await this.#signing.sign(request, READ_METHODS.has(visitor.method))
    } catch (cause) {
      throw new PeerError({ code: 'REQUEST_MALFORMED', reason: cause instanceof Error ? cause.message : 'unfit' }, { cause })
    }
  }

  observed(job: string): Observed | undefined {
    return this.#replies.observed.of(job)
  }
}

/** The last failure, as what it means to the visitor. */
function unreachable(name: string, error: unknown): PeerError {
  if (error instanceof PeerError) return error
  const code = (error as { code?: unknown }).code
  return new PeerError({ code: 'SITE_UNREACHABLE', name, last: String(code ?? error) }, { cause: error })
}
