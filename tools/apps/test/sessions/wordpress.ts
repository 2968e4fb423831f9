import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppInNetwork, START_MS, STEP_MS } from '../src/app-in-network.ts'
import { picture } from './picture.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const site = await siteUnderTest('wordpress')
let app: AppInNetwork
beforeAll(async () => {
  if (site !== undefined) app = await AppInNetwork.start(site, 'wordpress')
}, START_MS)
afterAll(() => app?.stop(), 30_000)

/** Where the post is, once it is published. */
let post = ''

test.runIf(site)(
  'the first page looks right to a visitor, with the theme’s stylesheet',
  async () => {
    await app.open('/')
    expect(await app.page.textContent('.wp-block-site-title')).toBe(ADMIN.title)
    expect(await app.page.textContent('.wp-block-post-title')).toContain('Hello world!')
    // the theme's measures, which PHP writes into the page, and the blocks' stylesheets are in force
    expect(await app.page.locator('.wp-site-blocks > header').evaluate((header) => getComputedStyle(header).display)).not.toBe('inline')
    expect(
      await app.page
        .locator('.wp-block-post-title')
        .first()
        .evaluate((title) => Number.parseFloat(getComputedStyle(title).fontSize)),
    ).toBeGreaterThan(20)
    await app.shot('start')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'the administrator logs in, and sees the dashboard',
  async () => {
    await app.open('/wp-login.php')
    await app.page.fill('#user_login', ADMIN.admin)
    await app.page.fill('#user_pass', ADMIN.password)
    await app.page.click('#wp-submit')
    await app.page.waitForURL(/wp-admin/)
    expect(await app.page.textContent('#wpbody-content h1')).toContain('Dashboard')
    await app.shot('dashboard')
    expect(app.takeTrouble()).toEqual([])
  },
  STEP_MS,
)

test.runIf(site)(
  'a picture is uploaded, and thumbnails are made of it',
  async () => {
    await app.open('/wp-admin/media-new.php?browser-uploader')
    await app.page.setInputFiles('#async-upload', { name: 'tiles.png', mimeType: 'image/png', buffer: picture(480) })
    await app.page.click('#html-upload')
    await app.page.waitForURL(/upload\.php/)
    await app.open('/wp-admin/upload.php?mode=grid')
    await app.page.waitForSelector('li.attachment img')
    expect(await app.page.getAttribute('li.attachment img', 'src')).toMatch(/tiles-300x300\.png$/)
    expect(await app.brokenImages()).toEqual([])
    await app.shot('media')
  },
  STEP_MS,
)

test.runIf(site)(
  'a post is written in the block editor, with the picture, and published',
  async () => {
    await app.open('/wp-admin/post-new.php')
    // what the editor's buttons do: its own store, which saves by REST
    await app.page.waitForFunction(() => 'wp' in window && document.querySelector('.edit-post-layout, .block-editor') !== null)
    await app.shot('editor')
    post = await app.page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: WordPress's own global
      const { blocks, data, apiFetch } = (window as any).wp
      const [media] = await apiFetch({ path: '/wp/v2/media?per_page=1' })
      const { editPost, savePost } = data.dispatch('core/editor')
      const paragraph = blocks.createBlock('core/paragraph', { content: 'Tomatoes want sun.' })
      const image = blocks.createBlock('core/image', { id: media.id, url: media.source_url, alt: 'tiles' })
      data.dispatch('core/block-editor').insertBlocks([paragraph, image])
      editPost({ title: 'Garden', status: 'publish' })
      await savePost()
      return new URL(data.select('core/editor').getPermalink()).pathname
    })
    await app.open(post)
    expect(await app.page.textContent('.wp-block-post-content')).toContain('Tomatoes want sun.')
    expect(await app.brokenImages()).toEqual([])
    // its address begins with a slash: it is right at every gateway
    expect(await app.page.getAttribute('.wp-block-post-content img', 'src')).toMatch(/^\/wp-content\/uploads\/.*\/tiles\.png$/)
    await app.shot('post')
    await app.expectAtAllMembers(post, 'Tomatoes want sun.')
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'a visitor’s comment waits for approval, and is approved',
  async () => {
    await app.page.context().clearCookies()
    await app.open(post)
    await app.page.fill('#comment', 'Mine want water too.')
    await app.page.fill('#author', 'Bob')
    await app.page.fill('#email', 'bob@example.org')
    await app.page.click('#commentform [type=submit]')
    await app.page.waitForURL(/unapproved/)
    expect(await app.page.textContent('body')).toContain('Your comment is awaiting moderation')
    await app.shot('comment')
    await app.open('/wp-login.php')
    await app.page.fill('#user_login', ADMIN.admin)
    await app.page.fill('#user_pass', ADMIN.password)
    await app.page.click('#wp-submit')
    await app.page.waitForURL(/wp-admin/)
    await app.open('/wp-admin/edit-comments.php?comment_status=moderated')
    await app.page.hover('#the-comment-list tr')
    await app.page.click('#the-comment-list .approve a')
    await app.expectAtAllMembers(post, 'Mine want water too.')
    expect(app.takeTrouble()).toEqual([])
  },
  2 * STEP_MS,
)

test.runIf(site)(
  'it is found by search and in the feed',
  async () => {
    await app.open('/?s=tomatoes')
    expect(await app.page.textContent('main')).toContain('Garden')
    await app.shot('search')
    const { status, headers, body } = await app.network.fetch('/feed/')
    expect([status, headers['content-type']]).toEqual([200, 'application/rss+xml; charset=UTF-8'])
    expect(body.toString()).toContain('<title>Garden</title>')
  },
  STEP_MS,
)

test.runIf(site)(
  'after a hand-over and with a member killed, post, picture and log-in are there, and can be changed',
  async () => {
    await app.handOver()
    await app.killMember()
    await app.open(post)
    expect(await app.page.locator('#wpadminbar').count()).toBe(1)
    expect(await app.page.textContent('body')).toContain('Mine want water too.')
    expect(await app.brokenImages()).toEqual([])
    await app.page.fill('#comment', 'I thank you.')
    await app.page.click('#commentform [type=submit]')
    await app.page.waitForURL(/#comment-/)
    expect(await app.page.textContent('body')).toContain('I thank you.')
    await app.expectAtAllMembers(post, 'I thank you.')
    await app.shot('later')
  },
  4 * STEP_MS,
)
