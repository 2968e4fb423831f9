import { expect } from 'vitest'
import { ADMIN } from '../site-under-test.ts'
import type { Session } from './session.ts'

export const shaarli: Session = {
  name: 'shaarli',
  steps: [
    {
      what: 'the board looks right to a visitor, with stylesheet, fonts and pictures, and remembers nothing of them',
      async run(visitor) {
        await visitor.open('/')
        expect(await visitor.page.textContent('.shaarli-title')).toContain(ADMIN.title)
        await visitor.page.evaluate(() => document.fonts.ready)
        expect(await visitor.page.evaluate(() => [...document.fonts].some(({ status }) => status === 'loaded'))).toBe(true)
        expect(await visitor.page.locator('.linklist-item').count()).toBe(1)
        expect(await visitor.page.context().cookies()).toEqual([])
        await visitor.shot('start')
      },
    },
    {
      what: 'its owner logs in, and shares a link with tags',
      async run(visitor, group) {
        await visitor.open('/login')
        const form = visitor.page.locator('form[name=loginform]').last()
        await form.locator('input[name=login]').fill(ADMIN.admin)
        await form.locator('input[name=password]').fill(ADMIN.password)
        await visitor.andLoads(() => form.locator('input[type=submit]').click())
        await visitor.open('/admin/add-shaare')
        await visitor.page.fill('#shaare', 'https://example.org/reef')
        await visitor.page.locator('form[name=addform] input[type=submit]').click()
        await visitor.page.fill('#lf_title', 'The reef')
        await visitor.page.fill('#lf_description', 'Corals in **every** colour.')
        await visitor.page.fill('#lf_tags', 'sea blue')
        await visitor.shot('form')
        await visitor.andLoads(() => visitor.page.click('#button-save-edit'))
        expect(await visitor.page.locator('.linklist-item').first().textContent()).toContain('The reef')
        await visitor.shot('shared')
        await group.expectAtAllMembers('/', 'The reef')
      },
    },
    {
      what: 'it is found by text and by tag, in the cloud of tags and in the feed',
      async run(visitor, group) {
        await visitor.open('/?searchterm=corals')
        expect(await visitor.page.locator('.linklist-item').count()).toBe(1)
        await visitor.open('/?searchtags=sea')
        expect(await visitor.page.textContent('.linklist-item')).toContain('The reef')
        await visitor.open('/tags/cloud')
        expect(await visitor.page.textContent('#cloudtag')).toContain('blue')
        await visitor.shot('tags')
        const { status, headers, body } = await group.fetch('/feed/atom')
        expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml; charset=utf-8'])
        expect(body.toString()).toContain('The reef')
      },
    },
  ],
  later: [
    {
      what: 'link and log-in are there, and the link can be edited',
      async run(visitor, group) {
        await visitor.open('/?searchtags=sea')
        await visitor.page.locator('.linklist-item a[href*="/admin/shaare/"]').first().click()
        await visitor.page.fill('#lf_title', 'The northern reef')
        await visitor.andLoads(() => visitor.page.click('#button-save-edit'))
        await group.expectAtAllMembers('/', 'The northern reef')
        await visitor.open('/')
        await visitor.shot('later')
      },
    },
  ],
}
