import { join } from 'node:path'
import type { Signer } from '@interpeer/crypto-ids'
import { loadOrCreateKey } from '@interpeer/crypto-ids/node'
import { type PassphraseOptions, passphraseFor } from './passphrase.js'

export const keyPath = (data: string): string => join(data, 'peer.key')

/** The key of a folder, or a new one. */
export async function openKey(data: string, options: PassphraseOptions): Promise<Signer> {
  const path = keyPath(data)
  return loadOrCreateKey(path, { passphrase: await passphraseFor(path, options) })
}
