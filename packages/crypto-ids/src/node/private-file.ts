import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CryptoError } from '../errors.js'

/** A key file has a few hundred bytes; nothing longer is read. */
const FILE_MAX_BYTES = 4096
const GROUP_AND_OTHERS = 0o077

/**
 * What a file holds that is its owner's alone, or undefined where there is none.
 * @throws {CryptoError} KEY_FILE_OPEN_TO_OTHERS, KEY_FILE_MALFORMED (too long), KEY_FILE_UNREADABLE
 */
export function readPrivateFile(path: string): Buffer | undefined {
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
    if (size > FILE_MAX_BYTES) throw new CryptoError({ code: 'KEY_FILE_MALFORMED', path })
    return readFileSync(file)
  } catch (cause) {
    if (cause instanceof CryptoError) throw cause
    throw new CryptoError({ code: 'KEY_FILE_UNREADABLE', path }, { cause })
  } finally {
    closeSync(file)
  }
}

/**
 * Writes a new file, mode 0600. False where one exists already: it is never overwritten. The file appears whole or not at all: a link to a
 * finished one.
 * @throws {CryptoError} KEY_FILE_UNWRITABLE
 */
export function writeNewPrivateFile(path: string, text: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeBeside(path, text, (finished) => linkSync(finished, path))
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw new CryptoError({ code: 'KEY_FILE_UNWRITABLE', path }, { cause })
  }
}

/**
 * Puts a finished file, mode 0600, in the place of another. After a crash it is the old one or the new one.
 * @throws {CryptoError} KEY_FILE_UNWRITABLE
 */
export function replacePrivateFile(path: string, text: string): void {
  try {
    const target = realpathSync(path) // where the name is a link, what it leads to is what has to go
    writeBeside(target, text, (finished) => renameSync(finished, target))
  } catch (cause) {
    throw new CryptoError({ code: 'KEY_FILE_UNWRITABLE', path }, { cause })
  }
}

/** Writes a file in the same folder, durably, for `place` to give it its name. Whatever fails, no other name of it stays: it holds a secret. */
function writeBeside(path: string, text: string, place: (finished: string) => void): void {
  const unfinished = `${path}.${randomBytes(8).toString('hex')}.tmp`
  const file = openSync(unfinished, 'wx', 0o600)
  try {
    try {
      writeFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    place(unfinished)
  } finally {
    rmSync(unfinished, { force: true }) // it may have been renamed
  }
  syncFolder(dirname(path))
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
