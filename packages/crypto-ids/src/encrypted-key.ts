import { bytesOfHex, encodeCbor, hexOf } from '@interpeer/wire-codec'
import { scrypt } from '@noble/hashes/scrypt.js'
import { aeadOpen, aeadSeal } from './aead.js'
import { CryptoError, requireLength } from './errors.js'
import { keyOfPeerId, type PeerId, parsePeerId } from './peer-id.js'
import { createSigner } from './signer.js'

const FORMAT = 'interpeer encrypted key'
const VERSION = 1
const SALT_BYTES = 32
const SEALED_BYTES = 32 + 16
const TEXT_MAX = 2048
const PASSPHRASE_MAX = 1024
// Version 1 fixes scrypt's r and p, so that log N alone says what opening a text costs: 1 KiB · 2^log N, at most 256 MiB and a second or two.
const [R, P] = [8, 1]
const [LOG_N_MIN, LOG_N_USUAL, LOG_N_MAX] = [14, 17, 18]
/** The key of one sealing is made from a salt of its own, so the nonce need not vary. */
const NONCE = new Uint8Array(12)

export interface KeyEncryption {
  /** 32 random bytes, for this one text. */
  readonly salt: Uint8Array
  /** scrypt's N as a power of two, 14 to 18. Opening takes 2^logN KiB of memory; 17 (128 MiB) unless told. */
  readonly logN?: number | undefined
}

interface EncryptedKey {
  readonly peerId: PeerId
  readonly salt: Uint8Array
  readonly logN: number
  readonly sealed: Uint8Array
}

/**
 * A seed under a passphrase, as JSON text: scrypt, then ChaCha20-Poly1305 over everything in it. Whose key it is stays readable. Takes about half
 * a second, without a pause.
 * @param seed 32 secret bytes, as for `createSigner`
 * @param passphrase 1 to 1,024 characters; counts in Unicode NFC
 * @throws {CryptoError} BYTES_LENGTH, PASSPHRASE_UNUSABLE
 * @throws {RangeError} where `logN` is out of its range
 */
export function encryptKey(seed: Uint8Array, passphrase: string, { salt, logN = LOG_N_USUAL }: KeyEncryption): string {
  requireLength(salt, SALT_BYTES, 'salt')
  if (!isCost(logN)) throw new RangeError(`logN is a whole number from ${LOG_N_MIN} to ${LOG_N_MAX}`)
  const { peerId } = createSigner(seed)
  const header = { peerId, salt, logN }
  const sealed = aeadSeal(stretch(passphrase, header), NONCE, associatedDataOf(header), seed)
  const fields = { format: FORMAT, version: VERSION, peer: peerId, scrypt: { logN, r: R, p: P, salt: hexOf(salt) }, sealed: hexOf(sealed) }
  return `${JSON.stringify(fields, null, 2)}\n`
}

/**
 * The seed of such a text. A hostile one costs no more than the largest `logN` does.
 * @throws {CryptoError} ENCRYPTED_KEY_MALFORMED, PASSPHRASE_UNUSABLE, PASSPHRASE_WRONG (or anything in the text was altered)
 */
export function decryptKey(text: string, passphrase: string): Uint8Array {
  const key = parse(text)
  const seed = aeadOpen(stretch(passphrase, key), NONCE, associatedDataOf(key), key.sealed)
  // The tag of ChaCha20-Poly1305 binds no key: that the seed is this peer's does.
  if (seed === undefined || createSigner(seed).peerId !== key.peerId) throw new CryptoError({ code: 'PASSPHRASE_WRONG' })
  return seed
}

/**
 * Whose key a text holds, as it says itself: nothing is checked without the passphrase.
 * @throws {CryptoError} ENCRYPTED_KEY_MALFORMED
 */
export function peerOfEncryptedKey(text: string): PeerId {
  return parse(text).peerId
}

type Header = Omit<EncryptedKey, 'sealed'>

function stretch(passphrase: string, { salt, logN }: Header): Uint8Array {
  return scrypt(normal(passphrase), salt, { N: 2 ** logN, r: R, p: P, dkLen: 32 })
}

function associatedDataOf({ peerId, salt, logN }: Header): Uint8Array {
  return encodeCbor([FORMAT, VERSION, keyOfPeerId(peerId), logN, R, P, salt])
}

/** People type one text in several encodings, by their keyboard: NFC is one of them. */
function normal(passphrase: string): string {
  const text = passphrase.normalize('NFC')
  if (text === '' || text.length > PASSPHRASE_MAX || !text.isWellFormed()) throw new CryptoError({ code: 'PASSPHRASE_UNUSABLE' })
  return text
}

function parse(text: string): EncryptedKey {
  const object = text.length > TEXT_MAX ? undefined : objectOf(parsed(text))
  if (object?.format !== FORMAT) throw malformed('syntax')
  if (object.version !== VERSION) throw malformed('version')
  const fields = exactly(object, 'format', 'version', 'peer', 'scrypt', 'sealed')
  const cost = exactly(objectOf(fields?.scrypt), 'logN', 'r', 'p', 'salt')
  const [salt, sealed] = [hexBytes(cost?.salt, SALT_BYTES), hexBytes(fields?.sealed, SEALED_BYTES)]
  if (cost === undefined || salt === undefined || sealed === undefined) throw malformed('syntax')
  if (cost.r !== R || cost.p !== P || !isCost(cost.logN)) throw malformed('cost')
  return { peerId: peerOf(fields?.peer), salt, logN: cost.logN, sealed }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

type JsonObject = Readonly<Record<string, unknown>>

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

/** The object, where it has these fields and no others. */
function exactly<K extends string>(object: JsonObject | undefined, ...names: readonly K[]): Readonly<Record<K, unknown>> | undefined {
  if (object === undefined || Object.keys(object).length !== names.length) return undefined
  return names.every((name) => Object.hasOwn(object, name)) ? (object as Record<K, unknown>) : undefined
}

function hexBytes(value: unknown, length: number): Uint8Array | undefined {
  return typeof value === 'string' && value.length === 2 * length && /^[0-9a-f]*$/.test(value) ? bytesOfHex(value) : undefined
}

function isCost(logN: unknown): logN is number {
  return Number.isInteger(logN) && (logN as number) >= LOG_N_MIN && (logN as number) <= LOG_N_MAX
}

function peerOf(text: unknown): PeerId {
  if (typeof text !== 'string') throw malformed('syntax') // a list of one would pass for what is in it
  try {
    return parsePeerId(text)
  } catch (cause) {
    throw malformed('syntax', { cause })
  }
}

function malformed(reason: 'syntax' | 'version' | 'cost', options?: ErrorOptions): CryptoError {
  return new CryptoError({ code: 'ENCRYPTED_KEY_MALFORMED', reason }, options)
}
