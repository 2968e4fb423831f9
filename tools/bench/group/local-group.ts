import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { accountOfPeer, createSigner, type PeerId } from '@interpeer/crypto-ids'
import type { PeerEndpoint } from '@interpeer/peer/node'
import { openPeer, type Peer } from '@interpeer/peer/node'
import { SETTINGS } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { RelayProcess } from '../../relay/src/relay-process.ts'

/** What a member's process is started with. */
export interface MemberConfig {
  readonly seed: string
  readonly data: string
  readonly genesis: string
  readonly host: string
  readonly port: number
  readonly bootstrap: readonly PeerEndpoint[]
  readonly advertise?: { readonly host: string; readonly port: number }
}
/** What a member's process has used since it began. */
export interface Used {
  readonly cpuUs: number
  /** The step of the site's last final state here. */
  readonly steps: number
  readonly counters: Readonly<Record<string, number>>
}
export const SITE = 'trivial'
const MEMBER = fileURLToPath(new URL('member.ts', import.meta.url))
/** Nobody leaves its seat while it is measured. */
const TENURE_MS = 3_600_000
const CYCLE_MS = 5_000
/** Each member answers one peer only so many requests at a time. */
const GATEWAYS = 3
const ESCROW = 50_000_000_000_000n

/**
 * A whole network on this machine, all of whose peers are members of one site: each a process of its own, with its own key, disk and socket. The
 * gateways are peers in this process.
 */
export class LocalGroup {
  readonly #members: { readonly child: ChildProcess; readonly peer: PeerId; readonly answers: ((line: string) => void)[] }[] = []
  readonly #gateways: Peer[] = []
  #relay: RelayProcess | undefined

  /** @param delayMs each way, between any two of them, the visitor too; 0: no relay stands between */
  static async start(folder: string, size: number, delayMs: number): Promise<LocalGroup> {
    const group = new LocalGroup()
    try {
      await group.#start(folder, size, delayMs)
      return group
    } catch (error) {
      await group.stop()
      throw error
    }
  }

  get members(): readonly PeerId[] {
    return this.#members.map(({ peer }) => peer)
  }
  /** Peers in this process that bring visitors' requests. */
  get gateways(): readonly Peer[] {
    return this.#gateways
  }
  get relay(): RelayProcess | undefined {
    return this.#relay
  }

  async used(): Promise<readonly Used[]> {
    return Promise.all(
      this.#members.map(async ({ child, answers }) => {
        const answer = new Promise<string>((resolve) => answers.push(resolve))
        child.stdin?.write('\n')
        return JSON.parse(await answer) as Used
      }),
    )
  }

  async stop(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.close()))
    await Promise.all(
      this.#members.map(({ child }) => {
        const gone = new Promise((resolve) => child.once('exit', resolve))
        if (child.exitCode !== null || child.signalCode !== null) return undefined
        child.stdin?.end()
        return gone
      }),
    )
    await this.#relay?.stop()
  }

  async #start(folder: string, size: number, delayMs: number): Promise<void> {
    const seeds = Array.from({ length: size }, () => new Uint8Array(randomBytes(32)))
    const uploader = createSigner(new Uint8Array(randomBytes(32)))
    const peers = seeds.map((seed) => createSigner(seed).peerId)
    const genesis = genesisOf(peers, uploader.peerId, size)
    if (delayMs > 0) this.#relay = await RelayProcess.start()
    const hosts = peers.map((_, i) => (delayMs > 0 ? `127.0.1.${i + 1}` : '127.0.0.1'))
    const advertised = await Promise.all(hosts.map((host, i) => this.#relay?.addPeer(`seeder-${i + 1}`, host)))
    const bootstrap: PeerEndpoint[] = []
    for (const [i, seed] of seeds.entries()) {
      const data = join(folder, `member-${i + 1}`)
      const config = { seed: hexOf(seed), data, genesis, host: hosts[i] as string, port: 0, bootstrap, advertise: advertised[i] }
      const bound = await this.#startMember(config as MemberConfig, peers[i] as PeerId)
      await this.#relay?.place(`seeder-${i + 1}`, bound)
      bootstrap.push({ peer: peers[i] as PeerId, ...(advertised[i] ?? bound) })
    }
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (...words: unknown[]) => console.error(...words) }
    for (let i = 0; i < GATEWAYS; i++) {
      const signer = i === 0 ? uploader : createSigner(new Uint8Array(randomBytes(32)))
      const at = { host: '127.0.0.1', port: 0, bootstrap, runtime: null, log, genesis, signer }
      this.#gateways.push(await openPeer({ ...at, data: join(folder, `gateway-${i + 1}`) }))
    }
    const site = join(folder, 'site')
    mkdirSync(site)
    writeFileSync(join(site, 'count'), '0')
    const progress = () => {}
    await this.#gateways[0]?.publish({ folder: site, name: SITE, groupSize: size, escrow: ESCROW, runtimeId: 'trivial', progress })
    await Promise.all(this.#gateways.map((gateway) => untilKnown(gateway)))
    await this.#relay?.shape('all', 'all', { delayMs })
  }

  async #startMember(config: MemberConfig, peer: PeerId): Promise<{ host: string; port: number }> {
    const child = spawn(process.execPath, [...profiled(this.#members.length), MEMBER, JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const answers: ((line: string) => void)[] = []
    this.#members.push({ child, peer, answers })
    return new Promise((ready, failed) => {
      child.once('exit', (code) => failed(new Error(`a member ended with code ${code}`)))
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.startsWith('{"ready"')) ready(JSON.parse(line).ready)
        else answers.shift()?.(line)
      })
    })
  }
}

async function untilKnown(gateway: Peer): Promise<void> {
  for (let left = 300; left > 0; left--) {
    if (
      await gateway.lookAt(SITE).then(
        () => true,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('a gateway did not hear of the site')
}

/** `BENCH_PROFILE=FOLDER`: the second member writes a CPU profile there when it ends. */
const profiled = (member: number): readonly string[] => {
  const folder = process.env.BENCH_PROFILE
  return folder === undefined || member !== 1 ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

function genesisOf(peers: readonly PeerId[], visitor: PeerId, size: number): string {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, setting.usual]))
  return JSON.stringify({
    protocol: 1,
    settings: { ...usual, cycleMs: CYCLE_MS, tenureMs: TENURE_MS, groupSizeMax: Math.max(size, SETTINGS.groupSizeMax.usual) },
    peers,
    balances: [{ account: accountOfPeer(visitor), amount: `${2n * ESCROW}` }],
    seed: hexOf(new Uint8Array(randomBytes(32))),
    startMs: Date.now(),
  })
}
