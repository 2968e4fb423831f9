import { expect } from 'vitest'
import type { Visitor } from '../../src/visitor.ts'
import { picture } from '../picture.ts'
import { ADMIN } from '../site-under-test.ts'
import type { Session } from './session.ts'

async function save(visitor: Visitor, title: string, text: string, summary: string): Promise<void> {
  const fill = async () => {
    await visitor.open(`/index.php?title=${title}&action=edit`)
    await visitor.page.fill('#wpTextbox1', text)
    await visitor.page.fill('#wpSummary', summary)
  }
  const click = () => visitor.page.click('#wpSave')
  await visitor.send({ fill, click, page: `/wiki/${title}` })
}

export const mediawiki: Session = {
  name: 'mediawiki',
  steps: [
    {
      what: 'the main page looks right to a visitor: Vector’s stylesheet from load.php, scripts, references and pictures',
      async run(visitor) {
        await visitor.open('/wiki/Main_Page')
        expect(await visitor.page.textContent('#firstHeading')).toBe('Main Page')
        expect(await visitor.page.textContent('#mw-content-text')).toContain('and 42 other things')
        expect(await visitor.page.locator('#mw-panel').evaluate((panel) => getComputedStyle(panel).position)).toBe('absolute')
        expect(await visitor.brokenImages()).toEqual([])
        await visitor.page.waitForFunction(() => document.documentElement.classList.contains('client-js') && 'mw' in window)
        await visitor.shot('main')
      },
    },
    {
      what: 'somebody logs in, and makes a page',
      async run(visitor, group) {
        const fill = async () => {
          await visitor.open('/index.php?title=Special:UserLogin')
          await visitor.page.fill('#wpName1', ADMIN.admin)
          await visitor.page.fill('#wpPassword1', ADMIN.password)
        }
        const click = () => visitor.page.click('#wpLoginAttempt')
        await visitor.send({ fill, click, page: '/wiki/Main_Page' })
        await visitor.page.waitForSelector('#pt-userpage')
        await save(visitor, 'Garden', 'Tomatoes want sun.', 'planted')
        expect(await visitor.page.textContent('#mw-content-text')).toContain('Tomatoes want sun.')
        await visitor.shot('saved')
        await group.expectAtAllMembers('/wiki/Garden', 'Tomatoes want sun.')
      },
    },
    {
      what: 'it is uploaded, shown in a page and made smaller: an image',
      async run(visitor) {
        const fill = async () => {
          await visitor.open('/wiki/Special:Upload')
          await visitor.page.setInputFiles('#wpUploadFile', { name: 'Tiles.png', mimeType: 'image/png', buffer: picture(320) })
          await visitor.page.fill('#wpUploadDescription', 'Tiles')
        }
        const click = () => visitor.page.click('input[name=wpUpload]')
        await visitor.send({ fill, click, page: '/wiki/File:Tiles.png' })
        expect(visitor.page.url()).toContain('File:Tiles')
        expect(await visitor.brokenImages()).toEqual([])
        await visitor.shot('file')
        await save(visitor, 'Garden', 'Tomatoes want sun.\n\n[[File:Tiles.png|thumb|160px|Tiles]]', 'with a picture')
        expect(await visitor.brokenImages()).toEqual([])
        const image = visitor.page.locator('img.thumbimage')
        expect(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(160)
        await visitor.shot('image')
      },
    },
    {
      what: 'it is found by search, in the page’s history and among recent changes',
      async run(visitor) {
        await visitor.open('/index.php?search=tomatoes+sun&fulltext=1')
        expect(await visitor.page.textContent('.mw-search-results')).toContain('Garden')
        await visitor.shot('search')
        await visitor.open('/index.php?title=Garden&action=history')
        expect(await visitor.page.textContent('#pagehistory')).toContain('planted')
        await visitor.shot('history')
        await visitor.open('/wiki/Special:RecentChanges')
        expect(await visitor.page.textContent('.mw-changeslist')).toContain('with a picture')
        await visitor.shot('recent')
      },
    },
  ],
  later: [
    {
      what: 'edits, images and the log-in are there, and pages can be saved',
      async run(visitor, group) {
        await visitor.open('/wiki/Garden')
        expect(await visitor.page.textContent('#pt-userpage')).toContain(ADMIN.admin)
        expect(await visitor.page.textContent('#mw-content-text')).toContain('Tomatoes want sun.')
        expect(await visitor.brokenImages()).toEqual([])
        await save(visitor, 'Garden', 'Tomatoes want sun and water.\n\n[[File:Tiles.png|thumb|160px|Tiles]]', 'watered')
        expect(await visitor.page.textContent('#mw-content-text')).toContain('sun and water')
        await group.expectAtAllMembers('/wiki/Garden', 'sun and water')
        await visitor.shot('later')
      },
    },
  ],
}
