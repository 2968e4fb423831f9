import type { IncomingHttpHeaders } from 'node:http'
import type { RelayProcess } from '../relay/src/relay-process.ts'

export interface LocalNetworkOptions {
  readonly seeders: number
  readonly group: number
  readonly cycleMs: number
  readonly tenureMs: number
  readonly port: number
  readonly data: string
  readonly site: string
  readonly name: string
  /** The longest run of a script before a peer abstains. */
  readonly guardMs?: number
  /** How long the site may take until its first page is served, ms. Default 90,000. */
  readonly servedMs?: number
  /** Where seeders keep what each would make alike: metered PHP. Default: a folder in `data`. */
  readonly cache?: string
  /** What starts a seeder in the place of its program: so that it runs in a namespace, or with a clock, of its own. */
  readonly launch?: (program: string, words: readonly string[], name: string) => readonly [string, readonly string[]]
  /** Other values of the genesis's settings than the usual ones, by name. */
  readonly settings?: Readonly<Record<string, number>>
  /** Whether all that peers send each other passes a relay (tools/relay), which can delay, drop and cut it. Linux only. */
  readonly relay?: boolean
}
export interface SeederInfo {
  readonly name: string
  readonly peerId: string
  readonly pid: number
  readonly host: string
  readonly port: number
}
export interface Fetched {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}
export interface FetchOptions {
  readonly host?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}
export declare class LocalNetwork {
  constructor(options: LocalNetworkOptions, say: (line: string) => void)
  start(): Promise<void>
  /** Exit codes; a signal's name for a process that had to be ended. */
  stop(): Promise<readonly (number | string)[]>
  publish(site: string, name: string, group: number): Promise<string>
  command(folder: string, ...words: string[]): Promise<string>
  logs(name: string): Promise<readonly object[]>
  startSeeder(name: string): Promise<SeederInfo>
  killSeeder(name: string): Promise<void>
  fetch(path: string, options?: FetchOptions): Promise<Fetched>
  /** Undefined unless it was asked for. Seeders are called seeder-1, …; the gateway and publishers are `others`. */
  readonly relay: RelayProcess | undefined
  readonly gatewayPort: number
  readonly seeders: readonly SeederInfo[]
}
