import { readFileSync } from 'node:fs'
import { PROGRAM_VERSION } from '@interpeer/vote-chain'

/** What `--version` prints: this package's version, and the newest version of a network's rules that it knows. */
export function versionText(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }
  return `${version} (rules of the network up to version ${PROGRAM_VERSION})`
}
