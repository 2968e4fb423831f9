import { expect } from 'vitest'
import type { Ask } from '../src/site/site-in-process.ts'
import { picture } from './picture.ts'
import { ADMIN } from './site-under-test.ts'

/** What somebody without a browser gets. */
export interface Page {
  readonly status: number
  readonly text: string
  /** The last header of that name, in small letters. */
  header(name: string): string | undefined
}
/** Whoever takes requests and keeps a visitor's cookies. */
export interface Asked<Reply extends Page = Page> {
  ask(target: string, ask?: Ask): Promise<Reply>
}
type FormSession = <Reply extends Page>(site: Asked<Reply>, visit: (reply: Reply, what: string) => Reply) => Promise<void>

/** What is written with each application without a browser: log-in, and at least one of each kind of write. `visit` is told of each answer. */
export const formSessions = {
  dokuwiki: (site) => editInDokuWiki(site),
  mediawiki: (site) => editInMediaWiki(site),
  wordpress: writeInWordPress,
  shaarli: shareInShaarli,
  hoteldruid: priceInHotelDruid,
} satisfies Record<string, FormSession>

async function editInDokuWiki(site: Asked): Promise<void> {
  const login = await site.ask('/doku.php?id=start&do=login')
  const form = { sectok: valueIn(login.text, 'sectok'), id: 'start', do: 'login', u: ADMIN.admin, p: ADMIN.password }
  expect((await site.ask('/doku.php?id=start&do=login', { form })).status).toBe(302)
  for (const wikitext of ['Tomatoes want sun.', 'Tomatoes want sun and water.', '']) {
    await saveInDokuWiki(site, 'garden', wikitext)
    await site.ask('/doku.php?do=search&q=tomatoes')
  }
}

/** @param host what the visitor calls the site */
export async function saveInDokuWiki(site: Asked, id: string, wikitext: string, host: Pick<Ask, 'host'> = {}): Promise<void> {
  const { text } = await site.ask(`/doku.php?id=${id}&do=edit`, host)
  const fields = { sectok: valueIn(text, 'sectok'), date: valueIn(text, 'date'), changecheck: valueIn(text, 'changecheck') }
  const saved = { id, rev: '0', prefix: '.', suffix: '', target: 'section', wikitext, summary: 'a test', 'do[save]': '1' }
  expect((await site.ask(`/doku.php?id=${id}`, { form: { ...fields, ...saved }, ...host })).status).toBe(302)
}

async function editInMediaWiki(site: Asked): Promise<void> {
  const login = await site.ask('/index.php?title=Special:UserLogin')
  const form = { wpName: ADMIN.admin, wpPassword: ADMIN.password, wpLoginToken: valueIn(login.text, 'wpLoginToken'), authAction: 'login' }
  expect((await site.ask('/index.php?title=Special:UserLogin', { form })).status).toBe(302)
  const { text } = await site.ask('/api.php?action=query&meta=tokens&format=json')
  const { csrftoken: token } = (JSON.parse(text) as { query: { tokens: { csrftoken: string } } }).query.tokens
  for (const text of ['Tomatoes want sun.', 'Tomatoes want sun and water. [[Category:Garden]]']) {
    const { text: reply } = await site.ask('/api.php', { form: { action: 'edit', title: 'Garden', text, token, format: 'json' } })
    expect(reply).toContain('Success')
    await site.ask('/wiki/Garden')
  }
  const files = [{ field: 'file', name: 'Tiles.png', type: 'image/png', bytes: picture(64) }]
  const upload = await site.ask('/api.php', { form: { action: 'upload', filename: 'Tiles.png', token, format: 'json' }, files })
  expect(upload.text).toContain('Success')
}

function valueIn(page: string, name: string): string {
  return new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(page)?.[0].match(/value="([^"]*)"/)?.[1] ?? ''
}

async function writeInWordPress<Reply extends Page>(site: Asked<Reply>, visit: (reply: Reply, what: string) => Reply): Promise<void> {
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
  visit(await site.ask('/wp-admin/async-upload.php', { form: media, files }), 'upload')
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
  visit(await site.ask('/wp-login.php?action=lostpassword', { form: lost, anonymous: true }), 'lost password')
  visit(await site.ask('/wp-cron.php?doing_wp_cron', { anonymous: true }), 'cron')
}

async function shareInShaarli<Reply extends Page>(site: Asked<Reply>, visit: (reply: Reply, what: string) => Reply): Promise<void> {
  const tokenOf = ({ text }: Page) => field(text, /name="token" value="([^"]+)"/)
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
}

async function priceInHotelDruid<Reply extends Page>(site: Asked<Reply>, visit: (reply: Reply, what: string) => Reply): Promise<void> {
  const page = visit(await site.ask('/inizio.php'), 'log-in page')
  const form = { vers_hinc: '1', test_cookie: field(page.text, /name="test_cookie" value="([^"]+)"/) }
  const whose = { nome_utente_phpr: ADMIN.admin, password_phpr: ADMIN.password }
  const menu = visit(await site.ask('/inizio.php', { form: { ...form, ...whose } }), 'log in')
  const session = { anno: '2023', id_sessione: field(menu.text, /id_sessione=([0-9A-Za-z]+)/) }
  const days = { inizioperiodo1: '2023-11-01', fineperiodo1: '2023-12-31' }
  const price = { ...session, tipotariffa: 'tariffa1', numcaselle: '1', ...days, prezzoperiodo1: '80', modifica: '1' }
  expect(visit(await site.ask('/creaprezzi.php', { form: price }), 'price').text).toContain('has been inserted')
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) throw new Error(`nothing matches ${pattern} in ${text.slice(0, 2_000)}`)
  return found
}
