import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeSharedRuntime, SiteInProcess } from '../src/site/site-in-process.ts'
import { ADMIN, siteUnderTest } from './site-under-test.ts'

// The recipe's own search class, in the runtime itself, without a network.
const folder = await siteUnderTest('mediawiki')

describe.runIf(folder)('MediaWiki’s search by FTS5', () => {
  let wiki: SiteInProcess
  beforeAll(async () => {
    wiki = await SiteInProcess.open(folder as string)
    const login = await wiki.ask('/index.php?title=Special:UserLogin')
    const form = { wpName: ADMIN.admin, wpPassword: ADMIN.password, wpLoginToken: tokenIn(login.text, 'wpLoginToken'), authAction: 'login' }
    expect((await wiki.ask('/index.php?title=Special:UserLogin', { form })).status).toBe(302)
    await save('Tomato', 'Tomatoes want sun, and the café has none.')
    await save('Cucumber', 'Cucumbers want water. The sun burns them.')
  })
  afterAll(async () => {
    wiki?.close()
    await closeSharedRuntime()
  })

  const api = async (form: Record<string, string>) => {
    const reply = await wiki.ask('/api.php', { form: { format: 'json', formatversion: '2', ...form } })
    return JSON.parse(reply.text) as {
      query: { tokens: { csrftoken: string }; search: { title: string; snippet: string }[] }
      error?: unknown
    }
  }
  const change = async (form: Record<string, string>) => {
    const { csrftoken: token } = (await api({ action: 'query', meta: 'tokens' })).query.tokens
    const { error } = await api({ ...form, token })
    expect(error).toBeUndefined()
  }
  const save = (title: string, text: string) => change({ action: 'edit', title, text, summary: 'a test' })
  const found = async (srsearch: string, srwhat = 'text') =>
    (await api({ action: 'query', list: 'search', srsearch, srwhat })).query.search.map(({ title }) => title).sort()

  test('finds words in any case, all of them, and marks them', async () => {
    expect(await found('SUN')).toEqual(['Cucumber', 'Tomato'])
    expect(await found('sun tomatoes')).toEqual(['Tomato'])
    expect(await found('nowhere')).toEqual([])
    const { snippet } = (await api({ action: 'query', list: 'search', srsearch: 'tomatoes', srwhat: 'text' })).query.search[0] ?? {
      snippet: '',
    }
    expect(snippet).toContain("<span class='searchmatch'>Tomatoes</span>")
  })

  test('knows phrases, beginnings of words, words that must not be there, and titles', async () => {
    expect(await found('"want sun"')).toEqual(['Tomato'])
    expect(await found('"sun want"')).toEqual([])
    expect(await found('cucum*')).toEqual(['Cucumber'])
    expect(await found('sun -water')).toEqual(['Tomato'])
    expect(await found('cucumber', 'title')).toEqual(['Cucumber'])
  })

  test('takes accents as they come, and no text of a visitor as syntax', async () => {
    expect(await found('cafe')).toEqual(['Tomato'])
    expect(await found('café')).toEqual(['Tomato'])
    for (const odd of [
      '"',
      '*',
      '-',
      '" OR si_title : "',
      "sun' OR 1=1 --",
      'NEAR(',
      ') NOT (',
      'si_text:sun',
      '\u0000',
      '^sun',
      '{a b}:c',
    ]) {
      const reply = await wiki.ask(`/index.php?fulltext=1&search=${encodeURIComponent(odd)}`)
      expect([odd, reply.status]).toEqual([odd, 200])
    }
  })

  test('follows edits, moves, deletions and restorations', async () => {
    await save('Tomato', 'Tomatoes want warmth.')
    expect(await found('sun')).toEqual(['Cucumber'])
    expect(await found('warmth')).toEqual(['Tomato'])
    await change({ action: 'move', from: 'Tomato', to: 'Love apple', noredirect: '1' })
    expect(await found('warmth')).toEqual(['Love apple'])
    expect(await found('apple', 'title')).toEqual(['Love apple'])
    await change({ action: 'delete', title: 'Love apple' })
    expect(await found('warmth')).toEqual([])
    await change({ action: 'undelete', title: 'Love apple' })
    expect(await found('warmth')).toEqual(['Love apple'])
  })

  test('an edit leaves its page rendered, and views show the newest', async () => {
    for (const text of ['A first text.', 'Another text.']) {
      const from = wiki.history.length
      await save('Garden', text)
      const kept = wiki.history.slice(from).flatMap((changes) => changes.map(({ path }) => path))
      expect(kept).toContain('data/cache/views')
      expect(kept).toContainEqual(expect.stringMatching(/^data\/cache\/[0-9a-f]{3}$/))
      expect((await wiki.ask('/wiki/Garden', { anonymous: true })).text).toContain(text)
    }
  })

  test('a view is a pure read: none of these changes a file', async () => {
    const views = [
      '/wiki/Main_Page',
      '/wiki/Nowhere',
      '/index.php?title=Main_Page&action=history',
      '/wiki/Special:RecentChanges',
      '/wiki/Special:AllPages',
    ]
    const others = ['/index.php?search=sun&fulltext=1', '/api.php?action=query&meta=siteinfo&format=json', '/rest.php/v1/page/Main_Page']
    const scripts = ['/load.php?lang=en&modules=startup&only=scripts&raw=1&skin=vector', '/opensearch_desc.php']
    for (const target of [...views, ...others, ...scripts]) {
      for (let twice = 0; twice < 2; twice++) {
        const { changes, log } = await wiki.ask(target, { anonymous: true })
        expect([target, changes.map(({ path }) => path), log]).toEqual([target, [], ''])
      }
      wiki.wait(3_600_000)
    }
  })
})

function tokenIn(page: string, name: string): string {
  return (
    new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(page)?.[1] ??
    new RegExp(`value="([^"]*)"[^>]*name="${name}"`).exec(page)?.[1] ??
    ''
  )
}
