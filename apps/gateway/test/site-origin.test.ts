import { connect } from 'node:net'
import { PeerError } from '@interpeer/peer'
import type { Peer, VisitorRequest } from '@interpeer/peer/node'
import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { type Listening, listen } from '../src/listen.js'
import { gatewayApp } from '../src/server.js'
import { ask, gatewayOf, header, plain, raw, utf8 } from './one-site.js'

let http: Listening | undefined
afterEach(() => http?.close())

test('HEAD has the length that the site says, and no body', async () => {
  const { port } = await gatewayOf(() => ({
    headers: [
      { name: 'content-length', value: '1234' },
      { name: 'etag', value: '"e"' },
    ],
  }))
  const { head, body } = await ask(port, [], { method: 'HEAD' })
  expect([header(head, 'content-length'), header(head, 'etag'), body.length]).toEqual(['1234', '"e"', 0])
})

test('conditions, ranges and cookies go through to the site, connections do not; letters stay letters', async () => {
  const { port, asked } = await gatewayOf(() => ({
    status: 304,
    headers: [
      { name: 'Set-Cookie', value: 'a=1; Domain=localhost; SameSite=Lax' },
      { name: 'set-cookie', value: 'b=2' },
      { name: 'X-Name', value: 'Zoë' },
      { name: 'Transfer-Encoding', value: 'chunked' },
    ],
  }))
  const given = [
    'If-None-Match: "e"',
    'Range: bytes=0-1',
    'Cookie: n=Zo\xc3\xab',
    'Connection: close, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: 5',
    'Accept-Encoding: br',
    'Interpeer-Step: 9',
  ]
  const socketText = Buffer.from(['GET /a%2Fb?c HTTP/1.1', 'Host: site.localhost', ...given, '', ''].join('\r\n'), 'latin1')
  const { head, body } = await raw(port, socketText)
  expect(asked.map(({ method, target, host }) => [method, target, host])).toEqual([['GET', '/a%2Fb?c', 'site.localhost']])
  const names = asked[0]?.headers.map(({ name, value }) => `${name}: ${value}`)
  expect(names?.sort()).toEqual(['cookie: n=Zoë', 'if-none-match: "e"', 'range: bytes=0-1'])
  expect(
    head
      .split('\r\n')
      .filter((line) => line.startsWith('set-cookie'))
      .sort(),
  ).toEqual(['set-cookie: a=1; samesite=lax', 'set-cookie: b=2'])
  expect(header(head, 'x-name')).toBe('zo\xe3\xab') // in lower case as Latin-1
  expect([head.split('\r\n')[0], body.length]).toEqual(['http/1.1 304 not modified', 0])
})

test('a browser whose write is late is known when it sends it again, and nobody else is taken for it; its site learns nothing of that', async () => {
  const { port, asked, askers } = await gatewayOf(({ method }) =>
    method === 'POST' ? { ran: 'refused', code: 'GROUP_SLOW', status: 504, body: utf8('GROUP_SLOW') } : {},
  )
  const post = (...cookies: string[]) => ask(port, ['Content-Length: 0', ...cookies.map((one) => `Cookie: ${one}`)], { method: 'POST' })
  const { head } = await post('s=1')
  const cookie = /^set-cookie: (interpeer-asker=[^;]+); max-age=300; path=\/; httponly; samesite=lax/m.exec(head)?.[1] as string
  expect(cookie).toBeDefined()
  // letters of the head are small here
  expect(`interpeer-asker=${askers[0]}`.toLowerCase()).toBe(cookie)
  const known = `interpeer-asker=${askers[0]}`
  await post(`${known}; s=1`)
  await post(`s=1; ${known}`)
  await post(known)
  await post('s=1')
  await post('interpeer-asker=guess')
  expect(askers.slice(1, 4)).toEqual([askers[0], askers[0], askers[0]])
  expect(new Set(askers).size).toBe(3)
  const cookies = asked.map(({ headers }) => headers.find(({ name }) => name === 'cookie')?.value)
  expect(cookies).toEqual(['s=1', 's=1', 's=1', undefined, 's=1', undefined])
  expect((await ask(port)).head).not.toContain('set-cookie')
})

test('a long file comes as it is taken, with its length and digest', async () => {
  let given = 0
  const { port } = await gatewayOf(() => ({
    headers: [{ name: 'repr-digest', value: 'sha-256=:abc:' }],
    download: {
      length: 5_000_000,
      heldBytes: 1,
      read: async function* () {
        for (; given < 5; given++) yield new Uint8Array(1_000_000).fill(given)
      },
    },
  }))
  const { head, body } = await ask(port)
  expect([header(head, 'content-length'), header(head, 'interpeer-digest'), body.length, body[4_999_999]]).toEqual([
    '5000000',
    'sha-256=:abc:',
    5_000_000,
    4,
  ])
})

test('where a piece is false the connection breaks off, and nobody takes what came for the file', async () => {
  const { port } = await gatewayOf(() => ({
    download: {
      length: 1_000_040,
      heldBytes: 1,
      read: async function* () {
        yield new Uint8Array(1_000_000)
        throw new PeerError({ code: 'REPLY_FALSE', reason: 'a test' })
      },
    },
  }))
  const { head, body } = await ask(port)
  expect(header(head, 'content-length')).toBe('1000040')
  // not a word about it takes the place of what is missing
  expect(body.every((byte) => byte === 0) && body.length <= 1_000_000).toBe(true)
})

test('who goes away in the middle ends the download', async () => {
  let isEnded = false
  const begun = new Promise<void>((resolve, reject) => {
    void gatewayOf(() => ({
      download: {
        length: 1e12,
        heldBytes: 1,
        read: async function* () {
          try {
            for (;;) yield new Uint8Array(1_000_000)
          } finally {
            isEnded = true
            resolve()
          }
        },
      },
    })).then(({ port }) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('data', () => socket.destroy())
      socket.write('GET / HTTP/1.1\r\nHost: site.localhost\r\n\r\n')
    }, reject)
  })
  await begun
  expect(isEnded).toBe(true)
})

test('who leaves a page ends the asking for it; what was to be saved is seen through', async () => {
  const { port, signals } = await gatewayOf(() => new Promise(() => {}))
  for (const method of ['GET', 'POST']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(`${method} / HTTP/1.1\r\nHost: site.localhost\r\nContent-Length: 0\r\n\r\n`)
    await expect.poll(() => signals.length).toBe(method === 'GET' ? 1 : 2)
    socket.destroy()
  }
  await expect.poll(() => signals[0]?.aborted).toBe(true)
  expect(signals[1]).toBe(undefined)
})

test('what stops coming is given up, and whoever sent it is told', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const { port, asked } = await gatewayOf(() => ({}))
    const waiting = vi.getTimerCount()
    const slow = raw(port, 'POST / HTTP/1.1\r\nHost: site.localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhello')
    while (vi.getTimerCount() === waiting) await new Promise(setImmediate)
    await vi.advanceTimersByTimeAsync(60_000)
    const { head, body } = await slow
    expect([head.split('\r\n')[0], header(head, 'interpeer-error'), asked]).toEqual([
      'http/1.1 408 request timeout',
      'request_too_slow',
      [],
    ])
    expect(body.toString()).not.toContain('may still be saved')
  } finally {
    vi.useRealTimers()
  }
})

test('who does not take what it asked for gets no more of it, until that is gone', async () => {
  const body = new Uint8Array(12 * 1024 * 1024)
  const { port, asked } = await gatewayOf(() => ({ body }))
  const unread = Array.from({ length: 5 }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: site.localhost\r\n\r\n')
    return socket
  })
  await expect.poll(() => asked.length).toBe(5)
  await expect.poll(async () => (await ask(port)).head).toContain('interpeer-error: answers_busy')
  for (const socket of unread) socket.destroy()
  await expect.poll(async () => (await ask(port)).body.length).toBe(body.length)
})

test('who asks first is told whether to send; what is too long gets an answer', async () => {
  const { port, asked } = await gatewayOf(({ body }) => ({ body: utf8(`${body.length}`) }))
  const post = (length: number, body: string) =>
    raw(
      port,
      `POST / HTTP/1.1\r\nHost: site.localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
      body,
    )
  const small = await post(5, 'hello')
  expect([small.head, small.body.toString().includes('200 OK'), small.body.toString().endsWith('5')]).toEqual([
    'http/1.1 100 continue',
    true,
    true,
  ])
  const large = await post(20_000_000, '')
  expect([large.head.split('\r\n')[0], asked.length]).toEqual(['http/1.1 413 payload too large', 1])
})

test('uploads that fill what one visitor may have in the gateway are told so; what was answered gives its room back', async () => {
  const MIB = 1024 * 1024
  const release: (() => void)[] = []
  const asked: number[] = []
  const askSite = async (_: string, { body }: VisitorRequest) => {
    asked.push(body.length)
    await new Promise<void>((resolve) => release.push(resolve))
    return plain
  }
  const app = (port: number) =>
    gatewayApp({
      peer: { askSite, isDisputed: () => false } as unknown as Peer,
      hostName: 'localhost',
      port,
      log: pino({ level: 'silent' }),
    })
  http = await listen({ host: '127.0.0.1', port: 0, bodyMaxBytes: 16 * MIB, app })
  const { port } = http
  const body = new Uint8Array(16 * MIB)
  const post = (lines: readonly string[], sent: Uint8Array | string = '') =>
    raw(port, ['POST / HTTP/1.1', 'Host: site.localhost', 'Connection: close', ...lines, '', ''].join('\r\n'), sent)
  const first = Array.from({ length: 4 }, () => post([`Content-Length: ${body.length}`], body))
  await expect.poll(() => asked).toEqual(Array.from({ length: 4 }, () => body.length))
  const full = await post([`Content-Length: ${MIB + 1}`])
  expect([full.head.split('\r\n')[0], header(full.head, 'interpeer-error')]).toEqual(['http/1.1 503 service unavailable', 'uploads_busy'])
  expect((await post([`Content-Length: ${body.length + 1}`])).head).toContain('503')
  for (const one of release.splice(0)) one()
  await Promise.all(first)
  expect((await post([`Content-Length: ${body.length + 1}`])).head.split('\r\n')[0]).toBe('http/1.1 413 payload too large')
  const last = post(['Content-Length: 1'], 'x')
  await expect.poll(() => release.length).toBe(1)
  release[0]?.()
  expect((await last).head.split('\r\n')[0]).toBe('http/1.1 200 ok')
})
