import { existsSync, mkdirSync } from 'node:fs'
import { CryptoError, createSigner, recoveryPhraseOf, seedOfRecoveryPhrase } from '@interpeer/crypto-ids'
import { describeKeyFile, generateKey, loadSeed, readSecretFile, saveKey, setPassphrase, takePassphrase } from '@interpeer/crypto-ids/node'
import { keyPath } from './open-key.js'
import { askNewPassphrase, givenPassphrase, type PassphraseOptions, passphraseFor } from './passphrase.js'
import { print, tell } from './print.js'
import { askSeen, canAsk, readStdin } from './terminal.js'

export interface KeyOptions {
  readonly data: string
  readonly json?: boolean
}
export interface NewKeyOptions extends KeyOptions, PassphraseOptions {
  /** Ask for a passphrase where none is given. */
  readonly encrypt?: boolean
}

/** Makes a key, unless the folder has one; then it says whose that is. */
export async function createKey(options: NewKeyOptions): Promise<void> {
  const path = keyPath(options.data)
  if (!existsSync(path)) return writeKey(generateKey(), options)
  const { peerId, isEncrypted } = describeKeyFile(path)
  const isWanted = options.encrypt === true || givenPassphrase(options) !== undefined
  if (isWanted && !isEncrypted) throw new Error(`${path} exists and is not encrypted: "interpeer key encrypt" does that`)
  print({ peerId }, peerId, options)
}

export function showKey({ data, json }: KeyOptions): void {
  const { peerId, isEncrypted } = describeKeyFile(keyPath(data))
  print({ peerId, encrypted: isEncrypted }, peerId, { json })
}

/** The key in words, for paper. */
export async function showPhrase({ data, json, ...source }: KeyOptions & PassphraseOptions): Promise<void> {
  const path = keyPath(data)
  const seed = loadSeed(path, { passphrase: await passphraseFor(path, source) })
  const phrase = recoveryPhraseOf(seed)
  tell('Whoever has these words has this key and its coins. They go on paper, not into files or pictures.')
  print({ peerId: createSigner(seed).peerId, phrase }, phrase, { json })
}

export interface RestoreOptions extends NewKeyOptions {
  readonly phraseFile?: string
}

export async function restoreKey(options: RestoreOptions): Promise<void> {
  const path = keyPath(options.data)
  if (existsSync(path)) throw new CryptoError({ code: 'KEY_FILE_EXISTS', path }) // before anyone has typed 24 words
  await writeKey(seedOfRecoveryPhrase(await phraseFrom(options)), options)
}

export interface EncryptOptions extends KeyOptions, PassphraseOptions {
  readonly newPassphraseFile?: string
}

/** Sets the passphrase of a key, or another one. */
export async function encryptKeyFile({ data, json, newPassphraseFile, ...source }: EncryptOptions): Promise<void> {
  const path = keyPath(data)
  const { peerId, isEncrypted } = describeKeyFile(path)
  const passphrase = await passphraseFor(path, source)
  const fromFile = takePassphrase({ file: newPassphraseFile, variable: 'INTERPEER_NEW_PASSPHRASE' })
  // A plain key has no passphrase yet, so the one that is given is the new one.
  const next = fromFile ?? (isEncrypted ? undefined : passphrase) ?? (await askNewPassphrase())
  setPassphrase(path, next, { passphrase })
  print({ peerId, encrypted: true }, peerId, { json })
}

async function writeKey(seed: Uint8Array, options: NewKeyOptions): Promise<void> {
  const passphrase = givenPassphrase(options) ?? (options.encrypt === true ? await askNewPassphrase() : undefined)
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  saveKey(keyPath(options.data), seed, { passphrase })
  const { peerId } = createSigner(seed)
  print({ peerId }, peerId, options)
}

async function phraseFrom({ phraseFile }: RestoreOptions): Promise<string> {
  if (phraseFile !== undefined) return readSecretFile(phraseFile)
  return canAsk() ? askSeen('The 24 words: ') : readStdin()
}
