import { existsSync } from 'node:fs'
import { describeKeyFile } from '@interpeer/crypto-ids/node'
import { firstLineOf, readSecretFile } from './read-secret-file.js'
import { askHidden, canAsk } from './terminal.js'

/** Never an argument: everyone on a machine can read those. */
export interface PassphraseSource {
  readonly passphraseFile?: string
}

/** From the file, else from the environment; undefined where neither is. */
export function givenPassphrase({ passphraseFile }: PassphraseSource): string | undefined {
  const inherited = process.env.INTERPEER_PASSPHRASE
  delete process.env.INTERPEER_PASSPHRASE // what this process starts need not know it
  return passphraseFile === undefined ? inherited : firstLineOf(readSecretFile(passphraseFile))
}

/** For the key at `path`: what was given, else what someone types, where the file is encrypted and someone is there. */
export async function passphraseFor(path: string, source: PassphraseSource): Promise<string | undefined> {
  const given = givenPassphrase(source)
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
