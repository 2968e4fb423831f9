import { applyChanges, buildTree } from '@interpeer/content-store'
import { expect, test } from 'vitest'
import { readSiteFolder } from '../src/site/site-folder.ts'
import { closeSharedRuntime, SiteInProcess } from '../src/site/site-in-process.ts'
import { picture } from './picture.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

// The network draws time and seed of each batch, so two groups that live never run the same session. Here both are fixed, and the rest is as members do it:
// the runtime, begun anew, makes its image and runs the requests; content-store makes the root. What members of one group must agree on is tested in networks.
const sessions = { dokuwiki: editInDokuWiki, mediawiki: editInMediaWiki }

for (const [name, session] of Object.entries(sessions)) {
  const folder = await siteUnderTest(name)
  test.runIf(folder)(
    `${name}: the same session, on two runtimes begun anew, ends in the same root`,
    async () => {
      const roots = [await rootAfter(folder as string, session), await rootAfter(folder as string, session)]
      expect(roots[1]).toEqual(roots[0])
      expect(new Set(roots[0]).size).toBeGreaterThan(3) // each write led to another state
    },
    600_000,
  )
}

/** The roots that the site went through. */
async function rootAfter(folder: string, session: (site: SiteInProcess) => Promise<void>): Promise<readonly string[]> {
  const site = await SiteInProcess.open(folder)
  try {
    await session(site)
  } finally {
    site.close()
    await closeSharedRuntime()
  }
  const { files, directories, symlinks } = readSiteFolder(folder)
  let { root, blocks } = buildTree(files, directories, symlinks)
  const held = new Map(blocks.map(({ cid, bytes }) => [cid, bytes]))
  const roots: string[] = [root]
  for (const changes of site.history) {
    const next = applyChanges((cid) => held.get(cid), root, changes)
    if ('missing' in next) throw new Error('all blocks are here')
    ;({ root, blocks } = next)
    for (const { cid, bytes } of blocks) held.set(cid, bytes)
    roots.push(root)
  }
  return roots
}

async function editInDokuWiki(site: SiteInProcess): Promise<void> {
  const login = await site.ask('/doku.php?id=start&do=login')
  const form = { sectok: valueIn(login.text, 'sectok'), id: 'start', do: 'login', u: ADMIN.admin, p: ADMIN.password }
  expect((await site.ask('/doku.php?id=start&do=login', { form })).status).toBe(302)
  for (const wikitext of ['Tomatoes want sun.', 'Tomatoes want sun and water.', '']) {
    const { text } = await site.ask('/doku.php?id=garden&do=edit')
    const fields = { sectok: valueIn(text, 'sectok'), date: valueIn(text, 'date'), changecheck: valueIn(text, 'changecheck') }
    const form = {
      ...fields,
      id: 'garden',
      rev: '0',
      prefix: '.',
      suffix: '',
      target: 'section',
      wikitext,
      summary: 'a test',
      'do[save]': '1',
    }
    expect((await site.ask('/doku.php?id=garden', { form })).status).toBe(302)
    await site.ask('/doku.php?do=search&q=tomatoes')
  }
}

async function editInMediaWiki(site: SiteInProcess): Promise<void> {
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
