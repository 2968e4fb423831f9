import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppInNetwork, START_MS, STEP_MS } from '../src/app-in-network.ts'
import { picture } from './picture.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const site = await siteUnderTest('dokuwiki')
let app: AppInNetwork
beforeAll(async () => {
  if (site !== undefined) app = await AppInNetwork.start(site, 'dokuwiki')
}, START_MS)
afterAll(() => app?.stop(), 30_000)

async function save(id: string, text: string, summary: string): Promise<void> {
  await app.open(`/doku.php?id=${id}&do=edit`)
  await app.page.fill('#wiki__text', text)
  await app.page.fill('#edit__summary', summary)
  await app.page.click('#edbtn__save')
  await app.page.waitForURL((url) => !url.search.includes('do='))
}

test.runIf(site)(
  'the first page looks right to a visitor, with stylesheet, scripts and pictures',
  async () => {
    await app.open('/doku.php?id=start')
    expect(await app.page.textContent('h1.sectionedit1')).toBe('A wiki that nobody owns')
    expect(await app.brokenImages()).toEqual([])
    // the template's stylesheet, which a script makes, is in force
    expect(await app.page.locator('#dokuwiki__content .page').evaluate((one) => getComputedStyle(one).backgroundColor)).toBe(
      'rgb(255, 255, 255)',
    )
    await app.page.waitForFunction(() => 'jQuery' in window)
    await app.shot('start')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'somebody logs in, and makes a page',
  async () => {
    await app.open('/doku.php?id=start&do=login')
    await app.page.fill('input[name=u]', ADMIN.admin)
    await app.page.fill('input[name=p]', ADMIN.password)
    await app.page.click('#dw__login button[type=submit]')
    await app.page.waitForSelector('li.user')
    await save('garden', '====== Garden ======\n\nTomatoes want sun.', 'planted')
    expect(await app.page.textContent('#dokuwiki__content')).toContain('Tomatoes want sun.')
    await app.shot('saved')
    await app.expectAtAllMembers('/doku.php?id=garden', 'Tomatoes want sun.')
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'it is uploaded, shown in a page and made smaller: an image',
  async () => {
    await app.open('/doku.php?id=garden&do=media&ns=&tab_files=upload')
    await app.page.setInputFiles('.qq-upload-button input[type=file]', { name: 'tiles.png', mimeType: 'image/png', buffer: picture(320) })
    await app.page.click('#mediamanager__upload_button')
    await app.page.waitForSelector('.qq-upload-success')
    await app.open('/doku.php?id=garden&do=media&ns=')
    await app.page.locator('.filelist a:has-text("tiles.png")').first().waitFor()
    await app.shot('media')
    await save('garden', '====== Garden ======\n\nTomatoes want sun.\n\n{{:tiles.png?160}}', 'with a picture')
    expect(await app.brokenImages()).toEqual([])
    const image = app.page.locator('#dokuwiki__content img[src*="tiles.png"]')
    expect(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(160)
    await app.shot('image')
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'it is found by search, in the page’s history and among recent changes',
  async () => {
    await app.open('/doku.php?id=start&do=search&q=tomatoes')
    expect(await app.page.textContent('.search_fulltext_result')).toContain('garden')
    await app.shot('search')
    await app.open('/doku.php?id=garden&do=revisions')
    expect(await app.page.textContent('#page__revisions')).toContain('planted')
    await app.shot('history')
    await app.open('/doku.php?id=start&do=recent')
    expect(await app.page.textContent('#dw__recent')).toContain('with a picture')
    await app.shot('recent')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'after a hand-over and with a member killed, edits, images and the log-in are there, and pages can be saved',
  async () => {
    await app.handOver()
    await app.killMember()
    await app.open('/doku.php?id=garden')
    expect(await app.page.locator('li.user').textContent()).toContain(ADMIN.admin)
    expect(await app.page.textContent('#dokuwiki__content')).toContain('Tomatoes want sun.')
    expect(await app.brokenImages()).toEqual([])
    await save('garden', '====== Garden ======\n\nTomatoes want sun and water.\n\n{{:tiles.png?160}}', 'watered')
    expect(await app.page.textContent('#dokuwiki__content')).toContain('sun and water')
    await app.expectAtAllMembers('/doku.php?id=garden', 'sun and water')
    await app.shot('later')
  },
  4 * STEP_MS,
)
