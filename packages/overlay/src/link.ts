import type { PeerId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { UnsentRequest } from './bulk.js'
import { type Address, type Desk, isSameAddress } from './core-events.js'
import { Dial, type Identity } from './dial.js'
import type { OverlayFailure } from './errors.js'
import { CELL_MESSAGE_BYTES_MAX } from './parts.js'
import { GENERATION_MAX, isSessionId } from './reception.js'
import type { Session, SessionOptions } from './session.js'

const SESSIONS_MAX = 4
const QUEUE_MESSAGES_MAX = 256
const QUEUE_BYTES_MAX = 4 * 1024 * 1024
const QUEUE_REQUESTS_MAX = 256
const QUEUE_REQUEST_BYTES_MAX = 64 * 1024 * 1024
const REKEY_AFTER_MS = 30 * 60_000
const REKEY_AFTER_PACKETS = 2 ** 31
const LIFE_MS = 60 * 60_000
const IDLE_MS = 10 * 60_000
const RETIRED_MS = 10_000
const SILENT_PINGS = 3
const HINT_PAUSE_MS = 200

export interface LinkHost {
  readonly me: Identity
  readonly desk: Desk
  freeSessionId(): number
  openSession(options: Omit<SessionOptions, 'shared'>): Session
  closeSession(session: Session): void
  /** From now on the answer to `dial` is for this link; undefined: it dials no more. */
  directDial(localId: number, link: Link | undefined): void
}

/** All that concerns one peer: its addresses, its sessions, the attempt to reach it, and what waits for that. */
export class Link {
  readonly peer: PeerId
  /** The highest generation of a session with this peer so far. */
  generation = 0
  #spokenToAtMs: number
  readonly #host: LinkHost
  readonly #desk: Desk
  readonly #sessions: Session[] = [] // the one in use first
  #dial: Dial | undefined
  #hintedAtMs = Number.NEGATIVE_INFINITY
  #bookAddress: Address | undefined
  #provenAddress: Address | undefined
  readonly #messages: Uint8Array[] = []
  #messageBytes = 0
  #requests: UnsentRequest[] = []

  constructor(host: LinkHost, peer: PeerId) {
    this.#host = host
    this.#desk = host.desk
    this.peer = peer
    this.#spokenToAtMs = host.desk.nowMs
  }

  get address(): Address | undefined {
    return this.#provenAddress ?? this.#bookAddress
  }

  /** When we last had something for the peer, or heard from it. */
  get lastUsedMs(): number {
    return Math.max(this.#spokenToAtMs, ...this.#sessions.map(({ lastHeardMs }) => lastHeardMs))
  }

  /** News of where the peer is. When the session's packets go elsewhere, both places are asked. */
  setBookAddress(address: Address): void {
    const isNews = !isSameAddress(address, this.#bookAddress)
    this.#bookAddress = address
    if (isNews && this.#sessions[0] !== undefined && !isSameAddress(address, this.#provenAddress)) this.dial()
  }

  get isInBook(): boolean {
    return this.#bookAddress !== undefined
  }

  get sessions(): readonly Session[] {
    return this.#sessions
  }

  send(bytes: Uint8Array) {
    const session = this.#usable()
    if (session !== undefined) return this.#sendOn(session, bytes)
    if (this.address === undefined) return this.#desk.count('NO_ADDRESS')
    if (this.#messages.length >= QUEUE_MESSAGES_MAX || this.#messageBytes + bytes.length > QUEUE_BYTES_MAX) {
      return this.#desk.count('MESSAGE_DROPPED')
    }
    this.#messages.push(bytes.slice())
    this.#messageBytes += bytes.length
    this.dial()
  }

  request(request: UnsentRequest) {
    const session = this.#usable()
    if (session !== undefined) return this.#requestOn(session, request)
    if (this.address === undefined) return this.#fail(request, { code: 'NO_ADDRESS', peer: this.peer })
    const bytes = this.#requests.reduce((sum, { body }) => sum + body.length, request.body.length)
    if (this.#requests.length >= QUEUE_REQUESTS_MAX || bytes > QUEUE_REQUEST_BYTES_MAX) return this.#fail(request, { code: 'QUEUE_FULL' })
    this.#requests.push(request)
    this.dial()
  }

  cancel(token: number): void {
    this.#requests = this.#requests.filter((request) => request.token !== token)
    this.#sessions.some((session) => session.bulk.cancel(token))
  }

  dial(): void {
    if (this.#dial !== undefined || this.address === undefined) return
    const localId = this.#host.freeSessionId()
    const generation = Math.min(GENERATION_MAX, this.generation + 1)
    this.#dial = new Dial(this.#desk, this.#host.me, this.peer, localId, generation, () => this.#addresses())
    this.#host.directDial(localId, this)
  }

  onCookie(echo: Uint8Array, cookie: Uint8Array): void {
    this.#dial?.onCookie(echo, cookie)
  }

  onResponse(noise: Uint8Array) {
    const dial = this.#dial
    if (dial === undefined) return
    try {
      const { remoteId, remoteInstance, generation, keys, address } = dial.onResponse(noise)
      if (!isSessionId(remoteId)) return this.#desk.count('HANDSHAKE_BROKEN')
      const { peer } = this
      const { localId } = dial
      const ids = { peer, localId, remoteId, remoteInstance: hexOf(remoteInstance), generation }
      const session = this.#host.openSession({ ...ids, isInitiator: true, keys, address })
      this.adopt(session)
      if (this.#sessions.includes(session)) session.ping() // so that the other side knows that we know
    } catch {
      this.#desk.count('HANDSHAKE_BROKEN') // OverlayError or WireError: not an answer of this peer
    }
  }

  /** A session that was just proven: to us by the responder's answer, or by the initiator's first packet. */
  adopt(session: Session): void {
    this.#endDial()
    this.generation = Math.max(this.generation, session.options.generation)
    // Another instance: the peer was started anew and knows nothing of the old sessions.
    const isDead = (old: Session): boolean => old.isDoubted || old.options.remoteInstance !== session.options.remoteInstance
    const dead = this.#sessions.filter(isDead)
    const kept = [session, ...this.#sessions.filter((old) => !isDead(old))].sort((a, b) => this.#rank(a, b))
    dead.push(...kept.splice(SESSIONS_MAX))
    this.#sessions.splice(0, this.#sessions.length, ...kept)
    for (const old of dead) this.endSession(old, { code: 'REQUEST_FAILED', retryable: true })
    this.#provenAddress = session.options.address
    this.#flush()
  }

  /** Someone at the session's address says that it is unknown there. It may be a lie, so it only makes us ask. */
  onHint(session: Session): void {
    if (this.#sessions[0] !== session || this.#desk.nowMs < this.#hintedAtMs + HINT_PAUSE_MS) return
    this.#hintedAtMs = this.#desk.nowMs
    session.isDoubted = true
    this.dial()
  }

  endSession(session: Session, failure: OverlayFailure): void {
    const at = this.#sessions.indexOf(session)
    if (at >= 0) this.#sessions.splice(at, 1)
    this.#host.closeSession(session)
    const unsent = session.end(failure)
    if (failure.code === 'CLOSED') for (const request of unsent) this.#fail(request, failure)
    else for (const request of unsent) this.request(request)
  }

  /** Ends everything. */
  end(failure: OverlayFailure): void {
    this.#endDial()
    for (const session of [...this.#sessions]) {
      this.#sessions.splice(this.#sessions.indexOf(session), 1)
      this.#host.closeSession(session)
      for (const request of session.end(failure)) this.#fail(request, failure)
    }
    this.#desk.count('MESSAGE_DROPPED', this.#messages.splice(0).length)
    this.#messageBytes = 0
    for (const request of this.#requests.splice(0)) this.#fail(request, failure)
  }

  onTime(): void {
    const { nowMs } = this.#desk
    for (const session of [...this.#sessions]) {
      session.onTime()
      const isRetired = session !== this.#sessions[0] && nowMs >= session.lastUsedMs + RETIRED_MS && session.bulk.isIdle
      const isIdle = nowMs >= session.lastUsedMs + IDLE_MS && session.bulk.isIdle
      if (isRetired || isIdle || nowMs >= session.bornAtMs + LIFE_MS) this.endSession(session, { code: 'REQUEST_FAILED', retryable: true })
    }
    if ((this.#sessions[0]?.unanswered ?? 0) >= SILENT_PINGS) this.dial()
    if (this.#dial === undefined) return
    this.#dial.onTime()
    if (this.#dial.isOver) this.#onUnreachable(this.#dial.startedAtMs)
  }

  #onUnreachable(sinceMs: number) {
    this.#endDial()
    const session = this.#sessions[0]
    if (session === undefined || session.lastHeardMs <= sinceMs) return this.end({ code: 'PEER_UNREACHABLE', peer: this.peer })
    session.isDoubted = false // it was heard after all; only the new handshake did not come about
    this.#flush()
  }

  #usable(): Session | undefined {
    this.#spokenToAtMs = this.#desk.nowMs
    const session = this.#sessions[0]
    if (session === undefined) return undefined
    const isOld = this.#desk.nowMs >= session.bornAtMs + REKEY_AFTER_MS || session.sentCount >= REKEY_AFTER_PACKETS
    if (isOld) this.dial()
    return session.isDoubted && this.#dial !== undefined ? undefined : session
  }

  #sendOn(session: Session, bytes: Uint8Array): void {
    if (bytes.length <= CELL_MESSAGE_BYTES_MAX) session.sendMessage(bytes)
    else if (session.bulk.message(bytes.slice())) session.watch()
    else this.#desk.count('MESSAGE_DROPPED')
  }

  #requestOn(session: Session, request: UnsentRequest): void {
    if (session.bulk.request(request)) session.watch()
    else this.#fail(request, { code: 'QUEUE_FULL' })
  }

  #flush(): void {
    const [messages, requests] = [this.#messages.splice(0), this.#requests.splice(0)]
    this.#messageBytes = 0
    for (const bytes of messages) this.send(bytes)
    for (const request of requests) this.request(request)
  }

  #endDial(): void {
    if (this.#dial === undefined) return
    this.#host.directDial(this.#dial.localId, undefined)
    this.#dial = undefined
  }

  #addresses(): Address[] {
    const [proven, book] = [this.#provenAddress, this.#bookAddress]
    return [proven, isSameAddress(book, proven) ? undefined : book].filter((address) => address !== undefined)
  }

  /** Both sides find the same order, so both come to use the same session, also when both dialled at once. */
  #rank(a: Session, b: Session): number {
    const [first, second] = [this.#initiatorOf(a), this.#initiatorOf(b)]
    // of the last generation there may be several sessions of one initiator: the newest goes on
    const isBefore = first === second ? a.bornAtMs >= b.bornAtMs : first < second
    return b.options.generation - a.options.generation || (isBefore ? -1 : 1)
  }

  #initiatorOf({ options }: Session): PeerId {
    return options.isInitiator ? this.#host.me.peerId : this.peer
  }

  #fail({ token }: UnsentRequest, failure: OverlayFailure): void {
    this.#desk.emit({ type: 'failed', token, failure })
  }
}
