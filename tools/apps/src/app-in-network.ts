import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import type { NetworkStatus } from '../../../apps/gateway/src/pages/index.js'
import { LocalNetwork } from '../../devnet/network.mjs'
import { launchBrowser } from './browser.ts'

/** A block every two seconds, and one of five seats changes every twenty: a newcomer takes a whole application over, and compiles it. */
const SHAPE = { seeders: 7, group: 5, cycleMs: 2_000, tenureMs: 100_000 }
/** A machine that does much else takes long: time decides nothing here. */
const [GUARD_MS, SERVED_MS] = [120_000, 240_000]
/** Longer than the network itself waits. */
export const START_MS = 420_000
/** For what a visitor does between two looks. */
export const STEP_MS = 180_000
/** What people look at afterwards. It is never emptied: the newest picture of a name is kept. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'interpeer-screenshots')
const VIEW = { width: 1200, height: 850 }

interface Saved {
  readonly url: string
  readonly status: number
}

/** A site in a whole network, group of five of seven peers, and a browser that looks at it. */
export class AppInNetwork {
  readonly network: LocalNetwork
  readonly page: Page
  readonly origin: string
  readonly #name: string
  readonly #data: string
  readonly #browser: Browser
  readonly #failed: Saved[] = []
  readonly #errors: string[] = []

  private constructor(parts: { name: string; data: string; network: LocalNetwork; browser: Browser; page: Page }) {
    this.#name = parts.name
    this.#data = parts.data
    this.network = parts.network
    this.#browser = parts.browser
    this.page = parts.page
    this.origin = `http://${parts.name}.localhost:${parts.network.gatewayPort}`
    this.page.on('response', (response) => this.#note(response))
    this.page.on('pageerror', (error) => this.#errors.push(`${error}`))
  }

  /** @param site a folder to publish @param name of the site, in the network and in names of screenshots */
  static async start(site: string, name: string): Promise<AppInNetwork> {
    const data = mkdtempSync(join(tmpdir(), `interpeer-${name}-`))
    mkdirSync(SHOTS, { recursive: true })
    const lines: string[] = []
    const network = new LocalNetwork({ ...SHAPE, port: 0, site, name, data, guardMs: GUARD_MS, servedMs: SERVED_MS }, (line) =>
      lines.push(line),
    )
    try {
      await network.start()
      const browser = await launchBrowser()
      const context: BrowserContext = await browser.newContext({ viewport: VIEW })
      context.setDefaultTimeout(STEP_MS)
      return new AppInNetwork({ name, data, network, browser, page: await context.newPage() })
    } catch (cause) {
      await network.stop()
      throw new Error(`${name} did not start:\n${lines.join('\n')}`, { cause })
    }
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await this.network.stop()
    rmSync(this.#data, { recursive: true, force: true })
  }

  /** Opens a page of the site. Answers of 400 and above throw, unless they are expected. */
  async open(path: string, expected = 200): Promise<void> {
    const response = await this.page.goto(`${this.origin}${path}`)
    const status = response?.status()
    if (status !== expected && !(status === 304 && expected === 200)) {
      throw new Error(`${path}: ${status} ${(await response?.text().catch(() => ''))?.slice(0, 500)}`)
    }
  }

  async shot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(SHOTS, `${this.#name}-${name}.png`) })
  }

  /** Pictures of the page that did not load: there must be some, and all of them must have a size. */
  async brokenImages(): Promise<readonly string[]> {
    await this.page.waitForLoadState('load')
    return this.page.evaluate(() =>
      [...document.images].filter(({ complete, naturalWidth }) => !complete || naturalWidth === 0).map(({ src }) => src),
    )
  }

  /** What the browser met since it was last asked: answers of 400 and above, and errors of scripts. */
  takeTrouble(): readonly string[] {
    return [...this.#failed.splice(0).map(({ url, status }) => `${status} ${url}`), ...this.#errors.splice(0)]
  }

  async status(): Promise<NetworkStatus> {
    return JSON.parse((await this.network.fetch('/status.json', { host: 'localhost' })).body.toString()) as NetworkStatus
  }

  async members(): Promise<readonly string[]> {
    return ((await this.status()).jobs[0]?.members ?? []).map(({ peerId }) => peerId)
  }

  /** Waits until another peer has one of the seats. */
  async handOver(): Promise<void> {
    const before = await this.members()
    await until('a hand-over', async () => {
      const now = await this.members()
      return now.length === SHAPE.group && now.some((member) => !before.includes(member))
    })
  }

  /** Kills (-9) a member of the group; it stays dead. @returns its PeerId */
  async killMember(): Promise<string> {
    const [victim] = await this.members()
    const seeder = this.network.seeders.find(({ peerId }) => peerId === victim)
    if (victim === undefined || seeder === undefined) throw new Error('no member runs here')
    await this.network.killSeeder(seeder.name)
    return victim
  }

  /** Whether each member that lives shows this in a page, asked one by one. A hand-over may come between: then all are asked again. */
  async expectAtAllMembers(path: string, text: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await until(`each member shows "${text}"`, async () => {
      const alive = new Set(this.network.seeders.map(({ peerId }) => peerId))
      const members = (await this.members()).filter((member) => alive.has(member))
      for (const member of members) {
        const { headers: got, body } = await this.network.fetch(path, { headers: { ...headers, 'interpeer-peer': member } })
        if (got['interpeer-peer'] !== member || !body.toString().includes(text)) return false
      }
      return members.length >= SHAPE.group - 1
    })
  }

  #note(response: Response): void {
    const status = response.status()
    if (status >= 400) this.#failed.push({ url: response.url(), status })
  }
}

/** Waits until `isTrue` says so; fails with `what` after `deadlineMs`. */
async function until(what: string, isTrue: () => Promise<boolean>, deadlineMs = STEP_MS): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!(await isTrue().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs / 1000} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
