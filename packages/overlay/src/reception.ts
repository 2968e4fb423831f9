import { createAgreement, equalBytes, montgomeryOf, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { Cookies } from './cookies.js'
import type { Address, Desk } from './core-events.js'
import type { Identity } from './dial.js'
import { overlayHello, overlayWelcome } from './messages.js'
import { NoiseHandshake } from './noise.js'
import { echoOf, writeCookie, writeResponse } from './packets.js'
import { Rate } from './rate.js'
import type { Session, SessionOptions } from './session.js'

const HALF_OPEN_MAX = 512
const HALF_OPEN_MS = 10_000
const COOKIE_FROM_HALF_OPEN = 64
const UNPROVEN_PER_SECOND = 64
const PROVEN_PER_SECOND = 512

interface HalfOpen {
  readonly session: Session
  readonly response: Uint8Array
  readonly expiresAtMs: number
}

export interface ReceptionHost {
  freeSessionId(): number
  openSession(options: Omit<SessionOptions, 'shared'>): Session
  closeSession(session: Session): void
  generationOf(peer: PeerId): number
}

/**
 * The responder's side: initiations of whoever comes. A handshake that isn't finished takes one of 512 places for at most ten
 * seconds; when many are taken, or many come at once, an initiation costs us nothing until its address is proven by a cookie.
 */
export class Reception {
  readonly #desk: Desk
  readonly #me: Identity
  readonly #host: ReceptionHost
  readonly #cookies: Cookies
  readonly #halfOpen = new Map<string, HalfOpen>() // by the initiation's echo and where it came from, in the order they came
  readonly #unproven = new Rate(UNPROVEN_PER_SECOND)
  readonly #proven = new Rate(PROVEN_PER_SECOND)

  constructor(desk: Desk, me: Identity, host: ReceptionHost) {
    this.#desk = desk
    this.#me = me
    this.#host = host
    this.#cookies = new Cookies((length) => desk.random(length))
  }

  onInitiation(from: Address, noise: Uint8Array, cookie: Uint8Array) {
    const { nowMs } = this.#desk
    const known = this.#halfOpen.get(nameOf(from, noise))
    if (known !== undefined) return this.#desk.emit({ type: 'send', to: from, bytes: known.response }) // repeated: so is the answer
    const isQuiet = this.#halfOpen.size < COOKIE_FROM_HALF_OPEN && this.#unproven.allows(nowMs)
    if (!isQuiet) {
      if (!this.#cookies.isValid(cookie, from, nowMs)) {
        this.#desk.count('COOKIE_DEMANDED')
        const bytes = writeCookie(noise, this.#cookies.cookieFor(from, nowMs))
        return this.#desk.emit({ type: 'send', to: from, bytes })
      }
      if (!this.#proven.allows(nowMs)) return this.#desk.count('HANDSHAKE_OVERLOAD')
    }
    try {
      this.#accept(from, noise)
    } catch {
      this.#desk.count('HANDSHAKE_BROKEN') // OverlayError, WireError, CryptoError: whatever they sent, it is no initiation
    }
  }

  /** Its first packet came: the session belongs to its link from now on. */
  takeProven(session: Session): boolean {
    for (const [name, half] of this.#halfOpen) {
      if (half.session !== session) continue
      this.#halfOpen.delete(name)
      return true
    }
    return false
  }

  onTime() {
    for (const [name, { session, expiresAtMs }] of this.#halfOpen) {
      if (expiresAtMs > this.#desk.nowMs) return this.#desk.wakeBy(expiresAtMs)
      this.#drop(name, session)
    }
  }

  #accept(from: Address, noise: Uint8Array) {
    const handshake = new NoiseHandshake({
      pattern: 'IK',
      isInitiator: false,
      prologue: this.#me.prologue,
      own: this.#me.agreement,
      ephemeral: createAgreement(this.#desk.random(32)),
    })
    const hello = overlayHello.decode(handshake.read(noise))
    const { remoteKey } = handshake
    // The Montgomery image has lost a sign: the Ed25519 key itself says which of two peers this is.
    const isTheirs = remoteKey !== undefined && equalBytes(montgomeryOf(hello.key), remoteKey)
    const peer = peerIdOfKey(hello.key)
    if (!isTheirs || peer === this.#me.peerId || !isSessionId(hello.session)) return this.#desk.count('HANDSHAKE_BROKEN')
    const localId = this.#host.freeSessionId()
    const generation = Math.min(GENERATION_MAX, Math.max(hello.generation, this.#host.generationOf(peer) + 1))
    const welcome = overlayWelcome.encode({ instance: this.#me.instance, session: localId, generation })
    const response = writeResponse(hello.session, handshake.write(welcome))
    const session = this.#host.openSession({
      peer,
      localId,
      remoteId: hello.session,
      remoteInstance: hexOf(hello.instance),
      generation,
      isInitiator: false,
      keys: handshake.keys(),
      address: from,
    })
    const [oldest] = this.#halfOpen
    if (oldest !== undefined && this.#halfOpen.size >= HALF_OPEN_MAX) this.#drop(oldest[0], oldest[1].session)
    const expiresAtMs = this.#desk.nowMs + HALF_OPEN_MS
    this.#halfOpen.set(nameOf(from, noise), { session, response, expiresAtMs })
    this.#desk.wakeBy(expiresAtMs)
    this.#desk.emit({ type: 'send', to: from, bytes: response })
  }

  #drop(name: string, session: Session): void {
    this.#halfOpen.delete(name)
    this.#desk.count('HANDSHAKE_UNFINISHED')
    this.#host.closeSession(session)
  }
}

/** The same initiation from another address is answered by another response: whoever uses that has read what went to this address. */
const nameOf = ({ host, port }: Address, noise: Uint8Array): string => `${hexOf(echoOf(noise))} ${host} ${port}`

/** Whoever says that a session is of this one can't make the next dial count past what the wire has room for. */
export const GENERATION_MAX = 0xffff_ffff

/** Zero names no session, and udx owns what begins with ff. */
export const isSessionId = (id: number): boolean => id !== 0 && id >>> 24 !== 0xff
