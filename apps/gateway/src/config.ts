import { readFileSync } from 'node:fs'
import type { PeerEndpoint } from '@interpeer/peer/node'
import { parseEndpoint } from '@interpeer/peer/node'
import { Command, InvalidArgumentError, Option } from 'commander'

export interface GatewayConfig {
  readonly data: string
  readonly passphraseFile?: string
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  /** Where an empty folder begins, if its owner knows. */
  readonly checkpoint?: Uint8Array
  readonly host: string
  readonly port: number
  readonly hostName: string
  readonly logLevel: string
  readonly readChecks: number
  /** MiB. */
  readonly cache: number
}

/** Flag over `INTERPEER_*` over default. */
export function readConfig(argv: readonly string[]): GatewayConfig {
  const port = (text: string): number => {
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('a whole number from 0 to 65535')
    return Number(text)
  }
  const perMille = (text: string): number => {
    if (!/^\d{1,4}$/.test(text) || Number(text) > 1000) throw new InvalidArgumentError('a whole number from 0 to 1000')
    return Number(text)
  }
  const mebibytes = (text: string): number => {
    if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('a whole number from 0 to 99999')
    return Number(text)
  }
  const hash = (text: string): Uint8Array => {
    if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('64 hexadecimal digits')
    return new Uint8Array(Buffer.from(text, 'hex'))
  }
  const endpoints = (text: string, earlier: readonly PeerEndpoint[] = []): PeerEndpoint[] => [...earlier, endpoint(text)]
  const command = new Command('interpeer-gateway')
    .description('Lets browsers without Interpeer visit its sites')
    .version(ownVersion(), '--version', 'print the version of this program')
    .exitOverride()
    .showHelpAfterError()
    .addOption(new Option('--data <folder>', 'folder of the key, the store and the logs').env('INTERPEER_DATA').makeOptionMandatory())
    .addOption(
      new Option('--passphrase-file <file>', 'file with the passphrase of the key in its first line (else INTERPEER_PASSPHRASE)').env(
        'INTERPEER_PASSPHRASE_FILE',
      ),
    )
    .addOption(new Option('--genesis <file>', 'the network to join').env('INTERPEER_GENESIS').makeOptionMandatory())
    .addOption(new Option('--bootstrap <peer@host:port>', 'a peer that is known; may be repeated').argParser(endpoints).default([]))
    .addOption(
      new Option(
        '--checkpoint <hash>',
        'the hash of one of the last checkpoints, from whoever you trust, to begin at in a new folder, or after a long sleep',
      ).argParser(hash),
    )
    .addOption(new Option('--host <address>', 'address to listen on').env('INTERPEER_HOST').default('127.0.0.1'))
    .addOption(new Option('--port <port>', 'HTTP port; the next free one if taken').argParser(port).env('INTERPEER_PORT').default(8080))
    .addOption(
      new Option(
        '--host-name <name>',
        'sites are NAME.<this>; one of more than a word should be on the Public Suffix List, or sites set cookies for each other',
      )
        .env('INTERPEER_HOST_NAME')
        .default('localhost'),
    )
    .addOption(
      new Option('--read-checks <share>', 'of a thousand page views, how many a second member runs again, so that a false one is noticed')
        .argParser(perMille)
        .env('INTERPEER_READ_CHECKS')
        .default(20),
    )
    .addOption(
      new Option('--cache <MiB>', 'memory for files of sites that many ask for; 0: none is kept')
        .argParser(mebibytes)
        .env('INTERPEER_CACHE')
        .default(64),
    )
    .addOption(new Option('--log-level <level>', 'how much to log').choices(['error', 'warn', 'info', 'debug']).default('info'))
    .parse(argv)
  return Object.freeze(command.opts<GatewayConfig>())
}

function endpoint(text: string): PeerEndpoint {
  const found = parseEndpoint(text)
  if (found === undefined) throw new InvalidArgumentError('PEER@HOST:PORT with a literal address')
  return found
}

const ownVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }).version
