// What the recipes' READMEs say of reads and writes, in this process: what a view is, changes nothing, now or a week later; and a session is a function of what was asked.
import { createHash } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { closeSharedRuntime, type Reply, SiteInProcess } from '../src/site/site-in-process.ts'
import { picture } from './picture.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

const LONG_MS = 240_000
const WEEK_MS = 7 * 86_400_000
afterAll(closeSharedRuntime)

type Visit = (reply: Reply, what: string) => Reply
const field = (text: string, pattern: RegExp): string => {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`nothing matches ${pattern} in ${text.slice(0, 2_000)}`)
  return found
}

interface Application {
  readonly name: string
  /** For whoever has not logged in. */
  readonly views: readonly string[]
  /** Views for whoever has, that change nothing. */
  readonly ownViews: readonly string[]
  readonly session: (site: SiteInProcess, visit: Visit) => Promise<void>
}

const wordpress: Application = {
  name: 'wordpress',
  views: [
    ...[
      '/',
      '/?s=reef',
      '/feed/',
      '/comments/feed/',
      '/category/uncategorized/',
      '/author/ada/',
      '/wp-json/wp/v2/posts',
      '/wp-sitemap.xml',
    ],
    ...['/sample-page/', '/wp-login.php', '/wp-login.php?action=lostpassword', '/robots.txt', '/not-there/', '/?p=1'],
  ],
  ownViews: [
    ...['/', '/wp-admin/', '/wp-admin/edit.php', '/wp-admin/upload.php', '/wp-admin/plugins.php', '/wp-admin/themes.php'],
    ...['/wp-admin/edit-comments.php', '/wp-admin/options-general.php', '/wp-admin/profile.php'],
  ],
  async session(site, visit) {
    visit(await site.ask('/wp-login.php'), 'log-in page')
    const form = { log: ADMIN.admin, pwd: ADMIN.password, testcookie: '1', 'wp-submit': 'Log In' }
    expect(visit(await site.ask('/wp-login.php', { form }), 'log in').status).toBe(302)
    const editor = visit(await site.ask('/wp-admin/post-new.php'), 'editor')
    const nonce = field(editor.text, /createNonceMiddleware\( "([0-9a-f]+)"/)
    const post = { title: 'Reef', content: '<p>Corals</p>', status: 'publish' }
    const rest = { form: post, headers: [['X-WP-Nonce', nonce]] as const }
    expect(visit(await site.ask('/wp-json/wp/v2/posts', rest), 'post').status).toBe(201)
    const upload = visit(await site.ask('/wp-admin/media-new.php'), 'upload form')
    const files = [{ field: 'async-upload', name: 'tiles.png', type: 'image/png', bytes: picture(400) }]
    const media = { name: 'tiles.png', action: 'upload-attachment', _wpnonce: field(upload.text, /"_wpnonce":"([0-9a-f]+)"/) }
    const uploaded = visit(await site.ask('/wp-admin/async-upload.php', { form: media, files }), 'upload')
    expect(uploaded.changes.map(({ path }) => path).filter((path) => /tiles.*\.png$/.test(path)).length).toBe(3)
    for (const author of ['Bob', 'Eve']) {
      const comment = {
        comment: `So blue, says ${author}`,
        author,
        email: `${author}@example.org`,
        url: '',
        comment_post_ID: '1',
        comment_parent: '0',
      }
      expect(visit(await site.ask('/wp-comments-post.php', { form: comment, anonymous: true }), 'comment').status).toBe(302)
    }
    const lost = { user_login: ADMIN.admin, redirect_to: '', 'wp-submit': 'Get New Password' }
    const asked = visit(await site.ask('/wp-login.php?action=lostpassword', { form: lost, anonymous: true }), 'lost password')
    expect(asked.effects).toMatchObject([{ type: 'outbox' }])
    visit(await site.ask('/wp-cron.php?doing_wp_cron', { anonymous: true }), 'cron')
  },
}

const shaarli: Application = {
  name: 'shaarli',
  views: [
    '/',
    '/?searchterm=reef',
    '/?searchtags=sea',
    '/tags/cloud',
    '/tags/list',
    '/daily',
    '/daily-rss',
    '/feed/atom',
    '/feed/rss',
    '/not-there',
  ],
  ownViews: [],
  async session(site, visit) {
    const tokenOf = ({ text }: Reply) => field(text, /name="token" value="([^"]+)"/)
    const token = tokenOf(visit(await site.ask('/login'), 'log-in page'))
    const form = { login: ADMIN.admin, password: ADMIN.password, token, returnurl: '/' }
    expect(visit(await site.ask('/login', { form }), 'log in').header('location')).toBe('/')
    const blank = visit(await site.ask('/admin/shaare?post=https%3A%2F%2Fexample.org%2Freef'), 'form')
    const link = {
      lf_url: 'https://example.org/reef',
      lf_title: 'Reef',
      lf_description: 'Corals',
      lf_tags: 'sea',
      lf_id: '',
      save_edit: 'Save',
    }
    expect(visit(await site.ask('/admin/shaare', { form: { ...link, returnurl: '/', token: tokenOf(blank) } }), 'share').status).toBe(302)
    expect(visit(await site.ask('/'), 'board').text).toContain('Reef')
  },
}

const hoteldruid: Application = {
  name: 'hoteldruid',
  views: ['/', '/inizio.php'],
  ownViews: [],
  async session(site, visit) {
    const page = visit(await site.ask('/inizio.php'), 'log-in page')
    const form = { vers_hinc: '1', test_cookie: field(page.text, /name="test_cookie" value="([^"]+)"/) }
    const whose = { nome_utente_phpr: ADMIN.admin, password_phpr: ADMIN.password }
    const menu = visit(await site.ask('/inizio.php', { form: { ...form, ...whose } }), 'log in')
    const session = { anno: '2023', id_sessione: field(menu.text, /id_sessione=([0-9A-Za-z]+)/) }
    const days = { inizioperiodo1: '2023-11-01', fineperiodo1: '2023-12-31' }
    const price = { ...session, tipotariffa: 'tariffa1', numcaselle: '1', ...days, prezzoperiodo1: '80', modifica: '1' }
    expect(visit(await site.ask('/creaprezzi.php', { form: price }), 'price').text).toContain('has been inserted')
  },
}

for (const { name, views, ownViews, session } of [wordpress, shaarli, hoteldruid]) {
  const folder = await siteUnderTest(name)

  test.runIf(folder)(
    `${name}: views change nothing and ask for nothing, a week after its session either`,
    async () => {
      const site = await SiteInProcess.open(folder as string)
      await session(site, (reply) => reply)
      for (let round = 0; round < 2; round++) {
        for (const anonymous of [true, false]) {
          for (const target of anonymous ? views : ownViews) {
            const { status, changes, effects } = await site.ask(target, { anonymous })
            const seen = { target, failed: status >= 500, changed: changes.map(({ path }) => path), effects }
            expect(seen).toEqual({ target, failed: false, changed: [], effects: [] })
          }
        }
        site.wait(WEEK_MS)
      }
      site.close()
    },
    LONG_MS,
  )

  test.runIf(folder)(
    `${name}: the same session on two fresh copies gives the same answers, fuel and files`,
    async () => {
      const digests = []
      for (let copy = 0; copy < 2; copy++) {
        const hash = createHash('sha256')
        const site = await SiteInProcess.open(folder as string)
        await session(site, (reply, what) => {
          const { status, headers, body, fuel, memoryBytes, changes, effects } = reply
          const told = { what, status, headers, body: [...body], fuel, memoryBytes, effects, changes }
          hash.update(JSON.stringify(told, (_key, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)))
          return reply
        })
        site.close()
        await closeSharedRuntime() // the next copy gets new workers
        digests.push(hash.digest('hex'))
      }
      expect(digests[0]).toBe(digests[1])
    },
    LONG_MS,
  )
}
