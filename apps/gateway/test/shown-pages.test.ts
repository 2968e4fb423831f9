import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { PAGE_CSP } from '../src/pages/index.js'
import { ask, gatewayOf, header, html, utf8 } from './one-site.js'

test('a refused write’s page says that it may still be saved, and what sending it again means; a read’s does not', async () => {
  let code = ''
  const { port } = await gatewayOf(() => ({ ran: 'refused', code, status: 503, body: utf8(code) }))
  const told = async (method: string) => (await ask(port, ['Content-Length: 0'], { method })).body.toString()
  for (code of ['GROUP_BUSY', 'GROUP_SLOW', 'GROUP_FROZEN', 'JOB_TOO_SLOW', 'REQUEST_TOO_NEW', 'REQUEST_MISMATCH', 'MADE_UP']) {
    expect(await told('POST'), code).toMatch(/may still be saved.*same change/)
    expect(await told('GET'), code).not.toContain('may still be saved')
    expect(await told('GET'), code).not.toContain('inside the gateway') // whatever a member says
  }
  for (code of ['REQUEST_MALFORMED', 'REQUEST_TOO_LARGE']) expect(await told('POST'), code).not.toContain('may still be saved')
})

test('text is compressed for who takes it; its digest is of what the site said, its tag a weak one', async () => {
  const page = utf8('<p>all the same</p>'.repeat(200))
  const { port } = await gatewayOf(() => ({ headers: [html, { name: 'ETag', value: '"e"' }], body: page }))
  const packed = await ask(port, ['Accept-Encoding: deflate, gzip;q=0.5, br;q=0'])
  expect([header(packed.head, 'content-encoding'), header(packed.head, 'etag'), header(packed.head, 'vary')]).toEqual([
    'gzip',
    'w/"e"',
    'accept-encoding',
  ])
  expect(packed.body.length).toBe(Number(header(packed.head, 'content-length')))
  expect(gunzipSync(packed.body)).toEqual(Buffer.from(page))
  const digest = createHash('sha256').update(page).digest('base64').toLowerCase()
  const bare = await ask(port)
  for (const { head } of [packed, bare]) expect(header(head, 'interpeer-digest')).toBe(`sha-256=:${digest}:`)
  expect([header(bare.head, 'content-encoding'), header(bare.head, 'etag'), bare.body.equals(page)]).toEqual([undefined, '"e"', true])
})

test('what a script compressed itself goes through untouched, bar or not', async () => {
  const body = utf8('x'.repeat(2000))
  const { port } = await gatewayOf(() => ({ headers: [html, { name: 'Content-Encoding', value: 'gzip' }], body }))
  const seen = await ask(port, ['Accept-Encoding: gzip', 'Sec-Fetch-Dest: document'])
  expect([header(seen.head, 'content-encoding'), seen.body.equals(body)]).toEqual(['gzip', true])
})

test('a page with the bar in it has no tag by which it could be kept', async () => {
  const { port } = await gatewayOf(() => ({
    headers: [html, { name: 'ETag', value: '"e"' }, { name: 'Last-Modified', value: 'x' }],
    body: utf8('<html><body></body></html>'),
  }))
  const { head, body } = await ask(port, ['Sec-Fetch-Dest: document'])
  expect([header(head, 'etag'), header(head, 'last-modified'), body.includes('script')]).toEqual([undefined, undefined, true])
})

test.each([
  ['a file to save', { name: 'Content-Disposition', value: 'attachment; filename="report.html"' }, false],
  ['a file of a kind that nobody knows', { name: 'Content-Disposition', value: 'form-data; name=a' }, false],
  ['what nobody may change', { name: 'Cache-Control', value: 'private, no-transform' }, false],
  ['a page with a name', { name: 'Content-Disposition', value: 'inline; filename="report.html"' }, true],
])('%s: whether it has the bar', async (_, header, hasBar) => {
  const body = utf8('<html><body></body></html>')
  const { port } = await gatewayOf(() => ({ headers: [html, header, { name: 'ETag', value: '"e"' }], body }))
  const seen = await ask(port, ['Sec-Fetch-Dest: document'])
  expect([seen.body.includes('<script'), seen.body.equals(body), seen.head.includes('etag')]).toEqual([hasBar, !hasBar, !hasBar])
})

test('where a script died somebody who looks gets a page, with what else the site said; a program gets what the site said', async () => {
  const headers = [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'Content-Security-Policy', value: "default-src 'none'" },
    { name: 'Content-Disposition', value: 'attachment' },
    { name: 'ETag', value: '"e"' },
    { name: 'Set-Cookie', value: 'a=1' },
    { name: 'Set-Cookie', value: 'b=2' },
    { name: 'Retry-After', value: '120' },
    { name: 'X-Reason', value: 'maintenance' },
  ]
  const { port } = await gatewayOf(() => ({ status: 503, headers }))
  for (const lines of [['Sec-Fetch-Dest: document'], ['Accept: text/html,*/*']]) {
    const { head, body } = await ask(port, lines)
    expect([header(head, 'interpeer-error'), header(head, 'content-type')]).toEqual(['script_failed', 'text/html; charset=utf-8'])
    expect(body.toString()).toContain('failed')
    expect([header(head, 'retry-after'), header(head, 'x-reason'), header(head, 'etag')]).toEqual(['120', 'maintenance', undefined])
    expect([header(head, 'content-disposition'), header(head, 'cache-control')]).toEqual([undefined, 'no-store'])
    expect(head.match(/^set-cookie: .*$/gm)).toEqual(['set-cookie: a=1', 'set-cookie: b=2'])
    expect(header(head, 'content-security-policy')).toBe(PAGE_CSP.toLowerCase())
  }
  for (const lines of [['Sec-Fetch-Dest: empty', 'Accept: text/html'], ['Accept: */*'], []]) {
    const { head, body } = await ask(port, lines)
    expect([header(head, 'interpeer-error'), header(head, 'content-type'), body.length]).toEqual([undefined, 'application/json', 0])
    expect([header(head, 'retry-after'), header(head, 'etag')]).toEqual(['120', '"e"'])
  }
})
