import { type Agreement, createAgreement, keyOfPeerId, montgomeryOf, type PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { type Address, type Desk, isSameAddress } from './core-events.js'
import { overlayHello, overlayWelcome } from './messages.js'
import { NoiseHandshake, type NoiseKeys } from './noise.js'
import { echoOf, writeInitiation } from './packets.js'

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 1_000
const PATIENCE_MS = 8_000
const COOKIES_MAX = 8

/** What one peer brings to every handshake. */
export interface Identity {
  readonly peerId: PeerId
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** The same key for X25519. */
  readonly agreement: Agreement
  /** 8 bytes, drawn when this process started. */
  readonly instance: Uint8Array
  /** The network id's bytes. */
  readonly prologue: Uint8Array
}

export interface Welcome {
  readonly remoteId: number
  readonly remoteInstance: Uint8Array
  readonly generation: number
  readonly keys: NoiseKeys
  /** Where the initiation that is answered had gone. */
  readonly address: Address
}

/** What goes to one address. A handshake of its own: whoever answers it has read what went there, whatever address the answer comes from. */
interface Attempt {
  readonly address: Address
  readonly handshake: NoiseHandshake
  readonly noise: Uint8Array
  cookie: Uint8Array | undefined
  cookies: number
}

/** One attempt to reach a peer: the initiator's side of Noise IK. The same packets are repeated until one is answered or 8 s are over. */
export class Dial {
  readonly peer: PeerId
  readonly localId: number
  readonly startedAtMs: number
  readonly #desk: Desk
  readonly #me: Identity
  readonly #generation: number
  readonly #addresses: () => readonly Address[]
  #attempts: readonly Attempt[] = []
  #retryMs = FIRST_RETRY_MS
  #retryAtMs: number

  /** @throws {CryptoError} when the peer's key is of no use (which parsing its PeerId rules out) */
  constructor(desk: Desk, me: Identity, peer: PeerId, localId: number, generation: number, addresses: () => readonly Address[]) {
    this.#desk = desk
    this.#me = me
    this.peer = peer
    this.localId = localId
    this.#generation = generation
    this.startedAtMs = desk.nowMs
    this.#retryAtMs = desk.nowMs
    this.#addresses = addresses
    this.onTime()
  }

  get isOver(): boolean {
    return this.#desk.nowMs >= this.startedAtMs + PATIENCE_MS
  }

  onTime(): void {
    if (this.isOver) return
    if (this.#desk.nowMs >= this.#retryAtMs) {
      const known = this.#attempts
      this.#attempts = this.#addresses().map(
        (address) => known.find((one) => isSameAddress(one.address, address)) ?? this.#attemptAt(address),
      )
      for (const attempt of this.#attempts) this.#send(attempt)
      this.#retryAtMs = this.#desk.nowMs + this.#retryMs
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
    }
    this.#desk.wakeBy(Math.min(this.#retryAtMs, this.startedAtMs + PATIENCE_MS))
  }

  /** A busy peer wants to see that we are where we say: the packet goes again, where it went, with its cookie. */
  onCookie(echo: Uint8Array, cookie: Uint8Array) {
    const attempt = this.#attempts.find(({ noise }) => sameBytes(echo, echoOf(noise)))
    if (attempt === undefined || attempt.cookies >= COOKIES_MAX) return this.#desk.count('COOKIE_UNEXPECTED')
    if (attempt.cookie !== undefined && sameBytes(attempt.cookie, cookie)) return
    attempt.cookie = cookie.slice()
    attempt.cookies++
    this.#send(attempt)
  }

  /** @throws {OverlayError | WireError} on an answer that isn't the peer's; the dial goes on */
  onResponse(noise: Uint8Array): Welcome {
    const { address, handshake, payload } = this.#read(noise)
    const { instance, session, generation } = overlayWelcome.decode(payload)
    return { remoteId: session, remoteInstance: instance, generation, keys: handshake.keys(), address }
  }

  #read(noise: Uint8Array): Attempt & { readonly payload: Uint8Array } {
    let cause: unknown
    for (const attempt of this.#attempts) {
      try {
        return { ...attempt, payload: attempt.handshake.read(noise) }
      } catch (error) {
        cause = error // not an answer to what went there
      }
    }
    throw cause
  }

  #attemptAt(address: Address): Attempt {
    const { prologue, agreement, publicKey, instance } = this.#me
    const handshake = new NoiseHandshake({
      pattern: 'IK',
      isInitiator: true,
      prologue,
      own: agreement,
      ephemeral: createAgreement(this.#desk.random(32)),
      remoteKey: montgomeryOf(keyOfPeerId(this.peer)),
    })
    const noise = handshake.write(overlayHello.encode({ key: publicKey, instance, session: this.localId, generation: this.#generation }))
    return { address, handshake, noise, cookie: undefined, cookies: 0 }
  }

  #send({ address, noise, cookie }: Attempt): void {
    this.#desk.emit({ type: 'send', to: address, bytes: writeInitiation(noise, cookie) })
  }
}
