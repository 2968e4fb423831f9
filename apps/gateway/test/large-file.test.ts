import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { accountOfPeer, createSigner, type PeerId } from '@interpeer/crypto-ids'
import { openPeer, type Peer } from '@interpeer/peer/node'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Listening, listen } from '../src/listen.js'
import { gatewayApp } from '../src/server.js'

/** In CI small; by hand: LARGE_FILE_MIB=200, which also says what memory the gateway and the member took. */
const { LARGE_FILE_MIB = '24' } = process.env
const MIB = Number(LARGE_FILE_MIB)
const BYTES = MIB * 2 ** 20
/** Says what PHP got. */
const UPLOAD = `<?php
$files = array_map(fn ($file) => [$file['size'], $file['error'], $file['error'] === 0 ? sha1_file($file['tmp_name']) : ''], $_FILES);
echo json_encode([$_SERVER['CONTENT_LENGTH'] ?? '', sha1(file_get_contents('php://input')), $files, $_POST]);
file_put_contents('log.txt', 'x', FILE_APPEND);`
const folder = mkdtempSync(join(tmpdir(), 'large-file-'))
const whole = createHash('sha256')

let member: ChildProcess
let peer: Peer
let http: Listening
/** Pieces that the gateway gave on, of all downloads. */
let pieces = 0
let ask: () => Promise<Record<string, unknown>>

beforeAll(async () => {
  for (const name of ['site', 'member', 'gateway']) mkdirSync(join(folder, name))
  await writeFilm(join(folder, 'site', 'film.webm'))
  writeFileSync(join(folder, 'site', 'up.php'), UPLOAD)
  writeFileSync(join(folder, 'site', 'style.css'), 'body { color: teal }')
  const signer = createSigner(new Uint8Array(32).fill(9))
  const script = new URL('large-file-member.mjs', import.meta.url).pathname
  member = spawn(process.execPath, [script, join(folder, 'member'), accountOfPeer(signer.peerId)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: member.stdout as NonNullable<typeof member.stdout> })[Symbol.asyncIterator]()
  const next = async () => JSON.parse((await lines.next()).value ?? 'null') as Record<string, unknown>
  const at = (await next()) as { peer: PeerId; host: string; port: number; genesis: string; runtimeId: string }
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  peer = await openPeer({
    ...{ data: join(folder, 'gateway'), signer, genesis: at.genesis, host: '127.0.0.1', port: 0 },
    ...{ bootstrap: [{ peer: at.peer, host: at.host, port: at.port }], runtime: null, log, readChecksPerMille: 0 },
  })
  await peer.publish({
    folder: join(folder, 'site'),
    name: 'films',
    groupSize: 1,
    escrow: 500_000_000_000n,
    runtimeId: at.runtimeId,
    progress: () => {},
  })
  ask = () => {
    member.stdin?.write('\n')
    return next()
  }
  const counted: Peer = {
    ...peer,
    askSite: async (...asked) => {
      const answer = await peer.askSite(...asked)
      if (answer.download === undefined) return answer
      const { read } = answer.download
      async function* counting() {
        for await (const piece of read()) {
          pieces++
          yield piece
        }
      }
      return { ...answer, download: { ...answer.download, read: counting } }
    },
  }
  const app = (port: number) => gatewayApp({ peer: counted, hostName: 'localhost', port, log: pino({ level: 'silent' }) })
  http = await listen({ host: '127.0.0.1', port: 0, bodyMaxBytes: 1000, app })
  while ((await get('/')).response.statusCode === 503) await setTimeout(200) // it fetches the site
})

afterAll(async () => {
  await http?.close()
  await peer?.close()
  if (member?.exitCode === null) {
    member.stdin?.end()
    await once(member, 'exit')
  }
  rmSync(folder, { recursive: true, force: true })
})

/** One MiB of the file. */
function pieceOf(i: number): Buffer {
  const piece = Buffer.alloc(2 ** 20)
  for (let at = 0, state = i + 1; at < piece.length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    piece.writeUInt32LE(state, at)
  }
  return piece
}
/** Different in each piece, and never in memory as a whole. */
async function writeFilm(path: string): Promise<void> {
  const out = createWriteStream(path)
  for (let i = 0; i < MIB; i++) {
    const piece = pieceOf(i)
    whole.update(piece)
    if (!out.write(piece)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}

function get(path: string, headers: Record<string, string> = {}): Promise<{ response: IncomingMessage; end: () => void }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: http.port, path, headers: { host: 'films.localhost', ...headers }, agent: false })
    asked.on('response', (response) => {
      response.on('error', () => {})
      resolve({ response, end: () => asked.destroy() })
    })
    asked.on('error', reject)
    asked.end()
  })
}
/** Takes what comes; at most so much. */
async function take(response: IncomingMessage, into: ReturnType<typeof createHash>, mostBytes = Number.POSITIVE_INFINITY): Promise<number> {
  let taken = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    const part = chunk.subarray(0, mostBytes - taken)
    into.update(part)
    taken += part.length
    if (taken >= mostBytes) break
  }
  return taken
}
const digest = whole.copy.bind(whole)
const isWhole = (seen: ReturnType<typeof createHash>) => seen.digest('hex') === digest().digest('hex')

test('a long file comes whole, with the digest that the member signed', async () => {
  const before = process.memoryUsage.rss()
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 50)
  const { response } = await get('/film.webm')
  const seen = createHash('sha256')
  expect([response.statusCode, response.headers['content-length'], response.headers['accept-ranges']]).toEqual([
    200,
    String(BYTES),
    'bytes',
  ])
  expect(await take(response, seen)).toBe(BYTES)
  clearInterval(watching)
  const base64 = digest().digest('base64')
  expect([response.headers['repr-digest'], response.headers['interpeer-digest']]).toEqual([`sha-256=:${base64}:`, `sha-256=:${base64}:`])
  expect(isWhole(seen)).toBe(true)
  const gateway = { beforeMiB: Math.round(before / 2 ** 20), mostMiB: Math.round(most / 2 ** 20) }
  console.log(`a file of ${MIB} MiB`, { gateway, member: await ask() })
})

test('one who stops taking is not sent for: the gateway asks for no more than fits on the way', async () => {
  pieces = 0
  const { response, end } = await get('/film.webm')
  response.pause()
  let [last, same] = [-1, 0]
  while (same < 10) {
    await setTimeout(100)
    same = pieces === last ? same + 1 : 0
    last = pieces
  }
  expect(pieces).toBeGreaterThan(0)
  expect(pieces).toBeLessThan(Math.min(MIB, 20))
  end()
})

test('what broke off is taken up where it broke, at any byte, and the whole is the file', async () => {
  const seen = createHash('sha256')
  const first = await get('/film.webm')
  const { etag } = first.response.headers
  let at = await take(first.response, seen, 5 * 2 ** 20 + 12_345)
  first.end()
  for (const more of [3 * 2 ** 20 + 1, 17, BYTES]) {
    const { response, end } = await get('/film.webm', { range: `bytes=${at}-`, 'if-range': etag ?? '' })
    expect([response.statusCode, response.headers['content-range'], response.headers['content-length']]).toEqual([
      206,
      `bytes ${at}-${BYTES - 1}/${BYTES}`,
      String(BYTES - at),
    ])
    at += await take(response, seen, more)
    end()
  }
  expect([at, isWhole(seen)]).toEqual([BYTES, true])
})

test.each([
  ['a part inside one piece', 'bytes=1000-1999', 1000, 2000],
  ['a part over the edge of two', `bytes=${2 ** 20 - 5}-${2 ** 20 + 4}`, 2 ** 20 - 5, 2 ** 20 + 5],
  ['the last bytes', 'bytes=-10', BYTES - 10, BYTES],
  ['a part of several pieces', `bytes=${2 ** 20 + 7}-${4 * 2 ** 20}`, 2 ** 20 + 7, 4 * 2 ** 20 + 1],
])('%s', async (_, range, start, end) => {
  const { response } = await get('/film.webm', { range })
  expect([response.statusCode, response.headers['content-range']]).toEqual([206, `bytes ${start}-${end - 1}/${BYTES}`])
  const chunks: Uint8Array[] = []
  for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const part = Buffer.concat(chunks)
  expect(part.length).toBe(end - start)
  expect(part.equals(expected(start, end))).toBe(true)
})
/** The same bytes as in the file. */
function expected(start: number, end: number): Buffer {
  const [first, last] = [Math.floor(start / 2 ** 20), Math.floor((end - 1) / 2 ** 20)]
  const parts: Buffer[] = []
  for (let i = first; i <= last; i++) parts.push(pieceOf(i))
  return Buffer.concat(parts).subarray(start - first * 2 ** 20, end - first * 2 ** 20)
}

async function post(type: string, body: Uint8Array): Promise<{ status: number | undefined; told: unknown }> {
  const asked = request({
    ...{ host: '127.0.0.1', port: http.port, path: '/up.php', method: 'POST', agent: false },
    headers: { host: 'films.localhost', 'content-type': type, 'content-length': body.length },
  })
  asked.on('error', () => {}) // an answer may come before all was sent
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Uint8Array[] = []
  for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode, told: response.statusCode === 200 ? JSON.parse(text) : response.headers['interpeer-error'] }
}
const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex')

test('a photograph of 8 MiB is what PHP gets, from a gateway whose members know only the session that it began', async () => {
  const photograph = Buffer.concat(Array.from({ length: 8 }, (_, i) => pieceOf(i)))
  expect(await post('image/jpeg', photograph)).toEqual({ status: 200, told: [String(photograph.length), sha1(photograph), [], []] })
  const part = (head: string, body: Uint8Array) =>
    Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), body, Buffer.from('\r\n')])
  const file = part('name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg', photograph)
  const form = Buffer.concat([part('name="title"', Buffer.from('A')), file, Buffer.from('--b--\r\n')])
  const told = [String(form.length), sha1(Buffer.alloc(0)), { photo: [photograph.length, 0, sha1(photograph)] }, { title: 'A' }]
  expect(await post('multipart/form-data; boundary=b', form)).toEqual({ status: 200, told })
})

test('the longest body that there is goes through, and one byte more is too much', async () => {
  const longest = Buffer.concat(Array.from({ length: 16 }, (_, i) => pieceOf(i)))
  expect(await post('image/jpeg', longest)).toEqual({ status: 200, told: [String(longest.length), sha1(longest), [], []] })
  expect(await post('image/jpeg', Buffer.alloc(longest.length + 1))).toEqual({ status: 413, told: 'REQUEST_TOO_LARGE' })
})

test('a small file costs the member one answer; after a write it is asked whether the file is still the same, and no script is kept', async () => {
  const style = async (headers: Record<string, string> = {}) => {
    const { response } = await get('/style.css', headers)
    const chunks: Uint8Array[] = []
    for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk)
    return {
      use: response.headers['interpeer-cache'],
      status: response.statusCode,
      etag: response.headers.etag,
      text: Buffer.concat(chunks).toString(),
    }
  }
  // on a machine that is busy a state may be stale, and takes longer than it counts as the last one: then it is asked for again
  const soon = (headers: Record<string, string>) => expect.poll(() => style(headers))
  await soon({}).toMatchObject({ use: 'hit', status: 200, text: 'body { color: teal }' })
  const first = await style()
  await soon({ cookie: 'a=1' }).toEqual({ ...first, use: 'hit' })
  await soon({ 'if-none-match': first.etag ?? '' }).toEqual({ ...first, use: 'hit', status: 304, text: '' })
  expect((await post('text/plain', Buffer.from('a'))).status).toBe(200)
  expect(await style()).toMatchObject({ use: 'revalidated', status: 200, etag: first.etag, text: first.text })
  expect((await get('/up.php')).response.headers['interpeer-cache']).toBeUndefined()
})
