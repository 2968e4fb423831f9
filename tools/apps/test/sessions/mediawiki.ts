import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppInNetwork, START_MS, STEP_MS } from '../src/app-in-network.ts'
import { picture } from './picture.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const site = await siteUnderTest('mediawiki')
let app: AppInNetwork
beforeAll(async () => {
  if (site !== undefined) app = await AppInNetwork.start(site, 'mediawiki')
}, START_MS)
afterAll(() => app?.stop(), 30_000)

async function save(title: string, text: string, summary: string): Promise<void> {
  await app.open(`/index.php?title=${title}&action=edit`)
  await app.page.fill('#wpTextbox1', text)
  await app.page.fill('#wpSummary', summary)
  await app.page.click('#wpSave')
  await app.page.waitForURL((url) => !url.search.includes('action='))
}

test.runIf(site)(
  'the main page looks right to a visitor: Vector’s stylesheet from load.php, scripts, references and pictures',
  async () => {
    await app.open('/wiki/Main_Page')
    expect(await app.page.textContent('#firstHeading')).toBe('Main Page')
    expect(await app.page.textContent('#mw-content-text')).toContain('and 42 other things')
    expect(await app.page.locator('#mw-panel').evaluate((panel) => getComputedStyle(panel).position)).toBe('absolute')
    expect(await app.brokenImages()).toEqual([])
    await app.page.waitForFunction(() => document.documentElement.classList.contains('client-js') && 'mw' in window)
    await app.shot('main')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'somebody logs in, and makes a page',
  async () => {
    await app.open('/index.php?title=Special:UserLogin')
    await app.page.fill('#wpName1', ADMIN.admin)
    await app.page.fill('#wpPassword1', ADMIN.password)
    await app.page.click('#wpLoginAttempt')
    await app.page.waitForSelector('#pt-userpage')
    await save('Garden', 'Tomatoes want sun.', 'planted')
    expect(await app.page.textContent('#mw-content-text')).toContain('Tomatoes want sun.')
    await app.shot('saved')
    await app.expectAtAllMembers('/wiki/Garden', 'Tomatoes want sun.')
  },
  3 * STEP_MS,
)

test.runIf(site)(
  'it is uploaded, shown in a page and made smaller: an image',
  async () => {
    await app.open('/wiki/Special:Upload')
    await app.page.setInputFiles('#wpUploadFile', { name: 'Tiles.png', mimeType: 'image/png', buffer: picture(320) })
    await app.page.fill('#wpUploadDescription', 'Tiles')
    await app.page.click('input[name=wpUpload]')
    await app.page.waitForURL(/File:Tiles/)
    expect(await app.brokenImages()).toEqual([])
    await app.shot('file')
    await save('Garden', 'Tomatoes want sun.\n\n[[File:Tiles.png|thumb|160px|Tiles]]', 'with a picture')
    expect(await app.brokenImages()).toEqual([])
    expect(await app.page.locator('img.thumbimage').evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(160)
    await app.shot('image')
  },
  3 * STEP_MS,
)

test.runIf(site)(
  'it is found by search, in the page’s history and among recent changes',
  async () => {
    await app.open('/index.php?search=tomatoes+sun&fulltext=1')
    expect(await app.page.textContent('.mw-search-results')).toContain('Garden')
    await app.shot('search')
    await app.open('/index.php?title=Garden&action=history')
    expect(await app.page.textContent('#pagehistory')).toContain('planted')
    await app.shot('history')
    await app.open('/wiki/Special:RecentChanges')
    expect(await app.page.textContent('.mw-changeslist')).toContain('with a picture')
    await app.shot('recent')
    expect(app.takeTrouble()).toEqual([])
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'after a hand-over and with a member killed, edits, images and the log-in are there, and pages can be saved',
  async () => {
    await app.handOver()
    await app.killMember()
    await app.open('/wiki/Garden')
    expect(await app.page.textContent('#pt-userpage')).toContain(ADMIN.admin)
    expect(await app.page.textContent('#mw-content-text')).toContain('Tomatoes want sun.')
    expect(await app.brokenImages()).toEqual([])
    await save('Garden', 'Tomatoes want sun and water.\n\n[[File:Tiles.png|thumb|160px|Tiles]]', 'watered')
    expect(await app.page.textContent('#mw-content-text')).toContain('sun and water')
    await app.expectAtAllMembers('/wiki/Garden', 'sun and water')
    await app.shot('later')
  },
  5 * STEP_MS,
)
