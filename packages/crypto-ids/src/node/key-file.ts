import { createPrivateKey, randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { CryptoError } from '../errors.js'
import { createSigner, type Signer } from '../signer.js'

/** A PKCS#8 PEM of an Ed25519 key has 119 bytes; nothing longer is read. */
const KEY_FILE_MAX_BYTES = 4096
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex')
const GROUP_AND_OTHERS = 0o077

/** A new seed: 32 bytes from the system's generator. */
export function generateKey(): Uint8Array {
  return new Uint8Array(randomBytes(32))
}

/**
 * The key in the file at `path`, or a new one, written there first (PKCS#8 PEM, mode 0600, in one step: two processes that start
 * together end up with the same key).
 * @throws {CryptoError} KEY_FILE_OPEN_TO_OTHERS, KEY_FILE_MALFORMED, KEY_FILE_UNREADABLE, KEY_FILE_UNWRITABLE
 */
export function loadOrCreateKey(path: string): Signer {
  const seed = readKey(path)
  if (seed !== undefined) return createSigner(seed)
  const fresh = generateKey()
  if (writeKey(path, fresh)) return createSigner(fresh)
  const theirs = readKey(path) // another process was first
  if (theirs === undefined) throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path })
  return createSigner(theirs)
}

/**
 * Writes a seed to a new file (PKCS#8 PEM, mode 0600). Never overwrites.
 * @throws {CryptoError} KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE, BYTES_LENGTH
 */
export function saveKey(path: string, seed: Uint8Array): void {
  createSigner(seed) // checks the length
  if (!writeKey(path, seed)) throw new CryptoError({ code: 'KEY_FILE_EXISTS', path })
}

/** The seed, or undefined where there is no such file. */
function readKey(path: string): Uint8Array | undefined {
  const pem = readOwnFile(path)
  if (pem === undefined) return undefined
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' })
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key')
    return Uint8Array.from(Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url'))
  } catch (cause) {
    throw new CryptoError({ code: 'KEY_FILE_MALFORMED', path }, { cause })
  }
}

function readOwnFile(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)) // else opening a pipe waits for ever
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path }, { cause })
  }
  try {
    const stat = fstatSync(file) // of the open file: the name may change hands meanwhile
    const { mode, size } = stat
    if (!stat.isFile()) throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path })
    if (process.platform !== 'win32' && (mode & GROUP_AND_OTHERS) !== 0) {
      throw new CryptoError({ code: 'KEY_FILE_OPEN_TO_OTHERS', path, mode: mode & 0o777 })
    }
    if (size > KEY_FILE_MAX_BYTES) throw new CryptoError({ code: 'KEY_FILE_MALFORMED', path })
    return readFileSync(file)
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause
    throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path }, { cause })
  } finally {
    closeSync(file)
  }
}

/** False where the file exists already. The file appears whole or not at all: a link to a finished one, which never overwrites. */
function writeKey(path: string, seed: Uint8Array): boolean {
  const unfinished = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeDurably(unfinished, pemOf(seed))
    try {
      linkSync(unfinished, path)
    } finally {
      unlinkSync(unfinished)
    }
    syncFolder(dirname(path))
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new CryptoError({ code: 'KEY_FILE_UNWRITABLE', path }, { cause })
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

// Else the name may be gone after a power cut, and with it the peer's identity. Windows cannot open folders, and need not.
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function pemOf(seed: Uint8Array): string {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_START, seed]), format: 'der', type: 'pkcs8' })
  return key.export({ format: 'pem', type: 'pkcs8' }) as string
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
