import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page, Response } from 'playwright-core'

/** What people look at afterwards. It is never emptied: the newest picture of a name is kept. */
const SHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), 'interpeer-screenshots')
const VIEW = { width: 1200, height: 850 }
/** What a gateway answers when a group takes longer than visitors are kept waiting: on a machine that does much else, that is no failure. */
const LATE = 'GROUP_SLOW'
const LATE_MAX = 5
/** For one thing that a visitor waits for. A machine that does much else takes long. */
const PATIENCE_MS = 120_000

/** A form that changes something. */
export interface Sending {
  readonly fill: () => Promise<void>
  readonly click: () => Promise<unknown>
  /** The path of the page that is seen afterwards. */
  readonly page: string
}

/** Somebody who looks at one site with a browser, and keeps cookies. */
export class Visitor {
  readonly page: Page
  readonly #origin: string
  readonly #name: string
  readonly #trouble: string[] = []

  private constructor(page: Page, origin: string, name: string) {
    this.page = page
    this.#origin = origin
    this.#name = name
    page.on('response', (response) => this.#note(response))
    page.on('pageerror', (error) => this.#trouble.push(`${error.stack ?? error}`.split('\n').slice(0, 2).join('')))
  }

  /** @param name of the site, in names of screenshots */
  static async enter(browser: Browser, origin: string, name: string): Promise<Visitor> {
    mkdirSync(SHOTS, { recursive: true })
    const context = await browser.newContext({ viewport: VIEW })
    context.setDefaultTimeout(PATIENCE_MS)
    return new Visitor(await context.newPage(), origin, name)
  }

  /** Opens a page of the site, again where the group was late: some views write. An answer of 400 or above throws. */
  async open(path: string): Promise<void> {
    for (let late = 0; ; late++) {
      const response = await this.page.goto(`${this.#origin}${path}`)
      const status = response?.status() ?? 0
      if (status === 200 || status === 304) return
      if (late < LATE_MAX && (await this.#wasLate())) continue
      throw new Error(`${path}: ${status} ${(await response?.text().catch(() => ''))?.slice(0, 500)}`)
    }
  }

  /**
   * Fills in a form and sends it, and then sees the page. Where the group was late it does what the gateway's page says: it lets the browser send the same
   * again, which is done once.
   */
  async send({ fill, click, page }: Sending): Promise<void> {
    await fill()
    await this.andLoads(click)
    for (let late = 0; await this.#wasLate(); late++) {
      if (late === LATE_MAX) throw new Error(`${page}: the group was late ${LATE_MAX} times`)
      await this.andLoads(() => this.page.reload())
    }
  }

  /** Does what leads to another page, and waits until that has loaded. */
  async andLoads(act: () => Promise<unknown>): Promise<void> {
    const loaded = this.page.waitForEvent('load')
    await Promise.all([loaded, act()])
  }

  async shot(name: string): Promise<void> {
    await this.page.waitForLoadState('load')
    await this.page.screenshot({ path: join(SHOTS, `${this.#name}-${name}.png`) })
  }

  /** Pictures of the page that did not load. */
  async brokenImages(): Promise<readonly string[]> {
    await this.page.waitForLoadState('load')
    // the page has loaded without those that wait until they are scrolled to
    await this.page.evaluate(() => {
      for (const image of document.images) image.loading = 'eager'
    })
    await this.page.waitForFunction(() => [...document.images].every(({ complete }) => complete))
    return this.page.evaluate(() => [...document.images].filter(({ naturalWidth }) => naturalWidth === 0).map(({ src }) => src))
  }

  /** What the browser met since it was last asked: answers of 400 and above, and errors of scripts. */
  takeTrouble(): readonly string[] {
    return this.#trouble.splice(0)
  }

  async #wasLate(): Promise<boolean> {
    if (!(await this.page.textContent('body'))?.includes(LATE)) return false
    const at = this.#trouble.findIndex((one) => one.startsWith('504 '))
    console.info(`${this.#name}: the group was late: ${at < 0 ? this.page.url() : this.#trouble.splice(at, 1)}`)
    return true
  }

  #note(response: Response): void {
    const status = response.status()
    if (status >= 400) this.#trouble.push(`${status} ${response.request().method()} ${response.url()}`)
  }
}
