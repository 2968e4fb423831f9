import { PeerError, parseStorageSize } from '@interpeer/peer'
import { type PeerEndpoint, parseEndpoint, parseReachable } from '@interpeer/peer/node'
import { GROUP_SIZE_MAX, GROUP_SIZE_MIN } from '@interpeer/peer-group'
import { InvalidArgumentError, Option } from 'commander'
import { isRoot } from './import/old-roots.js'

// What several commands take: how words become values, and options that are the same everywhere.

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`a whole number from ${min} to ${max}`)
    return value
  }
export const endpoints = (text: string, earlier: readonly PeerEndpoint[] = []): PeerEndpoint[] => {
  const endpoint = parseEndpoint(text)
  if (endpoint === undefined) throw new InvalidArgumentError('PEER@HOST:PORT with a literal address')
  return [...earlier, endpoint]
}
export const reachable = (text: string): { readonly host: string; readonly port: number } => {
  const address = parseReachable(text)
  if (address === undefined) throw new InvalidArgumentError('HOST:PORT with a literal address that others can send to')
  return address
}
/** A server of the operator's own choice, by name or address. */
export const hostAndPort = (text: string): { readonly host: string; readonly port: number } => {
  const [, host = '', port = ''] = /^\[?([^[\]\s/@]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) throw new InvalidArgumentError('HOST:PORT')
  return { host, port: Number(port) }
}
export const storageSize = (text: string): number => {
  try {
    return parseStorageSize(text)
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    throw new InvalidArgumentError('a size of at least 64MB, such as 64GB or 1.5TiB')
  }
}
/** A share in parts per million: `20%`, `0.5%`. */
export const percentage = (text: string): number => {
  const ppm = Math.round(Number(text.slice(0, -1)) * 10_000)
  if (!/^\d{1,3}(\.\d{1,4})?%$/.test(text) || ppm > 1_000_000) throw new InvalidArgumentError('a percentage such as 20% or 0.5%')
  return ppm
}
export const groupSize = wholeNumber(GROUP_SIZE_MIN, GROUP_SIZE_MAX)
export const collectRoots = (text: string, earlier: readonly string[] = []): string[] => {
  if (!isRoot(text)) throw new InvalidArgumentError('an absolute path with a name in it, such as /var/www/html')
  return [...earlier, text]
}
export const collect = (text: string, earlier: readonly string[] = []): string[] => [...earlier, text]

export const data = () =>
  new Option('--data <folder>', 'folder of the key, the store and the logs').env('INTERPEER_DATA').makeOptionMandatory()
export const store = () =>
  new Option('--store <kind>', 'what a new folder keeps its store in (default: lmdb, or sqlite where lmdb does not run)')
    .choices(['lmdb', 'sqlite'])
    .env('INTERPEER_STORE')
export const genesis = () => new Option('--genesis <file>', 'the network to join').env('INTERPEER_GENESIS').makeOptionMandatory()
export const hash = (text: string): Uint8Array => {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('64 hexadecimal digits')
  return new Uint8Array(Buffer.from(text, 'hex'))
}
export const checkpoint = () =>
  new Option(
    '--checkpoint <hash>',
    'the hash of one of the last checkpoints, from whoever you trust, to begin at in a new folder, or after a long sleep',
  ).argParser(hash)
export const bootstrap = () =>
  new Option('--bootstrap <peer@host:port>', 'a peer that is known; may be repeated').argParser(endpoints).default([], 'none')
export const host = () => new Option('--host <address>', 'address to listen on').env('INTERPEER_HOST').default('127.0.0.1')
export const passphraseFile = () =>
  new Option(
    '--passphrase-file <file>',
    'file with the passphrase of the key in its first line (else INTERPEER_PASSPHRASE, or the terminal)',
  ).env('INTERPEER_PASSPHRASE_FILE')
export const encrypt = () => new Option('--encrypt', 'ask for a passphrase, if none is given')
export const json = () => new Option('--json', 'print JSON')
