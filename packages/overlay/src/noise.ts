import { type Agreement, aeadOpen, aeadSeal, hkdfSha256, sha256 } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'
import { OverlayError } from './errors.js'

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss'
interface Pattern {
  /** In IK the initiator knows the responder's static key beforehand. */
  readonly responderKnown: boolean
  readonly messages: readonly (readonly Token[])[]
}
export type NoisePattern = 'XX' | 'IK'
// The Noise Protocol Framework, revision 34, §7.5
const PATTERNS = {
  XX: { responderKnown: false, messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']] },
  IK: {
    responderKnown: true,
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
} as const satisfies Record<NoisePattern, Pattern>

export interface NoiseOptions {
  readonly pattern: NoisePattern
  readonly isInitiator: boolean
  readonly prologue: Uint8Array
  /** Our static X25519 key. */
  readonly own: Agreement
  /** A fresh X25519 key, used for this handshake only. */
  readonly ephemeral: Agreement
  /** The responder's static key, 32 bytes: for the initiator of IK. */
  readonly remoteKey?: Uint8Array
}

/** What a finished handshake leaves. All of 32 bytes. */
export interface NoiseKeys {
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
  /** A third output of the last HKDF, for keys of our own making: as secret as the other two and independent of them. */
  readonly exporterKey: Uint8Array
  /** Binds what comes after to all that was said (channel binding, §11.2). Not secret. */
  readonly handshakeHash: Uint8Array
}

const EMPTY = new Uint8Array(0)
const KEY_BYTES = 32
const TAG_BYTES = 16

/**
 * One side of a Noise handshake, XX or IK, 25519_ChaChaPoly_SHA256. `write` and `read` alternate; after the pattern's last
 * message `keys()` gives the transport keys. A `read` that fails changes nothing, so a forged message does no harm. Pure: the
 * ephemeral key comes in.
 */
export class NoiseHandshake {
  readonly #options: NoiseOptions
  readonly #messages: readonly (readonly Token[])[]
  #next = 0
  #hash: Uint8Array
  #chainingKey: Uint8Array
  #key: Uint8Array | undefined
  #nonce = 0
  #remoteStatic: Uint8Array | undefined
  #remoteEphemeral: Uint8Array = EMPTY

  constructor(options: NoiseOptions) {
    this.#options = options
    const { responderKnown, messages } = PATTERNS[options.pattern]
    this.#messages = messages
    this.#remoteStatic = options.remoteKey
    const name = asciiOf(`Noise_${options.pattern}_25519_ChaChaPoly_SHA256`)
    this.#hash = concatBytes(name, new Uint8Array(32 - name.length)) // the name has exactly 32 bytes, or is padded to that
    this.#chainingKey = this.#hash
    this.#mixHash(options.prologue)
    if (!responderKnown) return
    const key = options.isInitiator ? options.remoteKey : options.own.publicKey
    if (key === undefined) throw broken('key')
    this.#mixHash(key)
  }

  /** The other side's static X25519 key, as soon as it is known. */
  get remoteKey(): Uint8Array | undefined {
    return this.#remoteStatic
  }

  get isDone(): boolean {
    return this.#next === this.#messages.length
  }

  /** @throws {OverlayError} HANDSHAKE_BROKEN when it isn't our turn, or their key is of small order */
  write(payload: Uint8Array = EMPTY): Uint8Array {
    const parts: Uint8Array[] = []
    for (const token of this.#turn(true)) {
      if (token === 'e') {
        parts.push(this.#options.ephemeral.publicKey)
        this.#mixHash(this.#options.ephemeral.publicKey)
      } else if (token === 's') parts.push(this.#seal(this.#options.own.publicKey))
      else this.#mixKey(this.#agree(token))
    }
    parts.push(this.#seal(payload))
    return concatBytes(...parts)
  }

  /**
   * The payload of the other side's next message.
   * @throws {OverlayError} HANDSHAKE_BROKEN
   */
  read(message: Uint8Array): Uint8Array {
    const before = [this.#next, this.#hash, this.#chainingKey, this.#key, this.#nonce, this.#remoteStatic, this.#remoteEphemeral] as const
    try {
      return this.#readTokens(message)
    } catch (error) {
      ;[this.#next, this.#hash, this.#chainingKey, this.#key, this.#nonce, this.#remoteStatic, this.#remoteEphemeral] = before
      throw error
    }
  }

  #readTokens(message: Uint8Array): Uint8Array {
    let at = 0
    const take = (length: number): Uint8Array => {
      if (message.length < at + length) throw broken('length')
      at += length
      return message.slice(at - length, at)
    }
    for (const token of this.#turn(false)) {
      if (token === 'e') {
        this.#remoteEphemeral = take(KEY_BYTES)
        this.#mixHash(this.#remoteEphemeral)
      } else if (token === 's') this.#remoteStatic = this.#open(take(KEY_BYTES + (this.#key === undefined ? 0 : TAG_BYTES)))
      else this.#mixKey(this.#agree(token))
    }
    return this.#open(take(message.length - at))
  }

  /** @throws {OverlayError} HANDSHAKE_BROKEN before the last message */
  keys(): NoiseKeys {
    if (!this.isDone) throw broken('order')
    const keys = hkdfSha256(EMPTY, this.#chainingKey, EMPTY, 3 * KEY_BYTES)
    const [first, second] = [keys.slice(0, 32), keys.slice(32, 64)]
    const [sendKey, receiveKey] = this.#options.isInitiator ? [first, second] : [second, first]
    return { sendKey, receiveKey, exporterKey: keys.slice(64), handshakeHash: this.#hash }
  }

  #turn(isWriting: boolean): readonly Token[] {
    const tokens = this.#messages[this.#next]
    if (tokens === undefined || (this.#next % 2 === 0) !== (this.#options.isInitiator === isWriting)) throw broken('order')
    this.#next++
    return tokens
  }

  #agree(token: Token): Uint8Array {
    const { isInitiator, own, ephemeral } = this.#options
    const [initiators, responders] = token
    const ours = isInitiator ? initiators : responders
    const theirs = isInitiator ? responders : initiators
    const key = theirs === 'e' ? this.#remoteEphemeral : this.#remoteStatic
    if (key === undefined) throw broken('key')
    try {
      return (ours === 'e' ? ephemeral : own).sharedSecret(key)
    } catch (cause) {
      throw broken('key', cause)
    }
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = sha256(this.#hash, data)
  }

  #mixKey(secret: Uint8Array): void {
    const keys = hkdfSha256(secret, this.#chainingKey, EMPTY, 2 * KEY_BYTES)
    this.#chainingKey = keys.slice(0, 32)
    this.#key = keys.slice(32)
    this.#nonce = 0
  }

  #seal(plain: Uint8Array): Uint8Array {
    const sealed = this.#key === undefined ? plain : aeadSeal(this.#key, nonceOf(this.#nonce++), this.#hash, plain)
    this.#mixHash(sealed)
    return sealed
  }

  #open(sealed: Uint8Array): Uint8Array {
    const plain = this.#key === undefined ? sealed : aeadOpen(this.#key, nonceOf(this.#nonce++), this.#hash, sealed)
    if (plain === undefined) throw broken('tag')
    this.#mixHash(sealed)
    return plain
  }
}

/** Noise's nonce for ChaChaPoly: four zero bytes, then the counter, little-endian. `counter` is below 2^53. */
export function nonceOf(counter: number): Uint8Array {
  const nonce = new Uint8Array(12)
  const view = new DataView(nonce.buffer)
  view.setUint32(4, counter >>> 0, true)
  view.setUint32(8, Math.floor(counter / 2 ** 32), true)
  return nonce
}

const asciiOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const broken = (reason: 'length' | 'tag' | 'key' | 'order', cause?: unknown): OverlayError =>
  new OverlayError({ code: 'HANDSHAKE_BROKEN', reason }, { cause })
