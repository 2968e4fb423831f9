import { expect, test, vi } from 'vitest'
import { headersForSite, headersForVisitor, isBodiless, readBody } from '../src/node/visitor-http.js'

test('a site gets what a browser says, but nothing of the connection, and nothing that is ours', () => {
  const given = new Headers({ cookie: 'a=b', accept: '*/*', connection: 'keep-alive', 'accept-encoding': 'gzip', 'interpeer-peer': 'x' })
  expect(headersForSite(given)).toEqual([
    { name: 'accept', value: '*/*' },
    { name: 'cookie', value: 'a=b' },
  ])
})

test('a visitor can not say what only a proxy may: from where it comes, and for which address it asks', () => {
  const names = [
    ...[
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Forwarded-Prefix',
      'X-Forwarded',
      'X-Real-IP',
      'Client-IP',
    ],
    ...[
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-Original-Host',
      'X-Host',
      'X-Client-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
      'Front-End-Https',
    ],
    ...['X-Scheme', 'X-Url-Scheme', 'Proxy', 'Via', 'X-Cluster-Client-IP', 'X-HTTP-Host-Override'],
  ]
  const theirs = ['x-csrf-token', 'x-forward', 'x-http-method-override', 'x-requested-with']
  const given = new Headers([...names, ...theirs].map((name) => [name, '1'] as [string, string]))
  expect(headersForSite(given).map(({ name }) => name)).toEqual(theirs)
})

test('a browser gets what a site says: each cookie by itself and for this origin alone, nothing that HTTP can not carry', () => {
  const headers = headersForVisitor([
    { name: 'Set-Cookie', value: 'a=b; Domain=example.org; Path=/' },
    { name: 'Set-Cookie', value: 'domain=c; HttpOnly' },
    { name: 'Content-Length', value: '5' },
    { name: 'X-Bad', value: 'a\nb' },
    { name: 'X-Good', value: 'yes' },
  ])
  expect([...headers]).toEqual([
    ['set-cookie', 'a=b; Path=/'],
    ['set-cookie', 'domain=c; HttpOnly'],
    ['x-good', 'yes'],
  ])
})

test('a site says nothing in the name of the peer that passes its answers on, nor to the server that writes them', () => {
  const names = ['Interpeer-Certificate', 'interpeer-digest', 'Interpeer-Stale', 'X-Hono-Already-Sent', 'Interpeer-Error', 'x-good']
  expect([...headersForVisitor(names.map((name) => ({ name, value: '1' }))).keys()]).toEqual(['interpeer-error', 'x-good'])
})

test('HEAD has no body, nor has 304', () => {
  expect([isBodiless('HEAD', 200), isBodiless('GET', 304), isBodiless('GET', 200)]).toEqual([true, true, false])
})

test('a body is read up to its limit, whatever length it claims', async () => {
  const posted = (body: string, length?: string) =>
    new Request('http://localhost/', { method: 'POST', body, ...(length === undefined ? {} : { headers: { 'content-length': length } }) })
  expect(new TextDecoder().decode(await readBody(posted('four'), 4))).toBe('four')
  expect(await readBody(posted('fives'), 4)).toBe(undefined)
  expect(await readBody(posted('x', '5'), 4)).toBe(undefined)
  expect(await readBody(new Request('http://localhost/'), 4)).toEqual(new Uint8Array())
})

test('of a body that comes in parts nothing is kept but one copy', async () => {
  for (const length of [undefined, '300000', '7']) {
    // whoever reads a socket may use the room of each part again
    const room = new Uint8Array(1000)
    let sent = 0
    const source = {
      pull(stream: ReadableStreamDefaultController<Uint8Array>) {
        if (sent === 300) return stream.close()
        room.fill(sent++)
        stream.enqueue(room)
      },
    }
    // one part at a time, when it is asked for
    const body = new ReadableStream(source, { highWaterMark: 0 })
    const headers = length === undefined ? {} : { 'content-length': length }
    const request = new Request('http://localhost/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
    const read = await readBody(request, 1_000_000)
    expect(read?.length).toBe(300_000)
    expect([0, 1, 150, 298].map((part) => read?.[part * 1000])).toEqual([0, 1, 150, 298 % 256])
  }
})

test('a body may take as long as it needs while enough of it comes; one that stops coming is not waited for', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = controller
      },
    })
    const read = readBody(new Request('http://localhost/', { method: 'POST', body, duplex: 'half' } as RequestInit), 1_000_000)
    for (let i = 0; i < 5; i++) {
      stream?.enqueue(new Uint8Array(128 * 1024))
      await new Promise(setImmediate)
      await vi.advanceTimersByTimeAsync(60_000)
    }
    stream?.enqueue(new Uint8Array(1))
    stream?.close()
    expect((await read)?.length).toBe(5 * 128 * 1024 + 1)
    expect(vi.getTimerCount()).toBe(0)
    const trickle = readBody(
      new Request('http://localhost/', {
        method: 'POST',
        body: new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(100)) }),
        duplex: 'half',
      } as RequestInit),
      1_000_000,
    )
    const refused = expect(trickle).rejects.toMatchObject({ code: 'REQUEST_TOO_SLOW', failure: { bytes: 100 } })
    await new Promise(setImmediate)
    await vi.advanceTimersByTimeAsync(60_000)
    await refused
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
