import { expect } from 'vitest'
import type { Visitor } from '../../src/visitor.ts'
import { picture } from '../picture.ts'
import { ADMIN } from '../site-under-test.ts'
import type { Session } from './session.ts'

async function save(visitor: Visitor, id: string, text: string, summary: string): Promise<void> {
  const fill = async () => {
    await visitor.open(`/doku.php?id=${id}&do=edit`)
    await visitor.page.fill('#wiki__text', text)
    await visitor.page.fill('#edit__summary', summary)
  }
  const click = () => visitor.page.click('#edbtn__save')
  await visitor.send({ fill, click, page: `/doku.php?id=${id}` })
}

export const dokuwiki: Session = {
  name: 'dokuwiki',
  steps: [
    {
      what: 'the first page looks right to a visitor, with stylesheet, scripts and pictures',
      async run(visitor) {
        await visitor.open('/doku.php?id=start')
        expect(await visitor.page.textContent('h1.sectionedit1')).toBe('A wiki that nobody owns')
        expect(await visitor.brokenImages()).toEqual([])
        // the template's stylesheet, which a script makes, is in force
        const page = visitor.page.locator('#dokuwiki__content .page')
        expect(await page.evaluate((one) => getComputedStyle(one).backgroundColor)).toBe('rgb(255, 255, 255)')
        await visitor.page.waitForFunction(() => 'jQuery' in window)
        await visitor.shot('start')
      },
    },
    {
      what: 'somebody logs in, and makes a page',
      async run(visitor, group) {
        const fill = async () => {
          await visitor.open('/doku.php?id=start&do=login')
          await visitor.page.fill('input[name=u]', ADMIN.admin)
          await visitor.page.fill('input[name=p]', ADMIN.password)
        }
        const click = () => visitor.page.click('#dw__login button[type=submit]')
        await visitor.send({ fill, click, page: '/doku.php?id=start' })
        await visitor.page.waitForSelector('li.user')
        await save(visitor, 'garden', '====== Garden ======\n\nTomatoes want sun.', 'planted')
        expect(await visitor.page.textContent('#dokuwiki__content')).toContain('Tomatoes want sun.')
        await visitor.shot('saved')
        await group.expectAtAllMembers('/doku.php?id=garden', 'Tomatoes want sun.')
      },
    },
    {
      what: 'it is uploaded, shown in a page and made smaller: an image',
      async run(visitor) {
        await visitor.open('/doku.php?id=garden&do=media&ns=&tab_files=upload')
        const file = { name: 'tiles.png', mimeType: 'image/png', buffer: picture(320) }
        await visitor.page.setInputFiles('.qq-upload-button input[type=file]', file)
        await visitor.page.click('#mediamanager__upload_button')
        await visitor.page.waitForSelector('.qq-upload-success')
        await visitor.open('/doku.php?id=garden&do=media&ns=')
        await visitor.page.locator('.filelist a:has-text("tiles.png")').first().waitFor()
        await visitor.shot('media')
        await save(visitor, 'garden', '====== Garden ======\n\nTomatoes want sun.\n\n{{:tiles.png?160}}', 'with a picture')
        expect(await visitor.brokenImages()).toEqual([])
        const image = visitor.page.locator('#dokuwiki__content img[src*="tiles.png"]')
        expect(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(160)
        await visitor.shot('image')
      },
    },
    {
      what: 'it is found by search, in the page’s history and among recent changes',
      async run(visitor) {
        await visitor.open('/doku.php?id=start&do=search&q=tomatoes')
        expect(await visitor.page.textContent('.search_fulltextresult')).toContain('garden')
        await visitor.shot('search')
        await visitor.open('/doku.php?id=garden&do=revisions')
        expect(await visitor.page.textContent('#page__revisions')).toContain('planted')
        await visitor.shot('history')
        await visitor.open('/doku.php?id=start&do=recent')
        expect(await visitor.page.textContent('#dw__recent')).toContain('with a picture')
        await visitor.shot('recent')
      },
    },
  ],
  later: [
    {
      what: 'edits, images and the log-in are there, and pages can be saved',
      async run(visitor, group) {
        await visitor.open('/doku.php?id=garden')
        expect(await visitor.page.locator('li.user').textContent()).toContain(ADMIN.admin)
        expect(await visitor.page.textContent('#dokuwiki__content')).toContain('Tomatoes want sun.')
        expect(await visitor.brokenImages()).toEqual([])
        await save(visitor, 'garden', '====== Garden ======\n\nTomatoes want sun and water.\n\n{{:tiles.png?160}}', 'watered')
        expect(await visitor.page.textContent('#dokuwiki__content')).toContain('sun and water')
        await group.expectAtAllMembers('/doku.php?id=garden', 'sun and water')
        await visitor.shot('later')
      },
    },
  ],
}
