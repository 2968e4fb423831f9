import { createPrivateKey, randomBytes } from 'node:crypto'
import { decryptKey, encryptKey, peerOfEncryptedKey } from '../encrypted-key.js'
import { CryptoError } from '../errors.js'
import type { PeerId } from '../peer-id.js'
import { createSigner, type Signer } from '../signer.js'
import { readPrivateFile, replacePrivateFile, writeNewPrivateFile } from './private-file.js'

const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface KeyFileOptions {
  /** A key that is written is encrypted with it; one that is encrypted is read with it. A plain file needs none. */
  readonly passphrase?: string | undefined
  /** What encrypting it costs, as for `encryptKey`; a file that is read says itself. */
  readonly logN?: number | undefined
}

export interface KeyFileFacts {
  /** Of an encrypted file: what it says itself, unchecked. */
  readonly peerId: PeerId
  readonly isEncrypted: boolean
}

/** A new seed: 32 bytes from the system's generator. */
export function generateKey(): Uint8Array {
  return new Uint8Array(randomBytes(32))
}

/**
 * The key in the file at `path`, or a new one, written there first (mode 0600, in one step: two processes that start together end up with the
 * same key). Stops the event loop for the half second that a passphrase takes.
 * @throws {CryptoError} what `loadSeed` throws but KEY_FILE_MISSING, and KEY_FILE_UNWRITABLE
 */
export function loadOrCreateKey(path: string, options: KeyFileOptions = {}): Signer {
  const found = readPrivateFile(path)
  if (found !== undefined) return createSigner(seedIn(found, path, options))
  const fresh = generateKey()
  if (writeNewPrivateFile(path, textOf(fresh, options))) return createSigner(fresh)
  const theirs = readPrivateFile(path) // another process was first
  if (theirs === undefined) throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path }) // a link that leads nowhere
  return createSigner(seedIn(theirs, path, options))
}

/**
 * The seed in the file at `path`: PKCS#8 PEM of an Ed25519 key, or what `encryptKey` makes.
 * @throws {CryptoError} KEY_FILE_MISSING, KEY_FILE_OPEN_TO_OTHERS, KEY_FILE_MALFORMED, KEY_FILE_UNREADABLE, KEY_FILE_PASSPHRASE_NEEDED,
 * PASSPHRASE_UNUSABLE, PASSPHRASE_WRONG
 */
export function loadSeed(path: string, options: KeyFileOptions = {}): Uint8Array {
  return seedIn(read(path), path, options)
}

/**
 * Whose key it is, without a passphrase.
 * @throws {CryptoError} KEY_FILE_MISSING, KEY_FILE_OPEN_TO_OTHERS, KEY_FILE_MALFORMED, KEY_FILE_UNREADABLE
 */
export function describeKeyFile(path: string): KeyFileFacts {
  const content = read(path)
  if (!isEncrypted(content)) return { peerId: createSigner(seedIn(content, path, {})).peerId, isEncrypted: false }
  return { peerId: inFile(path, () => peerOfEncryptedKey(content.toString('utf8'))), isEncrypted: true }
}

/**
 * Writes a seed to a new file, mode 0600. Never overwrites.
 * @throws {CryptoError} KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE, BYTES_LENGTH, PASSPHRASE_UNUSABLE
 */
export function saveKey(path: string, seed: Uint8Array, options: KeyFileOptions = {}): void {
  createSigner(seed) // checks the length
  if (!writeNewPrivateFile(path, textOf(seed, options))) throw new CryptoError({ code: 'KEY_FILE_EXISTS', path })
}

/**
 * Encrypts the key at `path` with another passphrase, whether it was encrypted before or not. The file is replaced in one step; what the disk
 * held before may stay on it for long, out of sight.
 * @throws {CryptoError} what `loadSeed` throws, and KEY_FILE_UNWRITABLE
 */
export function setPassphrase(path: string, newPassphrase: string, options: KeyFileOptions = {}): void {
  replacePrivateFile(path, textOf(loadSeed(path, options), { ...options, passphrase: newPassphrase }))
}

function read(path: string): Buffer {
  const content = readPrivateFile(path)
  if (content === undefined) throw new CryptoError({ code: 'KEY_FILE_MISSING', path })
  return content
}

function textOf(seed: Uint8Array, { passphrase, logN }: KeyFileOptions): string {
  if (passphrase !== undefined) return encryptKey(seed, passphrase, { salt: generateKey(), logN })
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_START, seed]), format: 'der', type: 'pkcs8' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

function seedIn(content: Buffer, path: string, { passphrase }: KeyFileOptions): Uint8Array {
  if (!isEncrypted(content)) return inFile(path, () => seedOfPem(content))
  if (passphrase === undefined) throw new CryptoError({ code: 'KEY_FILE_PASSPHRASE_NEEDED', path })
  return inFile(path, () => decryptKey(content.toString('utf8'), passphrase))
}

/** A PEM begins with a dash, and text that someone put before it is no brace. */
const isEncrypted = (content: Buffer): boolean => content[0] === 0x7b

function seedOfPem(pem: Buffer): Uint8Array {
  const key = createPrivateKey({ key: pem, format: 'pem' })
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key')
  return Uint8Array.from(Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url'))
}

/** What is wrong with a file's content is told with its path; what is wrong with a passphrase is told as it is. */
function inFile<T>(path: string, readContent: () => T): T {
  try {
    return readContent()
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code !== 'ENCRYPTED_KEY_MALFORMED') throw cause
    throw new CryptoError({ code: 'KEY_FILE_MALFORMED', path }, { cause })
  }
}
