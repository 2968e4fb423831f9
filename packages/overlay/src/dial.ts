import { type Agreement, createAgreement, keyOfPeerId, montgomeryOf, type PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { Address, Desk } from './core-events.js'
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
}

/** One attempt to reach a peer: the initiator's side of Noise IK. The same packet is repeated until it is answered or 8 s are over. */
export class Dial {
  readonly peer: PeerId
  readonly localId: number
  readonly startedAtMs: number
  readonly #desk: Desk
  readonly #handshake: NoiseHandshake
  readonly #noise: Uint8Array
  readonly #addresses: () => readonly Address[]
  readonly #cookies = new Map<string, Uint8Array>() // by address
  #retryMs = FIRST_RETRY_MS
  #retryAtMs: number

  /** @throws {CryptoError} when the peer's key is of no use (which parsing its PeerId rules out) */
  constructor(desk: Desk, me: Identity, peer: PeerId, localId: number, generation: number, addresses: () => readonly Address[]) {
    this.#desk = desk
    this.peer = peer
    this.localId = localId
    this.startedAtMs = desk.nowMs
    this.#retryAtMs = desk.nowMs
    this.#addresses = addresses
    this.#handshake = new NoiseHandshake({
      pattern: 'IK',
      isInitiator: true,
      prologue: me.prologue,
      own: me.agreement,
      ephemeral: createAgreement(desk.random(32)),
      remoteKey: montgomeryOf(keyOfPeerId(peer)),
    })
    this.#noise = this.#handshake.write(overlayHello.encode({ key: me.publicKey, instance: me.instance, session: localId, generation }))
    this.onTime()
  }

  get isOver(): boolean {
    return this.#desk.nowMs >= this.startedAtMs + PATIENCE_MS
  }

  onTime(): void {
    if (this.isOver) return
    if (this.#desk.nowMs >= this.#retryAtMs) {
      for (const address of this.#addresses()) this.#sendTo(address)
      this.#retryAtMs = this.#desk.nowMs + this.#retryMs
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
    }
    this.#desk.wakeBy(Math.min(this.#retryAtMs, this.startedAtMs + PATIENCE_MS))
  }

  /** A busy peer wants to see that we are where we say: the packet goes again, with its cookie. */
  onCookie(from: Address, echo: Uint8Array, cookie: Uint8Array) {
    if (!sameBytes(echo, echoOf(this.#noise)) || this.#cookies.size >= COOKIES_MAX) return this.#desk.count('COOKIE_UNEXPECTED')
    const name = `${from.host} ${from.port}`
    const known = this.#cookies.get(name)
    this.#cookies.set(name, cookie.slice())
    if (known === undefined || !sameBytes(known, cookie)) this.#sendTo(from)
  }

  /** @throws {OverlayError | WireError} on an answer that isn't the peer's; the dial goes on */
  onResponse(noise: Uint8Array): Welcome {
    const { instance, session, generation } = overlayWelcome.decode(this.#handshake.read(noise))
    return { remoteId: session, remoteInstance: instance, generation, keys: this.#handshake.keys() }
  }

  #sendTo(address: Address): void {
    const cookie = this.#cookies.get(`${address.host} ${address.port}`)
    this.#desk.emit({ type: 'send', to: address, bytes: writeInitiation(this.#noise, cookie) })
  }
}
