import { expect } from 'vitest'
import type { Visitor } from '../../src/visitor.ts'
import { picture } from '../picture.ts'
import { ADMIN } from '../site-under-test.ts'
import type { Session } from './session.ts'

/** Where the post is, once it is published. */
let post = ''

async function logIn(visitor: Visitor): Promise<void> {
  await visitor.open('/wp-login.php')
  await visitor.page.fill('#user_login', ADMIN.admin)
  await visitor.page.fill('#user_pass', ADMIN.password)
  await visitor.andLoads(() => visitor.page.click('#wp-submit'))
}

export const wordpress: Session = {
  name: 'wordpress',
  steps: [
    {
      what: 'the first page looks right to a visitor, with the theme’s stylesheet',
      async run(visitor) {
        await visitor.open('/')
        expect(await visitor.page.textContent('.wp-block-site-title')).toBe(ADMIN.title)
        expect(await visitor.page.textContent('.wp-block-post-title')).toContain('Hello world!')
        // the theme's measures, which PHP writes into the page, and the blocks' stylesheets are in force
        const header = visitor.page.locator('.wp-site-blocks > header')
        expect(await header.evaluate((one) => getComputedStyle(one).display)).not.toBe('inline')
        const title = visitor.page.locator('.wp-block-post-title').first()
        expect(await title.evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize))).toBeGreaterThan(20)
        await visitor.shot('start')
      },
    },
    {
      what: 'the administrator logs in, and sees the dashboard',
      async run(visitor) {
        await logIn(visitor)
        expect(await visitor.page.textContent('#wpbody-content h1')).toContain('Dashboard')
        await visitor.shot('dashboard')
      },
    },
    {
      what: 'a picture is uploaded, and thumbnails are made of it',
      async run(visitor) {
        await visitor.open('/wp-admin/media-new.php?browser-uploader')
        await visitor.page.setInputFiles('#async-upload', { name: 'tiles.png', mimeType: 'image/png', buffer: picture(480) })
        await visitor.andLoads(() => visitor.page.click('#html-upload'))
        await visitor.open('/wp-admin/upload.php?mode=grid')
        await visitor.page.waitForSelector('li.attachment img')
        expect(await visitor.page.getAttribute('li.attachment img', 'src')).toMatch(/tiles-300x300\.png$/)
        expect(await visitor.brokenImages()).toEqual([])
        await visitor.shot('media')
      },
    },
    {
      what: 'a post is written in the block editor, with the picture, and published',
      async run(visitor, group) {
        await visitor.open('/wp-admin/post-new.php')
        // what the editor's buttons do: its own store, which saves by REST
        await visitor.page.waitForFunction(() => 'wp' in window && document.querySelector('.block-editor-writing-flow') !== null)
        post = await visitor.page.evaluate(async () => {
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
        await visitor.shot('editor')
        await visitor.open(post)
        expect(await visitor.page.textContent('.wp-block-post-content')).toContain('Tomatoes want sun.')
        expect(await visitor.brokenImages()).toEqual([])
        // its address begins with a slash: it is right at every gateway
        const image = visitor.page.locator('.wp-block-post-content img')
        expect(await image.getAttribute('src')).toMatch(/^\/wp-content\/uploads\/.*\/tiles\.png$/)
        await visitor.shot('post')
        await group.expectAtAllMembers(post, 'Tomatoes want sun.')
      },
    },
    {
      what: 'a visitor’s comment waits for approval, and is approved',
      async run(visitor, group) {
        await visitor.page.context().clearCookies()
        await visitor.open(post)
        await visitor.page.fill('#comment', 'Mine want water too.')
        await visitor.page.fill('#author', 'Bob')
        await visitor.page.fill('#email', 'bob@example.org')
        await visitor.andLoads(() => visitor.page.click('#commentform [type=submit]'))
        expect(await visitor.page.textContent('body')).toContain('Your comment is awaiting moderation')
        await visitor.shot('comment')
        await logIn(visitor)
        await visitor.open('/wp-admin/edit-comments.php?comment_status=moderated')
        await visitor.page.hover('#the-comment-list tr')
        await visitor.page.click('#the-comment-list .approve a')
        await group.expectAtAllMembers(post, 'Mine want water too.')
      },
    },
    {
      what: 'it is found by search and in the feed',
      async run(visitor, group) {
        await visitor.open('/?s=tomatoes')
        expect(await visitor.page.textContent('main')).toContain('Garden')
        await visitor.shot('search')
        const { status, headers, body } = await group.fetch('/feed/')
        expect([status, headers['content-type']]).toEqual([200, 'application/rss+xml; charset=UTF-8'])
        expect(body.toString()).toContain('<title>Garden</title>')
      },
    },
  ],
  later: [
    {
      what: 'post, picture and log-in are there, and can be changed',
      async run(visitor, group) {
        await visitor.open(post)
        expect(await visitor.page.locator('#wpadminbar').count()).toBe(1)
        expect(await visitor.page.textContent('body')).toContain('Mine want water too.')
        expect(await visitor.brokenImages()).toEqual([])
        await visitor.page.fill('#comment', 'I thank you.')
        await visitor.andLoads(() => visitor.page.click('#commentform [type=submit]'))
        expect(await visitor.page.textContent('body')).toContain('I thank you.')
        await group.expectAtAllMembers(post, 'I thank you.')
        await visitor.shot('later')
      },
    },
  ],
}
