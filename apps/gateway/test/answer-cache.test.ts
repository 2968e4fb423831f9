import { createHash } from 'node:crypto'
import type { PeerId } from '@interpeer/crypto-ids'
import { headersForVisitor, type SiteAnswer, type VisitorRequest } from '@interpeer/peer/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnswerCache, type CachedAnswer } from '../src/answer-cache.js'

const utf8 = (text: string) => new TextEncoder().encode(text)
const list = (headers: Record<string, string>) => Object.entries(headers).map(([name, value]) => ({ name, value }))
const get = (target: string, headers: Record<string, string> = {}, more: Partial<VisitorRequest> = {}): VisitorRequest => ({
  ...{ method: 'GET', target, host: 'site.localhost', https: false, headers: list(headers), body: new Uint8Array() },
  ...more,
})

/** A file's tag, as the runtime makes it. */
const tagOf = (text: string) => `"${createHash('sha256').update(text).digest().subarray(0, 18).toString('base64url')}"`

/** A group whose files change with its steps: each answers as a member's runtime would. */
class Site {
  nowMs = 1_000_000
  step = 1
  files: Record<string, string> = {}
  /** Headers of all answers. */
  said: Record<string, string> = { 'interpeer-shared': 'file' }
  more: Partial<SiteAnswer> = {}
  readonly asked: VisitorRequest[] = []
  readonly cache: AnswerCache

  constructor(maxBytes = 1_000_000) {
    this.cache = new AnswerCache({ maxBytes, now: () => this.nowMs })
  }
  readonly ask = async (request: VisitorRequest): Promise<SiteAnswer> => {
    this.asked.push(request)
    const text = this.files[request.target]
    const etag = tagOf(text ?? '')
    const isKnown = request.headers.some(({ name, value }) => name === 'if-none-match' && value === etag)
    return {
      ...{ ran: request.method === 'GET' ? 'read' : 'write', code: '', peer: 'zPeer' as PeerId, epoch: 1, step: this.step },
      ...{ state: `state ${this.step}` as SiteAnswer['state'], stale: false, provisional: false, unjudged: false, certificate: undefined },
      ...{ status: text === undefined ? 404 : isKnown ? 304 : 200, headers: list({ etag, ...this.said }) },
      body: utf8(isKnown ? '' : (text ?? 'none')),
      ...this.more,
    }
  }
  visit(request: VisitorRequest, site = 'site'): Promise<CachedAnswer> {
    return this.cache.answer(site, request, this.ask)
  }
  /** Changes a file, by a write through this gateway, or elsewhere. */
  async write(target: string, text: string, isHere = true) {
    this.files[target] = text
    this.step++
    if (isHere) await this.visit(get('/', {}, { method: 'POST' }))
  }
}
const seen = ({ answer, use }: CachedAnswer) => [use, answer.status, new TextDecoder().decode(answer.body)]

test('a page and its pictures cost a member each picture once; who has one is told so', async () => {
  const site = new Site()
  site.files['/a.png'] = 'A'
  expect(seen(await site.visit(get('/a.png')))).toEqual(['stored', 200, 'A'])
  for (const cookie of ['a', 'b']) expect(seen(await site.visit(get('/a.png', { cookie })))).toEqual(['hit', 200, 'A'])
  expect(seen(await site.visit(get('/a.png', { 'if-none-match': `W/"x", W/${tagOf('A')}` })))).toEqual(['hit', 304, ''])
  expect(seen(await site.visit(get('/a.png', { 'if-none-match': '"x"', 'if-modified-since': 'Tue, 14 Nov 2023 22:13:20 GMT' })))).toEqual([
    'hit',
    200,
    'A',
  ])
  site.nowMs += 2_500
  const { answer } = await site.visit(get('/a.png'))
  expect(headersForVisitor(answer.headers).get('age')).toBe('2')
  expect(site.asked).toHaveLength(1)
})

test('what the last state no longer has is not given: neither after a write here, nor a moment after one elsewhere', async () => {
  const site = new Site()
  site.files = { '/a.png': 'A', '/b.png': 'B' }
  for (const target of ['/a.png', '/b.png']) await site.visit(get(target))
  await site.write('/a.png', 'new')
  expect(seen(await site.visit(get('/a.png')))).toEqual(['stored', 200, 'new'])
  expect(seen(await site.visit(get('/b.png')))).toEqual(['revalidated', 200, 'B'])
  expect(seen(await site.visit(get('/b.png')))).toEqual(['hit', 200, 'B'])
  await site.write('/a.png', 'newer', false)
  site.nowMs += 3_001
  expect(seen(await site.visit(get('/a.png')))).toEqual(['stored', 200, 'newer'])
  delete site.files['/b.png']
  site.step++
  site.nowMs += 3_001
  expect(seen(await site.visit(get('/b.png')))).toEqual([undefined, 404, 'none'])
  expect(site.cache.bytes).toBeLessThan(3_000) // one file is left
})

test('however visitors and writes follow on each other, nobody gets a file that a state shown before did not have', async () => {
  const act = fc.oneof(
    fc.record({ type: fc.constant('visit' as const), target: fc.constantFrom('/a', '/b') }),
    fc.record({ type: fc.constantFrom('write' as const, 'elsewhere' as const), target: fc.constantFrom('/a', '/b') }),
    fc.record({ type: fc.constant('pass' as const), ms: fc.nat(4_000) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const site = new Site()
      site.files = { '/a': '0', '/b': '0' }
      /** By state: what the files were. */
      const history = new Map<string, Record<string, string>>([['state 1', { ...site.files }]])
      const changedMs: number[] = [0, site.nowMs]
      for (const [i, one] of acts.entries()) {
        if (one.type === 'pass') site.nowMs += one.ms
        else if (one.type === 'visit') {
          const { answer, use } = await site.visit(get(one.target))
          expect(new TextDecoder().decode(answer.body)).toBe(history.get(answer.state)?.[one.target])
          const replacedMs = changedMs[Number(answer.state.split(' ')[1]) + 1]
          if (use === 'hit' && replacedMs !== undefined) expect(site.nowMs - replacedMs).toBeLessThanOrEqual(3_000)
        } else {
          site.files[one.target] = `${i}`
          history.set(`state ${site.step + 1}`, { ...site.files })
          changedMs.push(site.nowMs)
          await site.write(one.target, `${i}`, one.type === 'write')
          if (one.type === 'write') expect(new TextDecoder().decode((await site.visit(get(one.target))).answer.body)).toBe(`${i}`)
        }
      }
    }),
    { numRuns: 200, seed: 4 },
  )
})

test.each<[string, Record<string, string>, Partial<SiteAnswer>?]>([
  ['what a script made', {}],
  ['what a script made with a tag, for a while, but not for all', { 'cache-control': 'max-age=60' }],
  ['what is public, with a cookie', { 'cache-control': 'public, max-age=60', 'set-cookie': 'a=1' }],
  ['what is public and differs by cookie', { 'cache-control': 'public, max-age=60', vary: 'Accept-Encoding, Cookie' }],
  ['what is public for no time', { 'cache-control': 'public' }],
  ['what is public and must be asked for', { 'cache-control': 'public, no-cache, max-age=60' }],
  ['a private file', { 'interpeer-shared': 'file', 'cache-control': 'private' }],
  ['a file that is not to be stored', { 'interpeer-shared': 'file', 'cache-control': 'no-store' }],
  ['a file of a state that is stale', { 'interpeer-shared': 'file' }, { stale: true }],
  ['a file that is not there', { 'interpeer-shared': 'file' }, { status: 404 }],
  ['a file in pieces', { 'interpeer-shared': 'file' }, { download: { length: 1, heldBytes: 1, read: async function* () {} } }],
])('not kept: %s', async (_, said, more = {}) => {
  const site = new Site()
  site.files['/a'] = 'A'
  Object.assign(site, { said, more })
  for (let i = 0; i < 2; i++) expect((await site.visit(get('/a'))).use).toBeUndefined()
  expect([site.asked.length, site.cache.bytes]).toEqual([2, 0])
})

test('what a script says is public is given for as long as it says, on the same state', async () => {
  const site = new Site()
  site.files['/feed'] = 'F'
  site.said = { 'cache-control': 'public, max-age=2', vary: 'accept-encoding' }
  expect((await site.visit(get('/feed'))).use).toBe('stored')
  site.nowMs += 1_999
  expect((await site.visit(get('/feed', { cookie: 'a' }))).use).toBe('hit')
  site.nowMs++
  expect((await site.visit(get('/feed'))).use).toBe('stored')
  await site.write('/feed', 'G')
  expect(seen(await site.visit(get('/feed')))).toEqual(['stored', 200, 'G'])
  expect(site.asked.some(({ headers }) => headers.some(({ name }) => name === 'if-none-match'))).toBe(false)
})

test('a file for which the site wants to be asked is asked for each time, without its bytes', async () => {
  const site = new Site()
  site.files['/a'] = 'A'
  site.said = { 'interpeer-shared': 'file', 'cache-control': 'no-cache' }
  await site.visit(get('/a'))
  expect(seen(await site.visit(get('/a')))).toEqual(['revalidated', 200, 'A'])
  expect(seen(await site.visit(get('/a', { 'if-none-match': tagOf('A') })))).toEqual(['revalidated', 304, ''])
})

test('a member that says nothing of sharing, or that nothing changed of something else, is not believed that', async () => {
  const site = new Site()
  site.files['/a'] = 'A'
  await site.visit(get('/a'))
  await site.write('/b', 'B')
  site.said = {} // a router decides from now on
  expect(seen(await site.visit(get('/a')))).toEqual([undefined, 200, 'A'])
  expect(site.cache.bytes).toBe(0)
})

test.each<[string, VisitorRequest]>([
  ['HEAD', get('/a', {}, { method: 'HEAD' })],
  ['a part', get('/a', { range: 'bytes=0-0' })],
  ['who says who they are', get('/a', { authorization: 'Basic x' })],
  ['a time alone', get('/a', { 'if-modified-since': 'Tue, 14 Nov 2023 22:13:20 GMT' })],
  ['another condition', get('/a', { 'if-match': tagOf('A') })],
  ['another host', get('/a', {}, { host: 'other.localhost' })],
  ['https', get('/a', {}, { https: true })],
  ['another query', get('/a?b')],
])('asked of a member: %s', async (_, request) => {
  const site = new Site()
  site.files = { '/a': 'A', '/a?b': 'A' }
  await site.visit(get('/a'))
  expect((await site.visit(request)).use).not.toBe('hit')
  expect(site.asked).toHaveLength(2)
})

test('who reloads gets the last word of a member; another site of the same address is another one', async () => {
  const site = new Site()
  site.files['/a'] = 'A'
  await site.visit(get('/a'))
  for (const control of ['no-cache', 'max-age=0'])
    expect((await site.visit(get('/a', { 'cache-control': control }))).use).toBe('revalidated')
  expect((await site.visit(get('/a'), 'other')).use).toBe('stored')
})

test('one member is not believed for longer than a minute', async () => {
  const site = new Site()
  site.files['/a'] = 'A'
  await site.visit(get('/a'))
  for (let s = 0; s < 60; s += 2) {
    site.nowMs += 2_000
    await site.visit(get('/none')) // proves the state again
    expect((await site.visit(get('/a'))).use).toBe('hit')
  }
  site.nowMs += 1
  expect((await site.visit(get('/a'))).use).toBe('revalidated')
})

test('a false body under the tag of the true file is given to nobody else, and what is said of a file is asked for again', async () => {
  const site = new Site()
  site.files['/a.txt'] = 'A'
  Object.assign(site, { more: { body: utf8('false') } })
  expect(seen(await site.visit(get('/a.txt')))).toEqual([undefined, 200, 'false'])
  Object.assign(site, { more: {}, said: { 'interpeer-shared': 'file', 'content-type': 'text/html' } })
  expect(seen(await site.visit(get('/a.txt')))).toEqual(['stored', 200, 'A'])
  site.said = { 'interpeer-shared': 'file', 'content-type': 'text/plain' }
  const typeAfter = async (ms: number) => {
    site.nowMs += ms
    return headersForVisitor((await site.visit(get('/a.txt'))).answer.headers).get('content-type')
  }
  expect([await typeAfter(300_000), await typeAfter(300_000), await typeAfter(1)]).toEqual(['text/html', 'text/html', 'text/html'])
  expect(await typeAfter(3_001)).toBe('text/plain')
})

test('many names of one small file take no more memory than it may either', async () => {
  const site = new Site(100_000)
  for (let i = 0; i < 100; i++) {
    const target = `/a?${i}${'x'.repeat(4_000)}`
    site.files[target] = 'A'
    await site.visit(get(target))
  }
  const kept = await Promise.all(Object.keys(site.files).map(async (target) => (await site.visit(get(target))).use === 'hit'))
  expect(kept.filter(Boolean).length * 4_000).toBeLessThan(100_000)
})

test('it takes no more memory than it may: what nobody asked for lately goes, and nothing large comes in', async () => {
  const site = new Site(20_000)
  for (const name of 'abcdefghijklmnopqrstuvwxyz') {
    site.files[`/${name}`] = name.repeat(1_000)
    await site.visit(get(`/${name}`))
    expect((await site.visit(get('/a'))).use).toBe('hit')
    expect(site.cache.bytes).toBeLessThanOrEqual(20_000)
  }
  expect([(await site.visit(get('/z'))).use, (await site.visit(get('/c'))).use]).toEqual(['hit', 'stored'])
  site.files['/large'] = 'x'.repeat(2_500)
  expect((await site.visit(get('/large'))).use).toBeUndefined()
  const none = new Site(0)
  none.files['/a'] = 'A'
  expect((await none.visit(get('/a'))).use).toBeUndefined()
})
