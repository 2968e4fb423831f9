import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { escapeHtml, html } from '../src/pages/html.js'
import {
  addBar,
  assetAt,
  type BarInfo,
  barScript,
  errorPage,
  formatCoins,
  formatDuration,
  type NetworkStatus,
  networkPage,
  PAGE_CSP,
  shortId,
} from '../src/pages/index.js'
import { networkScript } from '../src/pages/network-script.js'
import { shareLeft } from '../src/pages/ring.js'
import { roughCoins } from '../src/pages/words.js'
import { busyNetwork, startingNetwork } from './pages.fixture.js'

const hostile = `</title><script>alert(1)</script>"'\`<img src=x onerror=alert(1)>&amp;\u202e\0`

/** Every string in a value replaced, whatever its depth. */
function poisoned<T>(value: T, poison: string): T {
  if (typeof value === 'string') return poison as T
  if (Array.isArray(value)) return value.map((one) => poisoned(one, poison)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poisoned(one, poison)])) as T
}

function expectHarmless(page: string): void {
  expect(page).not.toMatch(/<script(?! src="\/\.interpeer\/[a-z]+\.js" defer><\/script>)/)
  expect(page).not.toMatch(/<img(?! src="\/\.interpeer\/mark\.svg")/)
  expect(page).not.toMatch(/\son\w+=|javascript:|style=|<style|undefined|NaN|\[object/)
  expect(page.match(/<title>/g)?.length).toBe(page.includes('data-key="joiner"') ? 2 : 1)
  expect(page.startsWith('<!doctype html>')).toBe(true)
}

describe('escaping', () => {
  test('values of a template are escaped, templates in it are not', () => {
    expect(html`<p title="${'"<&\'`'}">${html`<b>${'<i>'}</b>`}${[html`1`, html`2`]}${undefined}${false}${0}</p>`.text).toBe(
      '<p title="&#34;&#60;&#38;&#39;&#96;"><b>&#60;i&#62;</b>120</p>',
    )
  })
  test('controls and signs that turn the writing are replaced', () =>
    expect(escapeHtml('a\u202eb\0c\n\ud800')).toBe('a\ufffdb\ufffdc\n\ufffd'))
  test('a network of hostile names makes a harmless page', () => {
    const page = networkPage({
      ...poisoned(busyNetwork, hostile),
      jobs: busyNetwork.jobs.map((job) => ({ ...poisoned(job, hostile), state: job.state })),
    })
    expectHarmless(page.replaceAll(escapeHtml(hostile), ''))
    expect(page).not.toContain('<a href="&#')
  })
  test('an address that is no web address is no link', () => {
    const job = busyNetwork.jobs[0]
    if (job === undefined) throw new Error('the fixture has a site')
    expect(networkPage({ ...busyNetwork, jobs: [{ ...job, url: 'javascript:alert(1)' }] })).not.toContain('href="javascript')
  })
  test('a hostile error page is harmless', () => {
    const page = errorPage({
      status: 404,
      code: hostile,
      title: hostile,
      what: hostile,
      whatToDo: [hostile, hostile],
      site: hostile,
      networkPage: 'javascript:alert(1)',
    })
    expectHarmless(page.replaceAll(escapeHtml(hostile), ''))
    expect(page).toContain('<a href="/">See the network</a>')
  })
})

describe('the network page', () => {
  const page = networkPage(busyNetwork)
  test('shows sites with links, seats, certificates, peers and balances', () => {
    for (const part of [
      '<a href="http://wiki.localhost:8080/">wiki</a>',
      'seeder-7',
      '1,284',
      '4 of 5',
      '812.3456 coins',
      '1,007.3456',
      'Serving',
      'takes seat 0 in <time',
      'The sum is exact',
    ]) {
      expect(page).toContain(part)
    }
    expectHarmless(page)
  })
  test('names who answered a page falsely, only where someone did', () => {
    expect(page).toContain('Pages answered falsely')
    expect(page).toContain('<b>49</b> 1 called false')
    expect(page).toContain(`<tr data-key="${'c1'.repeat(32)}">`)
    const honest = busyNetwork.jobs.map((job) => ({ ...job, falseReads: [], accusations: [] }))
    expect(networkPage({ ...busyNetwork, jobs: honest })).not.toContain('falsely')
  })
  test('says who accuses whom of what, and what a jury found, only where someone does', () => {
    const textOf = (html: string) => html.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ')
    const text = textOf(page)
    expect(text).toMatch(/seeder-4\S* accuses seeder-3\S* of having run nothing: being judged\. 1 of 2 jurors have spoken\. Decided in/)
    expect(text).toMatch(/seeder-1\S* accuses seeder-3\S* of a page answered falsely: the accused lied\. Leaves its seat: seeder-3/)
    const calm = busyNetwork.jobs.map((job) => ({ ...job, accusations: [] }))
    expect(networkPage({ ...busyNetwork, jobs: calm })).not.toContain('accuses')
    const [one] = busyNetwork.jobs[0]?.accusations ?? []
    const none = busyNetwork.jobs.map((job) => ({ ...job, accusations: one === undefined ? [] : [{ ...one, jury: null, deadlineMs: 0 }] }))
    expect(textOf(networkPage({ ...busyNetwork, jobs: none }))).toContain('being judged. The next block draws the jury.')
  })
  test('shortens ids and keeps the whole in the title', () => {
    const { peerId } = busyNetwork.peers[0] ?? { peerId: '' }
    expect(page).toContain(`title="${peerId}">${shortId(peerId)}<`)
  })
  test('the same status gives the same page', () => expect(networkPage(structuredClone(busyNetwork))).toBe(page))
  test('says when coins were made or lost', () => {
    const page = networkPage({ ...busyNetwork, supply: { ...busyNetwork.supply, burned: '1' } })
    expect(page).toContain('Do not trust this ledger')
  })
  test('has something to say before there is anything', () => {
    expect(networkPage(startingNetwork)).toContain('The network is starting')
    expect(networkPage({ ...startingNetwork, peers: [] })).toContain('No peer has been heard of yet')
    expect(networkPage({ ...busyNetwork, jobs: [] })).toContain('Nobody has published a site yet')
    for (const state of ['starting', 'recovering'] as const) {
      const jobs = busyNetwork.jobs.map((job) => ({ ...job, state, members: [], next: undefined, lastCertificates: [], root: '' }))
      expectHarmless(networkPage({ ...busyNetwork, jobs }))
    }
  })
  test('shows what is up for a vote, and how to vote', () => {
    expect(page).toContain('publishFee: 100000000 to 50000000')
    expect(page).toContain('Applies from height 1,340, in 56 blocks; as votes stand it would be applied.')
    expect(page).toContain('<code>interpeer change vote ID yes</code>')
    const [one] = busyNetwork.changes
    const settled = networkPage({ ...busyNetwork, changes: one === undefined ? [] : [{ ...one, outcome: 'refused', isProtected: true }] })
    expect(settled).toContain('Refused at height 1,340.')
    expect(settled).not.toContain('interpeer change vote')
    expect(networkPage({ ...busyNetwork, changes: [] })).toContain('No change of the rules is up for a vote.')
    const hostile = '<script>alert(1)</script>'
    expectHarmless(networkPage({ ...busyNetwork, changes: one === undefined ? [] : [{ ...one, reason: hostile, items: [hostile] }] }))
  })
  test('odd numbers do no harm', () => {
    const odd: NetworkStatus = {
      ...busyNetwork,
      nowMs: Number.NaN,
      height: Number.POSITIVE_INFINITY,
      blockTimeMs: 9e15,
      cycleMs: -1,
      tenureMs: Number.NaN,
      supply: { minted: '', balances: 'x', escrows: '1e9', burned: '-1' },
    }
    const jobs = busyNetwork.jobs.map((job) => ({
      ...job,
      lastCertificates: job.lastCertificates.map((one) => ({ ...one, members: 1e9 })),
    }))
    expect(networkPage({ ...odd, jobs }).length).toBeLessThan(100_000)
  })
})

test.each([
  ['0', '0'],
  ['1', 'under 0.0001'],
  ['-1', '−0.0001 or less'],
  ['99999', 'under 0.0001'],
  ['100000', '0.0001'],
  ['1000000000', '1'],
  ['1999999999', '1.9999'],
  ['1500000000', '1.5'],
  ['1234567000000000', '1,234,567'],
  ['-2500000000', '−2.5'],
  ['18446744073709551615', '18,446,744,073.7095'],
  ['340282366920938463463374607431768211455', '340,282,366,920,938,463,463,374,607,431.7682'],
  ['', '–'],
  ['1.5', '–'],
  ['0x10', '–'],
])('%s units are %s coins', (units, coins) => expect(formatCoins(units)).toBe(coins))

test.each([
  ['0', '0', ''],
  ['999999999', '0', ''],
  ['1000001120000000', '1,000,001', ''],
  ['9999999999999999', '9,999,999', ''],
  ['10000000000000000', '10.0', 'million'],
  ['12399999000000000000', '12.3', 'billion'],
  ['1234567000000000000000000', '1,234,567.0', 'billion'],
  ['', '–', ''],
  ['-1', '–', ''],
])('%s units are %s %s coins in a headline', (units, number, of) => expect(roughCoins(units)).toEqual({ number, of }))

test('the page and its script write durations alike', () => {
  const source = /function duration[\s\S]*?\n}/.exec(networkScript)?.[0]
  const duration = runInNewContext(`(${source})`) as (ms: number) => string
  for (const ms of [-5, 0, 499, 500, 59_600, 119_000, 120_000, 7_199_000, 7_200_000, 172_799_000, 172_800_000, 9e9])
    expect(duration(ms)).toBe(formatDuration(ms))
})

test('the share of a tenure that is left stays between 0 and 100', () => {
  expect([shareLeft(0, 100, 25), shareLeft(0, 100, -50), shareLeft(0, 100, 500), shareLeft(100, 100, 100), shareLeft(200, 100, 0)]).toEqual(
    [75, 100, 0, 0, 0],
  )
})

describe('the bar', () => {
  const info: BarInfo = {
    peer: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    step: 42,
    epoch: 3,
    networkPage: 'http://localhost:8080/',
  }
  const tag = `<script src="/.interpeer/bar.js" defer data-peer="${info.peer}" data-step="42" data-epoch="3" data-state="final" data-network="http://localhost:8080/"></script>`
  test.each([
    ['before the closing body tag', '<!doctype html><body><p>x</p></body></html>', '<!doctype html><body><p>x</p>|</body></html>'],
    ['in capitals, with space', '<BODY>x</BODY \n>\n</HTML>\n\n', '<BODY>x|</BODY \n>\n</HTML>\n\n'],
    ['with no end of the document', '<body>x</body>', '<body>x|</body>'],
    ['at the end where there is no body tag', '<!doctype html><p>x', '<!doctype html><p>x|'],
    ['at the end where the tag stands in a script', '<body><script>s="</body>"</script>', '<body><script>s="</body>"</script>|'],
    ['at the end where the tag stands in a comment', '<body>x<!-- </body> -->', '<body>x<!-- </body> -->|'],
    ['before the last of two', '<body>a</body><body>b</body></html>', '<body>a</body><body>b|</body></html>'],
    ['at the end after much that follows', `<body>x</body>${' '.repeat(5_000)}`, `<body>x</body>${' '.repeat(5_000)}|`],
    ['nowhere in what is empty', '', ''],
  ])('%s', (_, given, wanted) => {
    expect(addBar(given, info)).toBe(wanted.replace('|', tag))
    expect(new TextDecoder().decode(addBar(new TextEncoder().encode(given), info))).toBe(wanted.replace('|', tag))
  })
  test('leaves every byte of the document as it was', () => {
    const given = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff)
    const before = given.slice()
    const whole = addBar(given, info)
    expect(given).toEqual(before)
    expect(whole.subarray(0, given.length)).toEqual(given)
    expect(new TextDecoder().decode(whole.subarray(given.length))).toBe(tag)
  })
  test('leaves UTF-16 alone', () => expect(addBar(Uint8Array.of(0xff, 0xfe, 0x3c, 0), info)).toEqual(Uint8Array.of(0xff, 0xfe, 0x3c, 0)))
  test('says what is not final and what is stale, and escapes', () => {
    expect(addBar('x', { ...info, provisional: true })).toContain('data-state="provisional"')
    expect(addBar('x', { ...info, stale: true })).toContain('data-state="stale"')
    const wild = addBar('x', { ...info, peer: '"><script>alert(1)</script>é\u202e' })
    expect(wild.match(/<script/g)?.length).toBe(1)
    expect(wild).toMatch(/^[\x20-\x7e]*$/)
  })
  test('its script and the network page’s are scripts', () => {
    for (const script of [barScript, networkScript]) expect(() => new Function(script)).not.toThrow()
  })
})

test('every asset that the pages name is served, and the policy allows nothing inline', () => {
  const named = [
    ...`${networkPage(busyNetwork)}${errorPage({ status: 500, code: 'X', title: 'x', what: 'x', whatToDo: 'x' })}${addBar('x', { peer: 'x', step: 1, networkPage: '/' })}`.matchAll(
      /(?:src|href)="(\/\.interpeer\/[^"]*)"/g,
    ),
  ]
  expect(new Set(named.map((found) => found[1])).size).toBe(4)
  for (const [, path = ''] of named) expect(assetAt(path)?.body.length).toBeGreaterThan(100)
  expect(assetAt('/.interpeer/other')).toBeUndefined()
  expect(PAGE_CSP).not.toContain('unsafe')
})
