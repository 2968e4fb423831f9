import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppInNetwork, START_MS, STEP_MS } from '../src/app-in-network.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const site = await siteUnderTest('shaarli')
let app: AppInNetwork
beforeAll(async () => {
  if (site !== undefined) app = await AppInNetwork.start(site, 'shaarli')
}, START_MS)
afterAll(() => app?.stop(), 30_000)

test.runIf(site)(
  'the board looks right to a visitor, with stylesheet, fonts and pictures, and remembers nothing of them',
  async () => {
    await app.open('/')
    expect(await app.page.textContent('.shaarli-title')).toContain(ADMIN.title)
    await app.page.evaluate(() => document.fonts.ready)
    expect(await app.page.evaluate(() => [...document.fonts].some(({ status }) => status === 'loaded'))).toBe(true)
    expect(await app.page.locator('.linklist-item').count()).toBe(1)
    expect(await app.page.context().cookies()).toEqual([])
    await app.shot('start')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'its owner logs in, and shares a link with tags',
  async () => {
    await app.open('/login')
    const form = app.page.locator('form[name=loginform]').last()
    await form.locator('input[name=login]').fill(ADMIN.admin)
    await form.locator('input[name=password]').fill(ADMIN.password)
    await form.locator('input[type=submit]').click()
    await app.page.waitForURL((url) => url.pathname === '/')
    await app.open('/admin/add-shaare')
    await app.page.fill('#shaare', 'https://example.org/reef')
    await app.page.locator('form[name=addform] input[type=submit]').click()
    await app.page.waitForSelector('#lf_title')
    await app.page.fill('#lf_title', 'The reef')
    await app.page.fill('#lf_description', 'Corals in **every** colour.')
    await app.page.fill('#lf_tags', 'sea blue')
    await app.shot('form')
    await app.page.click('#button-save-edit')
    await app.page.waitForURL((url) => url.pathname === '/')
    expect(await app.page.textContent('.linklist-item')).toContain('The reef')
    await app.shot('shared')
    await app.expectAtAllMembers('/', 'The reef')
    expect(app.takeTrouble()).toEqual([])
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'it is found by text and by tag, on the page of the day and in the feed',
  async () => {
    await app.open('/?searchterm=corals')
    expect(await app.page.locator('.linklist-item').count()).toBe(1)
    await app.open('/?searchtags=sea')
    expect(await app.page.textContent('.linklist-item')).toContain('The reef')
    await app.open('/tags/cloud')
    expect(await app.page.textContent('#cloudtag')).toContain('blue')
    await app.shot('tags')
    const { status, headers, body } = await app.network.fetch('/feed/atom')
    expect([status, headers['content-type']]).toEqual([200, 'application/atom+xml; charset=utf-8'])
    expect(body.toString()).toContain('The reef')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'after a hand-over and with a member killed, link and log-in are there, and the link can be edited',
  async () => {
    await app.handOver()
    await app.killMember()
    await app.open('/?searchtags=sea')
    await app.page.locator('.linklist-item a[href*="/admin/shaare/"]').first().click()
    await app.page.waitForSelector('#lf_title')
    await app.page.fill('#lf_title', 'The northern reef')
    await app.page.click('#button-save-edit')
    await app.page.waitForURL((url) => !url.pathname.startsWith('/admin'))
    await app.expectAtAllMembers('/', 'The northern reef')
    await app.open('/')
    await app.shot('later')
  },
  4 * STEP_MS,
)
