import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import type { JobStatus, NetworkStatus } from '../../../apps/gateway/src/pages/index.js'
import { type Fetched, LocalNetwork } from '../../devnet/network.mjs'
import { launchBrowser } from './browser.ts'
import { cacheFolder } from './site/cache-folder.ts'
import { Visitor } from './visitor.ts'

/** A block every two seconds, and one of a site's five seats changes every forty: a newcomer takes the whole application over, and compiles it. */
const SHAPE = { seeders: 6, group: 5, cycleMs: 2_000, tenureMs: 200_000 }
/** A machine that does much else takes long: time decides nothing here. */
const [GUARD_MS, SERVED_MS, PATIENCE_MS] = [120_000, 240_000, 240_000]

/** Sites in one whole network, each with a group of five of its six peers, and a browser that looks at them. */
export class AppsInNetwork {
  readonly #network: LocalNetwork
  readonly #data: string
  readonly #browser: Browser

  private constructor(network: LocalNetwork, data: string, browser: Browser) {
    this.#network = network
    this.#data = data
    this.#browser = browser
  }

  /** A network with its first site: a folder to publish, and its name. */
  static async start(site: string, name: string): Promise<AppsInNetwork> {
    const data = mkdtempSync(join(tmpdir(), 'interpeer-apps-'))
    const lines: string[] = []
    const options = { ...SHAPE, port: 0, site, name, data, guardMs: GUARD_MS, servedMs: SERVED_MS, cache: join(cacheFolder, 'php') }
    const network = new LocalNetwork(options, (line) => lines.push(line))
    try {
      await network.start()
      const apps = new AppsInNetwork(network, data, await launchBrowser())
      await apps.#served(name)
      return apps
    } catch (cause) {
      await network.stop()
      throw new Error(`${name} did not start:\n${lines.join('\n')}`, { cause })
    }
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await this.#network.stop()
    rmSync(this.#data, { recursive: true, force: true })
  }

  /** One more site. Resolves once each member of its group serves it. */
  async publish(site: string, name: string): Promise<void> {
    await this.#network.publish(site, name, SHAPE.group)
    await this.#served(name)
  }

  #served(name: string): Promise<void> {
    return this.#atAllMembers(`${name} is served by each member`, name, '/', ({ headers }) => headers['interpeer-digest'] !== undefined)
  }

  visit(name: string): Promise<Visitor> {
    return Visitor.enter(this.#browser, `http://${name}.localhost:${this.#network.gatewayPort}`, name)
  }

  fetch(name: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Fetched> {
    return this.#network.fetch(path, { host: `${name}.localhost`, headers })
  }

  /** Who has the seats of a site now: PeerIds. */
  async members(name: string): Promise<readonly string[]> {
    return (await this.#job(name)).members.map(({ peerId }) => peerId)
  }

  /** Waits until another peer has one of the seats that these had. */
  async handedOver(name: string, before: readonly string[]): Promise<void> {
    await until(`a hand-over of ${name}`, async () => {
      const now = await this.members(name)
      return now.length === SHAPE.group && now.some((member) => !before.includes(member))
    })
  }

  /** Kills (-9) a peer that is a member of all these sites' groups; it stays dead. Of six peers, five groups of five have one in common. */
  async killMemberOf(names: readonly string[]): Promise<void> {
    await until('a peer is a member of all groups, and killed', async () => {
      const groups = await Promise.all(names.map((name) => this.members(name)))
      const victim = this.#network.seeders.find(({ peerId }) => groups.every((group) => group.includes(peerId)))
      if (victim === undefined) return false
      await this.#network.killSeeder(victim.name)
      return true
    })
  }

  /** Waits until each member that lives shows this in a page. */
  expectAtAllMembers(name: string, path: string, text: string): Promise<void> {
    return this.#atAllMembers(`each member of ${name} shows "${text}"`, name, path, ({ body }) => body.toString().includes(text))
  }

  /** Asks one by one. A hand-over may come between: then all are asked again. */
  async #atAllMembers(what: string, name: string, path: string, isSo: (page: Fetched) => boolean): Promise<void> {
    await until(what, async () => {
      const alive = new Set(this.#network.seeders.map(({ peerId }) => peerId))
      const members = (await this.members(name)).filter((member) => alive.has(member))
      for (const member of members) {
        const page = await this.fetch(name, path, { 'interpeer-peer': member })
        if (page.headers['interpeer-peer'] !== member || !isSo(page)) return false
      }
      return members.length >= SHAPE.group - 1
    })
  }

  async #job(name: string): Promise<JobStatus> {
    const { jobs } = JSON.parse((await this.#network.fetch('/status.json', { host: 'localhost' })).body.toString()) as NetworkStatus
    const job = jobs.find((one) => one.name === name)
    if (job === undefined) throw new Error(`the network has no site ${name}`)
    return job
  }
}

/** Waits until `isTrue` says so; fails with `what`, and why it last did not. */
async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  let last: unknown
  const isSo = () =>
    isTrue().catch((cause: unknown) => {
      last = cause
      return false
    })
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`, { cause: last })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
