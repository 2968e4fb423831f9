import { existsSync } from 'node:fs'
import { describeKeyFile, takePassphrase } from '@interpeer/crypto-ids/node'
import { askHidden, canAsk } from './terminal.js'

export interface PassphraseOptions {
  readonly passphraseFile?: string
}

/** From the file, else from the environment; undefined where neither is. */
export const givenPassphrase = ({ passphraseFile }: PassphraseOptions): string | undefined =>
  takePassphrase({ file: passphraseFile, variable: 'INTERPEER_PASSPHRASE' })

/** For the key at `path`: what was given, else what someone types, where the file is encrypted and someone is there. */
export async function passphraseFor(path: string, options: PassphraseOptions): Promise<string | undefined> {
  const given = givenPassphrase(options)
  if (given !== undefined || !existsSync(path) || !describeKeyFile(path).isEncrypted || !canAsk()) return given
  const [typed] = await askHidden(`Passphrase of ${path}: `)
  return typed
}

/** One that was not used before, so it is typed twice. */
export async function askNewPassphrase(): Promise<string> {
  if (!canAsk()) throw new Error('there is no terminal to ask for a passphrase: give one in a file or in INTERPEER_PASSPHRASE (see --help)')
  const [typed = '', again] = await askHidden('New passphrase: ', 'Once more: ')
  if (typed !== again) throw new Error('the two passphrases differ, so nothing was written')
  return typed
}
