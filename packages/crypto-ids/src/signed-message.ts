import type { Message } from '@interpeer/wire-codec'
import type { NetworkId } from './content-id.js'
import { mayBeEnvelope, readEnvelope, toBeSigned, writeEnvelope } from './cose-sign1.js'
import { CryptoError } from './errors.js'
import { sha256 } from './hash.js'
import { keyOfPeerId, type PeerId } from './peer-id.js'
import type { Signer } from './signer.js'
import { verifySignature } from './strict.js'

declare const verified: unique symbol
/** A value whose signature was checked. Only this package makes one, from an envelope. */
export type Verified<T> = T & { readonly [verified]: true }
/** Who must have signed a value: read from the value itself, or known otherwise. Undefined: nobody, so it is refused. */
export type SignerOf<T> = (value: T) => PeerId | undefined

/**
 * The COSE_Sign1 envelope of one message: valid for this network, this message number and this version of it.
 * @throws {WireError} when the value does not fit the message
 */
export function signMessage<T>(message: Message<T>, value: T, signer: Signer, network: NetworkId): Uint8Array {
  const payload = message.encode(value)
  return writeEnvelope({ payload, signature: signer.sign(toBeSigned(message, network, payload)) })
}

/**
 * Reads a signed message and checks its signature under the STRICT rule.
 * @throws {CryptoError} ENVELOPE_MALFORMED, SIGNER_UNKNOWN, SIGNATURE_WRONG, and what `signerOf` throws
 * @throws {WireError} when the payload is not this message
 */
export function openMessage<T>(message: Message<T>, envelope: Uint8Array, network: NetworkId, signerOf: SignerOf<T>): Verified<T> {
  return open(message, envelope, network, signerOf, verifySignature)
}

export interface Opener {
  /** As `openMessage`, to the same outcome, but does not verify again what it verified lately. */
  readonly open: <T>(message: Message<T>, envelope: Uint8Array, signerOf: SignerOf<T>) => Verified<T>
}

/**
 * Opens messages of one network and remembers which signatures held: peers meet the same signed reveal many times inside
 * certificates. What it remembers is the SHA-256 of key, signature and signed bytes, so no answer depends on it, only the time.
 * @param cacheEntriesMax each takes about 200 bytes; the least recently used go first
 */
export function createOpener({ network, cacheEntriesMax }: { readonly network: NetworkId; readonly cacheEntriesMax: number }): Opener {
  const held = new Set<string>()
  const verify: typeof verifySignature = (signature, signed, publicKey) => {
    const digest = String.fromCharCode(...sha256(publicKey, signature, signed))
    const known = held.delete(digest) // taken out and put back last: a Set keeps the order
    if (!known && !verifySignature(signature, signed, publicKey)) return false
    if (held.size >= cacheEntriesMax) held.delete(held.values().next().value as string)
    if (cacheEntriesMax > 0) held.add(digest)
    return true
  }
  return { open: (message, envelope, signerOf) => open(message, envelope, network, signerOf, verify) }
}

function open<T>(
  message: Message<T>,
  envelope: Uint8Array,
  network: NetworkId,
  signerOf: SignerOf<T>,
  verify: typeof verifySignature,
): Verified<T> {
  const { payload, signature } = readEnvelope(envelope, message.maxBytes)
  const value = message.decode(payload)
  const signer = signerOf(value)
  if (signer === undefined) throw new CryptoError({ code: 'SIGNER_UNKNOWN' })
  if (!verify(signature, toBeSigned(message, network, payload), keyOfPeerId(signer))) {
    throw new CryptoError({ code: 'SIGNATURE_WRONG', signer })
  }
  return value as Verified<T>
}

/** The message inside an envelope, as a view, not verified; undefined where it is no envelope. */
export function peekPayload(envelope: Uint8Array): Uint8Array | undefined {
  if (!mayBeEnvelope(envelope)) return undefined // an exception costs more than all the rest
  try {
    return readEnvelope(envelope, envelope.length).payload
  } catch {
    return undefined
  }
}

/** The number of the message inside an envelope, to choose who opens it; not verified. Undefined where there is none. */
export function peekMessageNumber(envelope: Uint8Array): number | undefined {
  const payload = peekPayload(envelope)
  const first = payload?.[0]
  if (payload === undefined || first === undefined || first < 0x80 || first > 0x98) return undefined
  const at = first === 0x98 ? 2 : 1 // an array of 24 or more says its length in a byte of its own
  const [head, high, low] = [payload[at], payload[at + 1], payload[at + 2]]
  if (head === undefined || head < 24) return head
  if (head === 0x18 && high !== undefined) return high
  if (head === 0x19 && high !== undefined && low !== undefined) return high * 256 + low
  return undefined
}
