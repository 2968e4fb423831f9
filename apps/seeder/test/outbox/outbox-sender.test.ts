import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OutboxRequest } from '@interpeer/peer'
import { afterEach, expect, test } from 'vitest'
import { mailText } from '../../src/outbox/mail-text.js'
import { type OutboxOptions, outboxSender } from '../../src/outbox/outbox-sender.js'
import { isElsewhere, isPublicAddress } from '../../src/outbox/public-address.js'
import { openSmtpSink, type SmtpSink } from './smtp-sink.js'

const KEY = 'ab'.repeat(32)
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const utf8 = (text: string) => new TextEncoder().encode(text)
const open: { close: () => unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})
const senderWith = (options: Partial<OutboxOptions>) => {
  const sender = outboxSender({ from: 'seeder@a.test', http: false, allowPrivate: false, ...options }, log)
  if (sender === undefined) throw new Error('it sends nothing')
  return (request: OutboxRequest, key: string, signal = new AbortController().signal) => sender(request, key, signal)
}
const DECLINED = { outcome: 'declined' }
async function sink(): Promise<SmtpSink> {
  const one = await openSmtpSink()
  open.push(one)
  return one
}
const mail = (more: Partial<OutboxRequest & { type: 'mail' }> = {}): OutboxRequest & { type: 'mail' } => ({
  ...{ type: 'mail', to: 'Ada <ada@a.test>', subject: 'Hello', headers: [], body: utf8('one\n.two\n') },
  ...more,
})

test('a mail reaches the server with the key as its Message-ID', async () => {
  const { port, mails } = await sink()
  const sender = senderWith({ smtp: { host: '127.0.0.1', port } })
  const headers = [
    ['From', 'Wiki <wiki@a.test>'],
    ['Cc', 'bob@a.test'],
    ['Bcc', 'eve@a.test'],
    ['Message-ID', '<mine@a.test>'],
  ] as const
  expect(await sender(mail({ headers }), KEY)).toMatchObject({ outcome: 'sent', answer: { status: 250 } })
  expect(mails).toHaveLength(1)
  expect(mails[0]).toMatchObject({ from: 'seeder@a.test', to: ['ada@a.test', 'bob@a.test', 'eve@a.test'] })
  const lines = mails[0]?.text.split('\r\n') ?? []
  expect(lines).toEqual(
    expect.arrayContaining([
      `Message-ID: <${KEY}@interpeer>`,
      'From: Wiki <wiki@a.test>',
      'Cc: bob@a.test',
      'To: Ada <ada@a.test>',
      'Subject: Hello',
      'one',
      '.two',
    ]),
  )
  expect(mails[0]?.text).not.toContain('eve@')
  expect(mails[0]?.text).not.toContain('mine@')
})

test('what the server refuses for good is refused, with its words; a server that is not there declines', async () => {
  const { port, close } = await sink()
  const sender = senderWith({ smtp: { host: '127.0.0.1', port } })
  const refused = await sender(mail({ to: 'nobody@a.test' }), KEY)
  expect([refused.outcome, refused.answer?.status, new TextDecoder().decode(refused.answer?.body)]).toEqual([
    'refused',
    550,
    '550 nobody here',
  ])
  expect(await sender(mail({ to: 'no address' }), KEY)).toEqual({ outcome: 'malformed' })
  const some = await sender(mail({ to: 'ada@a.test, nobody@a.test' }), KEY)
  expect(some).toMatchObject({ outcome: 'sent', answer: { status: 250, headers: [['rejected', 'nobody@a.test']] } })
  await close()
  expect(await sender(mail(), KEY)).toEqual(DECLINED)
})

test.each([
  ['greets with a refusal', { greeting: '554 not from you' }, 'declined'],
  ['is full', { RCPT: '452 later' }, 'declined'],
  ['does not know who it is from', { MAIL: '550 who?' }, 'refused'],
  ['takes no data', { DATA: '554 no' }, 'refused'],
  ['refuses what it read', { end: '552 too much' }, 'refused'],
  ['wants what it read later', { end: '451 later' }, 'declined'],
  ['hangs up instead of an answer', { end: '' }, 'unknown'],
  ['hangs up before the mail', { DATA: '' }, 'declined'],
] as const)('a mail server that %s', async (_, said, outcome) => {
  const one = await openSmtpSink(said)
  open.push(one)
  const result = await senderWith({ smtp: { host: '127.0.0.1', port: one.port } })(mail(), KEY)
  expect(result.outcome).toBe(outcome)
})

test.each([
  ['DATA', 'declined'],
  ['end', 'unknown'],
] as const)('time that is over while the server is silent after %s: whether the mail may be out is told', async (at, outcome) => {
  const turn = new AbortController()
  const one = await openSmtpSink({ [at]: () => turn.abort() })
  open.push(one)
  expect(await senderWith({ smtp: { host: '127.0.0.1', port: one.port } })(mail(), KEY, turn.signal)).toEqual({ outcome })
})

test('whoever allows nothing sends nothing; who allows mail sends no HTTP, and the other way round', async () => {
  expect(outboxSender({ from: '', http: false, allowPrivate: true }, log)).toBeUndefined()
  const { port, mails } = await sink()
  expect(
    await senderWith({ smtp: { host: '127.0.0.1', port }, allowPrivate: true })({ ...GET, url: `http://127.0.0.1:${port}/` }, KEY),
  ).toEqual(DECLINED)
  expect(await senderWith({ http: true })(mail(), KEY)).toEqual(DECLINED)
  expect(mails).toEqual([])
})

test('a flood of requests is declined beyond its bound', async () => {
  const { url, seen } = await website({ status: 200 })
  const sender = senderWith({ http: true, allowPrivate: true })
  const answers = await Promise.all(Array.from({ length: 300 }, () => sender({ ...GET, url }, KEY)))
  expect(answers.filter(({ outcome }) => outcome === 'declined').length).toBeGreaterThan(0)
  expect(seen.length).toBe(answers.filter(({ outcome }) => outcome === 'sent').length)
})

test('text beyond ASCII, long lines and zeros arrive as they were', () => {
  const body = `Grüße\0\n${'x'.repeat(2000)}`
  const { raw, recipients } = mailText(mail({ to: '"Ä, B" <a@a.test>, b@a.test', subject: 'Grüße '.repeat(30), body: utf8(body) }), KEY, {
    from: 'f@a.test',
    dateMs: 0,
  }) ?? { raw: Buffer.from(''), recipients: [] }
  expect(recipients).toEqual(['a@a.test', 'b@a.test'])
  const text = raw.toString('latin1')
  expect(text.split('\r\n').every((line) => line.length <= 100 && /^[ -~]*$/.test(line))).toBe(true)
  const [head = '', content = ''] = text.split('\r\n\r\n')
  expect(head).toContain('From: f@a.test')
  expect(head).toContain('Date: Thu, 01 Jan 1970 00:00:00 +0000')
  const words = [
    ...(
      head
        .replaceAll('\r\n ', '')
        .split('\r\n')
        .find((line) => line.startsWith('Subject')) ?? ''
    ).matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g),
  ]
  expect(words.map(([, word = '']) => Buffer.from(word, 'base64').toString('utf8')).join('')).toBe('Grüße '.repeat(30))
  expect(Buffer.from(content, 'base64').toString('utf8')).toBe(body.replace('\n', '\r\n'))
})

test('no header of a script can add another, or a recipient', () => {
  const headers = [['X-A', 'a\r\nBcc: eve@a.test']] as const
  for (const one of [{ headers }, { subject: 'a\nBcc: eve@a.test' }, { headers: [['X-A: b\r\nBcc', 'eve@a.test']] as const }])
    expect(mailText(mail(one), KEY, { from: '', dateMs: 0 })).toBeUndefined()
  expect(mailText(mail({ to: 'a@a.test, <b@b.test> c@c.test' }), KEY, { from: '', dateMs: 0 })).toBeUndefined()
  expect(mailText(mail({ to: Array.from({ length: 51 }, (_, i) => `a${i}@a.test`).join() }), KEY, { from: '', dateMs: 0 })).toBeUndefined()
})

const GET = { type: 'http', method: 'GET', url: '', headers: [], body: new Uint8Array() } as const
interface Seen {
  readonly method: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
async function website(answer: {
  status: number
  headers?: Record<string, string>
  body?: string
}): Promise<{ url: string; port: number; seen: Seen[] }> {
  const seen: Seen[] = []
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ method: request.method, headers: request.headers, body })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/a?b`, port, seen }
}

test('an HTTP request has the key as its Idempotency-Key, and nothing that is the connection’s', async () => {
  const { url, seen } = await website({ status: 201, headers: { 'x-answer': 'yes' }, body: 'done' })
  const sender = senderWith({ http: true, allowPrivate: true })
  const headers = [
    ['X-A', '1'],
    ['x-a', '2'],
    ['Host', 'evil.test'],
    ['Content-Length', '999'],
    ['Idempotency-Key', 'mine'],
    ['Transfer-Encoding', 'chunked'],
  ] as const
  const { answer } = await sender({ ...GET, method: 'POST', url, headers, body: utf8('{}') }, KEY)
  expect([answer?.status, new TextDecoder().decode(answer?.body), answer?.headers.find(([name]) => name === 'x-answer')]).toEqual([
    201,
    'done',
    ['x-answer', 'yes'],
  ])
  expect(seen).toMatchObject([{ method: 'POST', body: '{}', headers: { 'idempotency-key': KEY, 'x-a': '1, 2', 'content-length': '2' } }])
  expect(seen[0]?.headers.host).toMatch(/^127\.0\.0\.1:/)
})

test('no redirect is followed, and of a large answer only the beginning is taken', async () => {
  const there = await website({ status: 200, body: 'x'.repeat(1_000_000) })
  const here = await website({ status: 302, headers: { location: there.url } })
  const sender = senderWith({ http: true, allowPrivate: true })
  expect(await sender({ ...GET, url: here.url }, KEY)).toMatchObject({ outcome: 'sent', answer: { status: 302 } })
  expect(there.seen).toEqual([])
  expect((await sender({ ...GET, url: there.url }, KEY)).answer?.body.length).toBe(256 * 1024)
})

test.each([
  [200, 'sent'],
  [404, 'sent'],
  [500, 'sent'],
  [408, 'declined'],
  [425, 'declined'],
  [429, 'declined'],
  [503, 'declined'],
])('an HTTP answer of %i: %s', async (status, outcome) => {
  const { url } = await website({ status })
  expect((await senderWith({ http: true, allowPrivate: true })({ ...GET, url }, KEY)).outcome).toBe(outcome)
})

test('an HTTP request whose answer does not come may be out; one that found no server is not; a name that is none is told', async () => {
  const turn = new AbortController()
  const silent = createServer(() => turn.abort())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => silent.closeAllConnections() }, { close: () => new Promise((resolve) => silent.close(resolve)) })
  const sender = senderWith({ http: true, allowPrivate: true })
  const { port } = silent.address() as AddressInfo
  expect(await sender({ ...GET, url: `http://127.0.0.1:${port}/` }, KEY, turn.signal)).toEqual({ outcome: 'unknown' })
  const { port: free, close } = await sink()
  await close()
  expect(await sender({ ...GET, url: `http://127.0.0.1:${free}/` }, KEY)).toEqual(DECLINED)
  expect((await sender({ ...GET, url: 'http://nobody.invalid/' }, KEY)).outcome).toMatch(/^(name|declined)$/) // without a resolver nobody knows
})

test('neither this host’s own public addresses nor what clouds answer their machines on are reached', () => {
  const interfaces = ['127.0.0.1', '8.8.4.4', '2606:4700::5', 'fe80::1%eth0']
  expect(isElsewhere('8.8.8.8', [], interfaces)).toBe(true)
  expect(isElsewhere('2606:4700::6', ['seeder.a.test'], interfaces)).toBe(true)
  for (const address of [
    '8.8.4.4',
    '2606:4700::5',
    '2606:4700:0:0::5',
    '9.9.9.9',
    '168.63.129.16',
    '100.100.100.200',
    'fd00:ec2::254',
    '::1',
  ])
    expect([address, isElsewhere(address, ['9.9.9.9'], interfaces)]).toEqual([address, false])
})

test.each([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://[::1]:PORT/',
  'http://0.0.0.0:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f.1:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://user:pw@127.0.0.1:PORT/',
])('sites reach nothing of this machine through %s', async (pattern) => {
  const { port, seen } = await website({ status: 200 })
  expect(await senderWith({ http: true })({ ...GET, url: pattern.replace('PORT', String(port)) }, KEY)).toEqual({ outcome: 'target' })
  expect(seen).toEqual([])
})

test.each([
  ['8.8.8.8', true],
  ['2606:4700::1111', true],
  ['1.1.1.1', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.31.255.255', false],
  ['192.168.0.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['::ffff:8.8.8.8', false],
  ['64:ff9b::a00:1', false],
  ['2002:7f00:1::', false],
  ['2001:db8::1', false],
  ['ff02::1', false],
  ['localhost', false],
  ['', false],
])('%s is a public address: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})
