// What the recipes' READMEs say of reads and writes, in this process: what a view is, changes nothing, now or a week later.
import { afterAll, expect, test } from 'vitest'
import { outboxSender } from '../../../apps/seeder/src/outbox/outbox-sender.js'
import { openSmtpSink } from '../../../apps/seeder/test/outbox/smtp-sink.js'
import { type Ask, closeSharedRuntime, type Reply, SiteInProcess } from '../src/site/site-in-process.ts'
import { formSessions, saveInDokuWiki } from './form-sessions.ts'
import { siteUnderTest } from './site-under-test.ts'

const LONG_MS = 240_000
const WEEK_MS = 7 * 86_400_000
afterAll(closeSharedRuntime)

interface Application {
  readonly name: 'mediawiki' | 'wordpress' | 'shaarli' | 'hoteldruid'
  /** For whoever has not logged in. */
  readonly views: readonly string[]
  /** Views for whoever has, that change nothing. */
  readonly ownViews: readonly string[]
  readonly session: (site: SiteInProcess, visit: (reply: Reply, what: string) => Reply) => Promise<void>
}

const mediawiki: Application = {
  name: 'mediawiki',
  views: [
    ...['/wiki/Main_Page', '/wiki/Garden', '/wiki/Nowhere', '/wiki/Special:RecentChanges', '/wiki/Special:UserLogin'],
    ...['/wiki/Special:CreateAccount', '/api.php?action=query&meta=tokens&type=login&format=json', '/index.php?search=sun&fulltext=1'],
    ...['/rest.php/v1/page/Garden', '/load.php?lang=en&modules=startup&only=scripts&raw=1&skin=vector'],
  ],
  ownViews: [
    ...['/wiki/Main_Page', '/index.php?title=Garden&action=edit', '/wiki/Special:Watchlist', '/wiki/Special:Preferences'],
    ...['/wiki/Special:Upload', '/api.php?action=query&meta=tokens&format=json'],
  ],
  session: formSessions.mediawiki,
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
  session: formSessions.wordpress,
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
  session: formSessions.shaarli,
}

const hoteldruid: Application = {
  name: 'hoteldruid',
  views: ['/', '/inizio.php'],
  ownViews: [],
  session: formSessions.hoteldruid,
}

for (const { name, views, ownViews, session } of [mediawiki, wordpress, shaarli, hoteldruid]) {
  const folder = await siteUnderTest(name)

  test.runIf(folder)(
    `${name}: views change nothing and ask for nothing, a week after its session either`,
    async () => {
      const site = await SiteInProcess.open(folder as string)
      await session(site, expectOf)
      for (let round = 0; round < 2; round++) {
        for (const anonymous of [true, false]) {
          for (const target of anonymous ? views : ownViews) {
            const { status, changes, effects } = await site.ask(target, { anonymous, asGroup: true })
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
}

const wiki = await siteUnderTest('dokuwiki')

test.runIf(wiki)(
  'dokuwiki: the site begins with warm caches, whatever host it is called by, and each save leaves its page rendered',
  async () => {
    const made = [
      '/doku.php?id=start',
      '/doku.php?id=start&do=login',
      '/doku.php?id=wiki:dokuwiki',
      '/lib/exe/css.php?t=dokuwiki',
      '/lib/exe/js.php?t=dokuwiki',
    ]
    const site = await SiteInProcess.open(wiki as string, 'elsewhere.localhost')
    // as a write it would keep what it has to make; DokuWiki makes the folder of a name that it does not use
    const madeBy = ({ changes }: Reply) => changes.filter(({ type }) => type !== 'directory').map(({ path }) => path)
    const cold = async (target: string) => madeBy(await site.ask(target, { anonymous: true }))
    for (const target of made) expect([target, await cold(target)]).toEqual([target, []])
    let saves = 0
    const visitor = {
      ask: async (target: string, ask?: Ask) => {
        const reply = await site.ask(target, ask)
        if (ask?.form?.['do[save]'] === undefined || ask.form.wikitext === '') return reply
        saves++
        site.wait(WEEK_MS)
        const view = await site.ask('/doku.php?id=garden', { anonymous: true })
        expect(view.text).toContain(ask.form.wikitext)
        expect(madeBy(view)).toEqual([])
        return reply
      },
    }
    await formSessions.dokuwiki(visitor)
    expect(saves).toBe(2)
    for (const target of made) expect([target, await cold(target)]).toEqual([target, []])
    // whoever calls the site by a part of a page's name gets at that page's cache, and no other's
    await saveInDokuWiki(site, 'shed', 'Of the shed.')
    await saveInDokuWiki(site, 'shq80ed', 'Of somebody else.', { host: 'q' })
    const shed = await site.ask('/doku.php?id=shed', { anonymous: true })
    expect(shed.text).toContain('Of the shed.')
    expect((await site.ask('/doku.php?id=shq80ed', { anonymous: true, host: 'q' })).text).toContain('Of somebody else.')
    site.close()
  },
  LONG_MS,
)

const encyclopedia = await siteUnderTest('mediawiki')

test.runIf(encyclopedia)(
  'mediawiki: whoever registers with an e-mail address is sent one letter, and its link confirms the address',
  async () => {
    const site = await SiteInProcess.open(encyclopedia as string)
    const target = '/index.php?title=Special:CreateAccount'
    const page = await site.ask(target, { asGroup: true })
    expect(page.changes).toEqual([])
    const token = /<input[^>]*name="wpCreateaccountToken"[^>]*>/.exec(page.text)?.[0].match(/value="([^"]*)"/)?.[1] ?? ''
    const [address, password] = ['bob@a.test', 'a long and quiet evening']
    // no more than a form needs: MediaWiki drops the address of one that lacks a field for the real name, where it asks for that
    const form = {
      wpName: 'Bob',
      wpPassword: password,
      retype: password,
      email: address,
      wpCreateaccountToken: token,
      authAction: 'create',
    }
    const { effects } = await site.ask(target, { form })
    expect(effects).toMatchObject([{ type: 'outbox', request: { type: 'mail', to: address } }])
    // the mail server of whoever is drawn to send it gets it, once
    const sink = await openSmtpSink()
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const smtp = { host: '127.0.0.1', port: sink.port }
    const send = outboxSender({ from: 'seeder@a.test', smtp, http: false, allowPrivate: false }, log)
    for (const effect of effects) {
      if (effect.type === 'outbox')
        expect(await send?.(effect.request, 'ab'.repeat(32), AbortSignal.timeout(60_000))).toMatchObject({ outcome: 'sent' })
    }
    await sink.close()
    expect(sink.mails).toMatchObject([{ to: [address], text: expect.stringContaining('ConfirmEmail/') }])
    expect(sink.mails[0]?.text).toContain('From: seeder@a.test')
    const letter = effects[0]?.type === 'outbox' && effects[0].request.type === 'mail' ? effects[0].request : undefined
    expect(letter?.headers.map(([name]) => name.toLowerCase())).not.toContain('from')
    const first = await site.ask('/wiki/Main_Page', { asGroup: true })
    expect([first.text.includes('>Bob<'), first.changes]).toEqual([true, []])
    const link = /http:\/\/[^/]+(\/\S*ConfirmEmail\/[0-9a-f]{32})/.exec(new TextDecoder().decode(letter?.body))?.[1]
    const confirmed = await site.ask(link ?? '', { asGroup: true })
    expect([confirmed.text.includes('been confirmed'), confirmed.effects]).toEqual([true, []])
    const again = await site.ask(target, { asGroup: true })
    expect([again.status, again.effects]).toEqual([200, []])
    site.close()
  },
  LONG_MS,
)

function expectOf(reply: Reply, what: string): Reply {
  if (what === 'upload') expect(reply.changes.map(({ path }) => path).filter((path) => /tiles.*\.png$/.test(path))).toHaveLength(3)
  if (what === 'lost password') expect(reply.effects).toMatchObject([{ type: 'outbox' }])
  return reply
}
