import { bytesOfContentId, montgomeryOf, type NetworkId, type PeerId, type Signer } from '@interpeer/crypto-ids'
import { MESSAGE_BYTES_MAX, REFUSAL, REQUEST_BYTES_MAX } from './bulk.js'
import { type Address, type CoreEffect, type CoreEvent, type Desk, isSameAddress } from './core-events.js'
import type { Identity } from './dial.js'
import type { OverlayFailure } from './errors.js'
import { Link, type LinkHost } from './link.js'
import { sessionEnd } from './messages.js'
import { type Packet, readPacket, type SessionHeader, writeUnknownSession } from './packets.js'
import { Rate } from './rate.js'
import { isSessionId, Reception } from './reception.js'
import { Session, type SessionOptions } from './session.js'
import { SharedStreams } from './shared-streams.js'

const LINKS_MAX = 4_096
const DRAWS_MAX = 1_000
const HOUSEKEEPING_MS = 5_000
const HINTS_PER_SECOND = 200

export interface CoreOptions {
  readonly signer: Signer
  readonly network: NetworkId
  /** Secret bytes of the given length, never the same twice. */
  readonly random: (length: number) => Uint8Array
}

/**
 * Every session of one peer, without sockets or clocks: `step` takes what happened and when, and gives what is to be done. The
 * same events, times and dice give the same effects. Nothing that comes from outside makes it throw: it is dropped and counted.
 */
export class OverlayCore {
  /** When `step` wants a `time` event, in the clock of `nowMs`; infinity: not at all. */
  wakeAtMs = Number.POSITIVE_INFINITY
  readonly #me: Identity
  readonly #random: (length: number) => Uint8Array
  readonly #links = new Map<PeerId, Link>()
  readonly #sessions = new Map<number, Session>() // by our id, those not yet proven too
  readonly #dials = new Map<number, Link>() // by our id
  readonly #streams: SharedStreams
  readonly #asked = new Map<number, PeerId>() // token -> who was asked
  readonly #serving = new Map<number, PeerId>() // ticket -> who asks
  readonly #counters = new Map<string, number>()
  readonly #reception: Reception
  readonly #desk: Desk & { nowMs: number }
  readonly #host: LinkHost
  readonly #unknownRate = new Rate(HINTS_PER_SECOND)
  readonly #hintRate = new Rate(HINTS_PER_SECOND)
  #effects: CoreEffect[] = []
  #nextTicket = 1

  constructor({ signer, network, random }: CoreOptions) {
    this.#random = random
    const agreement = { publicKey: montgomeryOf(signer.publicKey), sharedSecret: signer.sharedSecret }
    const { peerId, publicKey } = signer
    this.#me = { peerId, publicKey, agreement, instance: random(8), prologue: bytesOfContentId(network) }
    this.#desk = {
      nowMs: 0,
      random,
      emit: (effect) => this.#emit(effect),
      count: (code, by = 1) => {
        if (by > 0) this.#counters.set(code, (this.#counters.get(code) ?? 0) + by)
      },
      wakeBy: (atMs) => {
        this.wakeAtMs = Math.min(this.wakeAtMs, atMs)
      },
      ticket: () => this.#nextTicket++,
      held: { incomingBytes: 0, outgoingBytes: 0, requestsServed: 0 },
    }
    this.#host = {
      me: this.#me,
      desk: this.#desk,
      freeSessionId: () => this.#freeId(isSessionId, (id) => this.#sessions.has(id) || this.#dials.has(id)),
      openSession: (options) => this.#openSession(options),
      closeSession: (session) => this.#sessions.delete(session.options.localId),
      directDial: (localId, link) => {
        if (link === undefined) this.#dials.delete(localId)
        else this.#dials.set(localId, link)
      },
    }
    this.#streams = new SharedStreams({
      freeStreamId: (isTaken) => this.#freeId((id) => id !== 0, isTaken),
      isKnown: (peer) => this.#links.get(peer)?.isInBook ?? false,
      sessionsOf: (peer) => this.#links.get(peer)?.sessions ?? [],
    })
    this.#reception = new Reception(this.#desk, this.#me, {
      ...this.#host,
      generationOf: (peer) => this.#links.get(peer)?.generation ?? 0,
    })
  }

  /** `nowMs` never runs backwards. */
  step(event: CoreEvent, nowMs: number): CoreEffect[] {
    this.#effects = []
    this.#desk.nowMs = nowMs
    this.#act(event)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** The next sealed record for a stream that was woken and has room; undefined: none for now. */
  nextRecord(stream: number): Uint8Array | undefined {
    return this.#streams.ownerOf(stream)?.bulk.nextRecord()
  }

  addressOf(peer: PeerId): Address | undefined {
    return this.#links.get(peer)?.address
  }

  counters(): Record<string, number> {
    const sizes = { links: this.#links.size, sessions: this.#sessions.size, streams: this.#streams.size, ...this.#desk.held }
    return { ...Object.fromEntries(this.#counters), ...sizes }
  }

  #act(event: CoreEvent) {
    switch (event.type) {
      case 'datagram':
        return this.#onDatagram(event.from, event.bytes)
      case 'time':
        return this.#onTime()
      case 'set-address':
        return this.#setAddress(event.peer, event.address)
      case 'send':
        return this.#send(event.to, event.bytes)
      case 'request':
        return this.#request(event)
      case 'cancel':
        this.#links.get(this.#asked.get(event.token) as PeerId)?.cancel(event.token)
        this.#asked.delete(event.token)
        return
      case 'reply':
        return this.#answer(event.ticket, 'reply', event.body)
      case 'refuse':
        return this.#answer(event.ticket, 'error', REFUSAL)
      case 'stream-bytes':
        return this.#streams.ownerOf(event.stream)?.onStreamBytes(event.bytes)
      case 'stream-closed': {
        const session = this.#streams.ownerOf(event.stream)
        if (session !== undefined) this.#desk.count('BULK_RESET')
        return session?.bulk.stream.die()
      }
      case 'close':
        return this.#close()
    }
  }

  #onDatagram(from: Address, bytes: Uint8Array) {
    const packet = readPacket(bytes)
    if (packet === undefined) return this.#desk.count(bytes[0] === 0xff ? 'DATAGRAM_STRAY_BULK' : 'DATAGRAM_MALFORMED')
    if (packet.type === 'session') return this.#onSessionPacket(from, packet, bytes)
    if (packet.type === 'initiation') return this.#reception.onInitiation(from, packet.noise, packet.cookie)
    this.#onAnswer(from, packet)
  }

  #onAnswer(from: Address, packet: Exclude<Packet, { type: 'session' | 'initiation' }>) {
    if (packet.type === 'response') {
      const link = this.#dials.get(packet.session)
      return link === undefined ? this.#desk.count('RESPONSE_UNEXPECTED') : link.onResponse(packet.noise)
    }
    if (packet.type === 'unknown-session') return this.#onHint(from, packet)
    for (const link of new Set(this.#dials.values())) link.onCookie(packet.echo, packet.cookie)
  }

  #onSessionPacket(from: Address, header: SessionHeader, bytes: Uint8Array) {
    const session = this.#sessions.get(header.session)
    if (session === undefined) {
      this.#desk.count('SESSION_UNKNOWN')
      if (!this.#unknownRate.allows(this.#desk.nowMs)) return
      return this.#desk.emit({ type: 'send', to: from, bytes: writeUnknownSession(header) })
    }
    const isFirst = !session.isHeard
    const { peer, isInitiator, address } = session.options
    // the first packet says that our response was read, and that went to one address; later ones say nothing of where to send
    if (isFirst && !isInitiator && !isSameAddress(from, address)) return this.#desk.count('ADDRESS_UNPROVEN')
    const cell = session.open(bytes, header.counter)
    if (cell === undefined) return
    if (isFirst && this.#reception.takeProven(session)) this.#linkOf(peer).adopt(session)
    const link = this.#links.get(peer)
    if (session.onCell(cell) === 'ended') link?.endSession(session, { code: 'REQUEST_FAILED', retryable: true })
  }

  #onHint(from: Address, { session: remoteId, counter }: SessionHeader) {
    if (!this.#hintRate.allows(this.#desk.nowMs)) return this.#desk.count('HINT_OVERLOAD')
    for (const session of this.#sessions.values()) {
      const { peer, address, remoteId: theirs } = session.options
      if (theirs !== remoteId || !isSameAddress(from, address) || !session.hasSent(counter)) continue
      this.#desk.count('HINT_TAKEN')
      return this.#links.get(peer)?.onHint(session)
    }
    this.#desk.count('HINT_UNEXPECTED')
  }

  #onTime(): void {
    // asked for first: whatever goes wrong below, there is a next time
    this.wakeAtMs = this.#links.size > 0 ? this.#desk.nowMs + HOUSEKEEPING_MS : Number.POSITIVE_INFINITY
    this.#reception.onTime()
    for (const link of [...this.#links.values()]) link.onTime()
  }

  #setAddress(peer: PeerId, address: Address): void {
    if (peer !== this.#me.peerId) this.#linkOf(peer).setBookAddress(address)
  }

  #send(to: PeerId, bytes: Uint8Array) {
    if (to === this.#me.peerId) return this.#desk.count('TO_SELF')
    if (bytes.length > MESSAGE_BYTES_MAX) return this.#desk.count('MESSAGE_TOO_LARGE')
    const link = this.#links.get(to)
    if (link === undefined) this.#desk.count('NO_ADDRESS')
    else link.send(bytes)
  }

  #request({ to, token, body, maxReplyBytes }: CoreEvent & { type: 'request' }) {
    const fail = (failure: OverlayFailure): void => this.#emit({ type: 'failed', token, failure })
    if (to === this.#me.peerId) return fail({ code: 'TO_SELF' })
    if (body.length > REQUEST_BYTES_MAX) return fail({ code: 'BODY_TOO_LARGE', bytes: body.length, maxBytes: REQUEST_BYTES_MAX })
    const link = this.#links.get(to)
    if (link === undefined) return fail({ code: 'NO_ADDRESS', peer: to })
    this.#asked.set(token, to)
    link.request({ token, body, maxReplyBytes: Math.min(maxReplyBytes, REQUEST_BYTES_MAX) })
  }

  #answer(ticket: number, kind: 'reply' | 'error', body: Uint8Array) {
    const asker = this.#serving.get(ticket)
    if (asker === undefined) return
    this.#serving.delete(ticket)
    this.#desk.held.requestsServed--
    const isTooLarge = body.length > REQUEST_BYTES_MAX
    const sessions = this.#links.get(asker)?.sessions ?? []
    const isWanted = sessions.some(({ bulk }) => (isTooLarge ? bulk.answer(ticket, 'error', REFUSAL) : bulk.answer(ticket, kind, body)))
    if (!isWanted) this.#desk.count('REPLY_ABANDONED')
  }

  #close(): void {
    for (const link of this.#links.values()) {
      for (const session of link.sessions) session.sendCell(sessionEnd.encode({ reason: 'closing' }))
      link.end({ code: 'CLOSED' })
    }
    this.#links.clear()
    this.#sessions.clear()
    this.wakeAtMs = Number.POSITIVE_INFINITY
  }

  #linkOf(peer: PeerId): Link {
    const known = this.#links.get(peer)
    if (known !== undefined) return known
    if (this.#links.size >= LINKS_MAX) this.#forgetOne()
    const link = new Link(this.#host, peer)
    this.#links.set(peer, link)
    this.#desk.wakeBy(this.#desk.nowMs + HOUSEKEEPING_MS)
    return link
  }

  /** Makes room: the stranger not used for longest goes; peers that our own side named come after all strangers. */
  #forgetOne(): void {
    const order = (link: Link): number => (link.isInBook ? 1e15 : 0) + link.lastUsedMs
    const oldest = [...this.#links.values()].reduce((a, b) => (order(b) < order(a) ? b : a))
    this.#desk.count('LINK_FORGOTTEN')
    this.#links.delete(oldest.peer)
    oldest.end({ code: 'REQUEST_FAILED', retryable: true })
  }

  #openSession(options: Omit<SessionOptions, 'shared'>): Session {
    const session = new Session(this.#desk, { ...options, shared: this.#streams })
    this.#sessions.set(options.localId, session)
    return session
  }

  #freeId(isFit: (id: number) => boolean, isTaken: (id: number) => boolean): number {
    for (let draw = 0; draw < DRAWS_MAX; draw++) {
      const bytes = this.#random(4)
      const id = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
      if (isFit(id) && !isTaken(id)) return id
    }
    throw new Error('the source of randomness repeats itself') // a broken invariant, not something a peer can cause
  }

  #emit(effect: CoreEffect): void {
    if (effect.type === 'replied' || effect.type === 'failed') this.#asked.delete(effect.token)
    if (effect.type === 'request') {
      this.#serving.set(effect.ticket, effect.from)
      this.#desk.held.requestsServed++
    }
    this.#effects.push(effect)
  }
}
