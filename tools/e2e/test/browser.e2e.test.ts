import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startNetwork, until } from './running-network.js'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
const installed = existsSync(CHROMIUM)
const missing = `${CHROMIUM} is not there (Debian: apt-get install chromium, or set CHROMIUM)`
if (!installed && process.env.CI) throw new Error(missing)
if (!installed) console.warn(`the browser tests are skipped: ${missing}`)
/** Where the screenshots go, to be looked at. */
const SHOTS = process.env.SCREENSHOTS

const VIEW = { width: 1100, height: 800 }

let running: Running
let browser: Browser
let page: Page
let wiki: string
let network: string
beforeAll(async () => {
  if (!installed) return
  running = await startNetwork({ settings: { ratingMinPerMille: 100 } }) // one is killed
  // NAME.localhost is the machine itself to a browser
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(' '), timeout: 120_000 })
  page = await (await browser.newContext({ viewport: VIEW })).newPage()
  page.setDefaultTimeout(60_000) // a page may take as long as its group
  wiki = `http://wiki.localhost:${running.network.gatewayPort}`
  network = `http://localhost:${running.network.gatewayPort}`
  if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  await running?.stop()
})

/** Writes a wiki page, as people do: with a form, again where it was late. The page that comes then shows it. */
async function save(name: string, text: string): Promise<void> {
  await until(`${name} is saved`, async () => {
    await page.goto(`${wiki}/?page=${name}&do=edit`)
    await page.fill('#text', text)
    await page.click('button[value=save]')
    const isPage = ({ searchParams }: URL) => searchParams.get('page') === name && !searchParams.has('do')
    await page.waitForURL(isPage, { timeout: 40_000 })
    return (await page.textContent('main'))?.includes(text) === true
  })
}
const shot = async (name: string) => void (SHOTS !== undefined && (await page.screenshot({ path: join(SHOTS, `${name}.png`) })))

test.runIf(installed)('a visitor edits a page, and finds the edit with every peer of the group', async () => {
  await save('Garden', 'Tomatoes want sun.')
  await shot('wiki-edited')
  // a hand-over may come between: then all five are asked again
  await until('each of the five peers shows it', async () => {
    const members = (await running.status()).jobs[0]?.members ?? []
    for (const { peerId } of members) {
      await page.setExtraHTTPHeaders({ 'Interpeer-Peer': peerId })
      const response = await page.goto(`${wiki}/?page=Garden`)
      if (response?.headers()['interpeer-peer'] !== peerId) return false
      if ((await page.textContent('main'))?.includes('Tomatoes want sun.') !== true) return false
    }
    return members.length === 5
  })
  await page.setExtraHTTPHeaders({})
})

test.runIf(installed)('the bar says who ran the page, and can be closed', async () => {
  await page.goto(wiki)
  await page.waitForSelector('interpeer-bar', { state: 'attached' })
  await shot('wiki-home')
  const facts = await page.locator('script[src="/.interpeer/bar.js"]').evaluate((script) => ({ ...(script as HTMLElement).dataset }))
  const members = (await running.status()).peers.map(({ peerId }) => peerId)
  expect(members).toContain(facts.peer)
  expect(facts.network).toBe(`${network}/`)
  // its shadow tree is closed to the site, and to this test: the button is where people see it
  await page.mouse.click(VIEW.width - 17, VIEW.height - 18)
  expect(await page.locator('interpeer-bar').count()).toBe(0)
  await page.reload()
  expect(await page.locator('interpeer-bar').count()).toBe(0)
})

test.runIf(installed)('the network page shows peers, seats and balances, follows a hand-over, and survives a killed peer', async () => {
  await page.goto(network)
  for (const { peerId } of running.network.seeders) expect(await page.locator(`[title*="${peerId}"]`).count()).toBeGreaterThan(0)
  await shot('network')
  const { epoch } = (await running.status()).jobs[0] ?? { epoch: 0 }
  await until('a hand-over', async () => ((await running.status()).jobs[0]?.epoch ?? 0) > epoch)
  const victim = (await running.status()).jobs[0]?.members[0]?.peerId
  const { name } = running.network.seeders.find(({ peerId }) => peerId === victim) ?? { name: '' }
  await running.network.killSeeder(name)
  await save('Garden', 'Tomatoes want sun and water.')
  await running.network.startSeeder(name)
  await page.goto(network)
  await shot('network-later')
})

test.runIf(installed)('a site that is not there gets a page that says what to do', async () => {
  const response = await page.goto(`http://nosuch.localhost:${running.network.gatewayPort}/`)
  expect(response?.status()).toBe(404)
  expect(await page.textContent('h1')).toBe('No such site')
  await shot('error')
})
