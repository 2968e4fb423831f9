import { concatBytes, encodeCbor, type Message } from '@interpeer/wire-codec'
import { bytesOfContentId, type NetworkId } from './content-id.js'
import { CryptoError } from './errors.js'

// An array of 4, the protected bytes of {1: -19}, an empty map: wire-codec has no maps, and these bytes never vary.
const HEADER = Uint8Array.of(0x84, 0x43, 0xa1, 0x01, 0x32, 0xa0)
const PROTECTED = HEADER.slice(2, 5)
const SIGNATURE_HEAD = Uint8Array.of(0x58, 0x40)
const SIGNATURE_BYTES = 64
/** The most that an envelope adds to its message: header, length head, signature head, signature. */
export const ENVELOPE_OVERHEAD_BYTES = HEADER.length + 5 + SIGNATURE_HEAD.length + SIGNATURE_BYTES

export interface Envelope {
  /** Views into the envelope's bytes, not copies. */
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

export function writeEnvelope({ payload, signature }: Envelope): Uint8Array {
  const head = bytesHead(payload.length)
  const envelope = new Uint8Array(HEADER.length + head.length + payload.length + SIGNATURE_HEAD.length + SIGNATURE_BYTES)
  envelope.set(HEADER)
  envelope.set(head, HEADER.length)
  envelope.set(payload, HEADER.length + head.length)
  envelope.set(SIGNATURE_HEAD, envelope.length - SIGNATURE_BYTES - SIGNATURE_HEAD.length)
  envelope.set(signature, envelope.length - SIGNATURE_BYTES)
  return envelope
}

/**
 * Reads the one encoding that a COSE_Sign1 of ours can have, and allocates nothing. Nothing is verified.
 * @throws {CryptoError} ENVELOPE_MALFORMED
 */
export function readEnvelope(envelope: Uint8Array, payloadMaxBytes: number): Envelope {
  if (envelope.length > payloadMaxBytes + ENVELOPE_OVERHEAD_BYTES) throw malformed('too large')
  if (!mayBeEnvelope(envelope)) throw malformed('header')
  const end = envelope.length - SIGNATURE_BYTES - SIGNATURE_HEAD.length
  // The signature has a fixed place at the end, so the payload's length follows, and so does the only head that may announce it.
  const head = bytesHead(end - HEADER.length - headSizeFor(end - HEADER.length))
  const start = HEADER.length + head.length
  if (start > end || !startsWith(envelope, head, HEADER.length) || !startsWith(envelope, SIGNATURE_HEAD, end)) throw malformed('length')
  if (end - start > payloadMaxBytes) throw malformed('too large')
  return { payload: envelope.subarray(start, end), signature: envelope.subarray(end + SIGNATURE_HEAD.length) }
}

/** Whether it begins as every envelope does. */
export const mayBeEnvelope = (bytes: Uint8Array): boolean => startsWith(bytes, HEADER, 0)

type Kind = Pick<Message<unknown>, 'number' | 'version'>

/** The Sig_structure of RFC 9052 §4.4: what is signed. */
export function toBeSigned(kind: Kind, network: NetworkId, payload: Uint8Array): Uint8Array {
  return concatBytes(prefixOf(kind, network), bytesHead(payload.length), payload)
}

// All of it but the payload is the same for every message of one kind on one network, and writing it costs more than the rest.
const PREFIXES_MAX = 256
const prefixes = new Map<string, Uint8Array>()
function prefixOf({ number, version }: Kind, network: NetworkId): Uint8Array {
  const name = `${network} ${number} ${version}`
  const known = prefixes.get(name)
  if (known !== undefined) return known
  const external = encodeCbor(['interpeer', bytesOfContentId(network), number, version])
  const prefix = encodeCbor(['Signature1', PROTECTED, external, new Uint8Array()]).slice(0, -1) // but the empty payload's head
  if (prefixes.size >= PREFIXES_MAX) prefixes.clear()
  prefixes.set(name, prefix)
  return prefix
}

/** The canonical CBOR head of a byte string. */
function bytesHead(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 + Math.max(length, 0))
  if (length < 0x100) return Uint8Array.of(0x58, length)
  if (length < 0x1_0000) return Uint8Array.of(0x59, length >> 8, length & 0xff)
  return Uint8Array.of(0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
}

/** The size of the head in `rest` bytes of head and content together. */
function headSizeFor(rest: number): number {
  if (rest <= 24) return 1
  if (rest <= 0xff + 2) return 2
  return rest <= 0xffff + 3 ? 3 : 5
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array, at: number): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
  return true
}

function malformed(reason: 'header' | 'length' | 'too large'): CryptoError {
  return new CryptoError({ code: 'ENVELOPE_MALFORMED', reason })
}
