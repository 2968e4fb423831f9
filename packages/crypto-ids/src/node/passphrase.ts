import { closeSync, openSync, readSync } from 'node:fs'
import { CryptoError } from '../errors.js'

const SECRET_MAX_BYTES = 4096

export interface PassphraseSource {
  /** A file with the passphrase in its first line; comes before the variable. */
  readonly file?: string | undefined
  /** The name of an environment variable. */
  readonly variable: string
}

/**
 * A passphrase that was given to this process, or undefined where none was. Never by an argument: everyone on a machine can read those. The variable is
 * taken out of the environment in any case, so that what this process starts does not inherit it.
 * @throws {CryptoError} SECRET_TOO_LONG
 * @throws what the system says of the file (ENOENT, EACCES)
 */
export function takePassphrase({ file, variable }: PassphraseSource): string | undefined {
  const inherited = process.env[variable]
  delete process.env[variable]
  return file === undefined ? inherited : readSecretFile(file).split(/\r?\n/, 1)[0]
}

/**
 * A short text, at most 4,096 bytes, from a file or from a pipe that a password store writes to.
 * @throws {CryptoError} SECRET_TOO_LONG
 * @throws what the system says of the file (ENOENT, EACCES)
 */
export function readSecretFile(path: string): string {
  const bytes = Buffer.alloc(SECRET_MAX_BYTES + 1)
  const file = openSync(path, 'r')
  let length = 0
  try {
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, null)
  } finally {
    closeSync(file)
  }
  if (length > SECRET_MAX_BYTES) throw new CryptoError({ code: 'SECRET_TOO_LONG', bytesMax: SECRET_MAX_BYTES })
  return bytes.toString('utf8', 0, length)
}
