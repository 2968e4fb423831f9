import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchFrom } from './fetch-from.mjs'
import { ENDING_WITH_PARENT, startProcess } from './process.mjs'
import { runToEnd } from './run-to-end.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const INTERPEER = join(root, 'apps/seeder/dist/main.js')
const GATEWAY = join(root, 'apps/gateway/dist/main.js')
const ESCROW_COINS = '100000'
const UPLOADER_COINS = '1000000'
const SERVED_MS = 90_000
const GUARD_MS = 10_000

/**
 * A whole network on this machine: one gateway and some seeders, each a process of its own with its own key and disk, and one site
 * that a group of them runs. `npm start`, the end-to-end tests and the benchmarks all run this.
 */
export class LocalNetwork {
  #options
  #say
  #seeders = new Map()
  #gateway
  #stopping = false
  #relay
  #advertised = new Map() // by name, where the relay takes what is for a seeder

  /** @param options {{ seeders, group, cycleMs, tenureMs, port, data, site, name, guardMs?, servedMs?, cache?, relay?, launch?, settings? }}  @param say called with each step, in words */
  constructor(options, say) {
    this.#options = options
    this.#say = say
  }

  /** Resolves once the site's page was fetched. */
  async start() {
    const { data, seeders, group, cycleMs, tenureMs, site, name, port } = this.#options
    mkdirSync(data, { recursive: true })
    const names = Array.from({ length: seeders }, (_, i) => `seeder-${i + 1}`)
    const wish = { seeders, group, cycleMs, tenureMs, name }
    const settings = join(data, 'devnet.json')
    const stored = readJson(settings)
    if (stored === undefined) await this.#create(names)
    else this.#checkSame(stored, wish)

    if (this.#options.relay) await this.#startRelay(names)
    this.#say('starting seeder-1')
    await this.startSeeder(names[0])
    const others = names.slice(1).map((each) => this.startSeeder(each))
    const gateway = this.#startGateway()
    for (const each of await Promise.all(others)) this.#say(`${each.name} is up: ${each.peerId}`)
    await gateway
    if (port !== 0 && this.gatewayPort !== port) this.#say(`port ${port} is taken: the gateway listens on ${this.gatewayPort}`)
    this.#say(`the gateway is up: http://localhost:${this.gatewayPort}/ shows the network`)

    if (stored?.published === undefined) {
      writeFileSync(settings, JSON.stringify(wish, null, 2))
      this.#say(`publishing ${site} as "${name}" for a group of ${group}`)
      await this.publish(site, name, group)
      writeFileSync(settings, JSON.stringify({ ...wish, published: true }, null, 2))
    }
    this.#say(`waiting until the group of ${group} serves it`)
    await this.#untilServed()
  }

  /** The first seeder that runs: one that was started again has another port. */
  get #bootstrap() {
    const [first] = this.seeders.filter(({ advertised }) => advertised !== undefined)
    return first === undefined ? [] : ['--bootstrap', `${first.peerId}@${first.advertised.host}:${first.advertised.port}`]
  }
  /** Between all peers, where `relay` was asked for. */
  get relay() {
    return this.#relay
  }
  get gatewayPort() {
    return this.#gateway.port
  }
  /** @returns {readonly { name, peerId, pid, host, port }[]} the seeders that run now */
  get seeders() {
    return [...this.#seeders.values()].map(({ info }) => info)
  }

  async publish(site, name, group) {
    this.#shareCache('uploader')
    const words = [
      '--name',
      name,
      '--group',
      `${group}`,
      '--escrow',
      ESCROW_COINS,
      '--genesis',
      this.#genesis,
      '--data',
      this.#folder('uploader'),
    ]
    return (await this.#interpeer('site', 'publish', site, ...words, ...this.#bootstrap)).trim()
  }

  /**
   * Runs a command that follows this network's chain, with the key and the blocks of a folder of its own.
   * @returns {Promise<string>} what it printed
   */
  async command(folder, ...words) {
    return this.#interpeer(...words, '--genesis', this.#genesis, '--data', this.#folder(folder), ...this.#bootstrap)
  }

  /** @returns {Promise<object[]>} what the members logged of a site, as its uploader reads it */
  async logs(name) {
    const words = ['--genesis', this.#genesis, '--data', this.#folder('uploader'), '--json']
    const lines = (await this.#interpeer('job', 'logs', name, ...words, ...this.#bootstrap)).trim().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  /** Starts a seeder, for the first time or again from its disk. */
  async startSeeder(name) {
    const { guardMs = GUARD_MS } = this.#options
    this.#shareCache(name)
    const words = [
      'peer',
      'start',
      '--data',
      this.#folder(name),
      '--genesis',
      this.#genesis,
      '--guard-ms',
      `${guardMs}`,
      ...this.#addressOf(name),
      ...this.#bootstrap,
    ]
    const { launch = (program, given) => [program, given] } = this.#options
    const child = startProcess(...launch(process.execPath, [...ENDING_WITH_PARENT, INTERPEER, ...words], name), name)
    const entry = { child, info: { name, pid: child.pid } }
    this.#seeders.set(name, entry)
    void child.exited.then((code) => {
      if (this.#seeders.get(name) === entry) this.#seeders.delete(name)
      if (!this.#stopping && !entry.killed) this.#say(`${name} ended with code ${code}; its log: ${this.#folder(name)}/log/peer.log`)
    })
    entry.info = { name, pid: child.pid, ...(await child.ready) }
    await this.#relay?.place(name, entry.info)
    return entry.info
  }

  /** Ends a seeder as a power cut would (kill -9). */
  async killSeeder(name) {
    const entry = this.#seeders.get(name)
    entry.killed = true
    process.kill(entry.child.pid, 'SIGKILL')
    await entry.child.exited
  }

  /** Ends every process (SIGTERM). @returns their exit codes: 0 where all ended as they should */
  async stop() {
    this.#stopping = true
    const children = [...this.#seeders.values()].map(({ child }) => child)
    const gateway = this.#gatewayChild === undefined ? [] : [this.#gatewayChild]
    const codes = await Promise.all([...children, ...gateway].map((child) => child.stop()))
    await this.#relay?.stop()
    return codes
  }

  /** A request to the gateway; `host` chooses the origin (NAME.localhost, or localhost for the gateway's own pages). */
  fetch(path, options = {}) {
    return fetchFrom(this.gatewayPort, path, { host: `${this.#options.name}.localhost`, ...options })
  }

  async #startRelay(names) {
    const { RelayProcess } = await import('../relay/src/relay-process.ts')
    this.#relay = await RelayProcess.start()
    for (const name of names) this.#advertised.set(name, await this.#relay.addPeer(name, relayedHost(name)))
  }

  #addressOf(name) {
    const advertised = this.#advertised.get(name)
    if (advertised === undefined) return []
    return ['--host', relayedHost(name), '--advertise', `${advertised.host}:${advertised.port}`]
  }

  #gatewayChild
  async #startGateway() {
    const { port } = this.#options
    const words = ['--data', this.#folder('gateway'), '--genesis', this.#genesis, '--port', `${port}`, ...this.#bootstrap]
    const child = startProcess(process.execPath, [...ENDING_WITH_PARENT, GATEWAY, ...words], 'gateway')
    this.#gatewayChild = child
    void child.exited.then(
      (code) => this.#stopping || this.#say(`the gateway ended with code ${code}; its log: ${this.#folder('gateway')}/log/gateway.log`),
    )
    this.#gateway = await child.ready
  }

  /** Whoever runs PHP on one machine keeps what takes seconds to make, the metered PHP, in one folder: the first makes it, the others find it. */
  #shareCache(name) {
    const { data, cache = join(data, 'cache') } = this.#options
    const own = join(this.#folder(name), 'cache')
    mkdirSync(cache, { recursive: true })
    if (!existsSync(own)) symlinkSync(resolve(cache), own, 'junction')
  }

  async #create(names) {
    const { data, cycleMs, tenureMs, seeders } = this.#options
    this.#say(`making ${seeders} keys and a genesis in ${data}`)
    const keyOf = async (name) => (await this.#interpeer('key', 'create', '--data', this.#folder(name))).trim()
    const [uploader, ...peers] = await Promise.all(['uploader', ...names].map(keyOf))
    const { settings = {} } = this.#options
    const chosen = Object.entries(settings).flatMap(([setting, value]) => ['--set', `${setting}=${value}`])
    const words = [...peers.flatMap((peer) => ['--peer', peer]), '--balance', `${uploader}=${UPLOADER_COINS}`, ...chosen]
    rmSync(this.#genesis, { force: true }) // of a start that was broken off
    await this.#interpeer('network', 'create', '--out', this.#genesis, ...words, '--cycle-ms', `${cycleMs}`, '--tenure-ms', `${tenureMs}`)
  }

  #checkSame(stored, wish) {
    const { data } = this.#options
    const other = Object.keys(wish).filter((key) => stored[key] !== wish[key])
    if (other.length > 0)
      throw new Error(`${data} holds a network with another ${other.join(', ')}. Choose another --data, or delete that folder.`)
    this.#say(`continuing the network in ${data} (delete the folder to begin anew)`)
  }

  /** Fetches the site's page as a browser would: a page with a digest is one that the group made. */
  async #untilServed() {
    const { servedMs = SERVED_MS } = this.#options
    const deadline = performance.now() + servedMs
    let last = 'no answer'
    while (!this.#stopping) {
      const page = await this.fetch('/').catch((error) => error)
      if (!(page instanceof Error) && page.headers['interpeer-digest'] !== undefined) {
        if (page.status >= 400)
          this.#say(`note: the site's own first page answers ${page.status}; its script's errors are in the seeders' logs`)
        return
      }
      last = page instanceof Error ? page.message : `${page.status} ${page.headers['interpeer-error']}`
      if (performance.now() > deadline) throw new Error(`the site's page was not served within ${servedMs / 1000} s (last answer: ${last})`)
      await new Promise((done) => setTimeout(done, 100))
    }
  }

  get #genesis() {
    return join(this.#options.data, 'genesis.json')
  }
  #folder(name) {
    return join(this.#options.data, name)
  }
  #interpeer(...words) {
    return runToEnd(process.execPath, [...ENDING_WITH_PARENT, INTERPEER, ...words], (line) => this.#stopping || this.#say(`  ${line}`))
  }
}

/** The relay knows a seeder by the address that it is bound to, whatever its port. */
const relayedHost = (name) => `127.0.1.${name.replace('seeder-', '')}`

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
