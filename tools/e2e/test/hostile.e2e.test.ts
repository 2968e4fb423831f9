import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Running, startNetwork } from './running-network.js'

const HOSTILE = fileURLToPath(new URL('../sites/hostile', import.meta.url))
/** Longer than any answer: it comes in pieces, the last of them no whole one. */
const LONG = Uint8Array.from({ length: 10 * 1024 * 1024 + 12_345 }, (_, i) => (i * 31 + (i >> 13)) & 255)
const site = mkdtempSync(join(tmpdir(), 'interpeer-e2e-site-'))
cpSync(HOSTILE, site, { recursive: true })
writeFileSync(join(site, 'long.bin'), LONG)

let running: Running
let pids: readonly number[]
beforeAll(async () => {
  // a long tenure: whoever is asked stays a member
  running = await startNetwork({ seeders: 4, group: 3, cycleMs: 1_000, tenureMs: 300_000, site, name: 'hostile', guardMs: 3_000 })
  pids = running.network.seeders.map(({ pid }) => pid)
})
afterAll(async () => {
  await running?.stop()
  rmSync(site, { recursive: true, force: true })
})

/** Every process that started is still the one that runs, and the site answers. */
async function expectAlive(): Promise<void> {
  expect(running.network.seeders.map(({ pid }) => pid)).toEqual(pids)
  const page = await running.network.fetch('/')
  expect(page.status).toBe(200)
  expect(page.body.toString()).toBe('still here')
}
const ask = async (what: string, method = 'GET') => {
  const { status, headers, body } = await running.network.fetch(`/?do=${what}`, { method })
  return { status, code: headers['interpeer-error'], text: body.toString() }
}

// the others where this machine is too slow for three members at once
const ends = ['SLOT_EXHAUSTED', 'JOB_TOO_SLOW', 'GROUP_SLOW']
test('a script that loops ends with its slot, and the next request is answered', async () => {
  expect(ends).toContain((await ask('loop')).code)
  await expectAlive()
})
test('a write that loops changes nothing, and holds nobody up for good', async () => {
  expect(ends).toContain((await ask('loop', 'POST')).code)
  await expectAlive()
  expect((await running.write('/?do=write')).status).toBe(200)
})
test.each([
  ['memory', 503],
  ['fatal', 500],
  ['recurse', 503],
])('a script that fails (%s) is a %i, alike on every member, and no more', async (what, status) => {
  expect((await ask(what)).status).toBe(status)
  expect((await running.write(`/?do=${what}`)).status).toBe(status)
  await expectAlive()
})
test('a script reaches neither programs, files, sockets nor the environment of its host', async () => {
  const [exec, open, environment] = [await ask('exec'), await ask('open'), await ask('environment')]
  expect(exec.text).not.toContain('uid=')
  expect(open.text).toBe('open: false false')
  expect(environment.text).not.toContain(process.env.PATH ?? 'PATH')
  expect(await ask('exit')).toMatchObject({ status: 200, text: 'before' })
  await expectAlive()
})

test('random, truncated, oversized and replayed datagrams end nothing', async () => {
  const socket = createSocket('udp4')
  const sizes = [0, 1, 4, 12, 28, 100, 1_200, 1_228, 1_229, 8_000, 60_000]
  for (const { host, port } of running.network.seeders) {
    for (let i = 0; i < 300; i++) {
      const datagram = randomBytes(sizes[i % sizes.length] as number)
      for (let again = 0; again < 2; again++) await new Promise((sent) => socket.send(datagram, port, host, sent))
    }
  }
  socket.close()
  await expectAlive()
})
test.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: hostile.localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
  [
    'both a length and chunks',
    'POST / HTTP/1.1\r\nHost: hostile.localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a broken chunk', 'POST / HTTP/1.1\r\nHost: hostile.localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ['a huge header', `GET / HTTP/1.1\r\nHost: hostile.localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
  ['a bad address', 'GET /%zz%00 HTTP/1.1\r\nHost: hostile.localhost\r\n\r\n'],
  ['a bad host', 'GET / HTTP/1.1\r\nHost: ..%%.localhost\r\n\r\n'],
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
])('malformed HTTP gets an answer or a closed connection: %s', async (_, text) => {
  const answer = await new Promise<string>((resolve) => {
    let got = ''
    const socket = connect(running.network.gatewayPort, '127.0.0.1', () => socket.write(text))
    socket.setTimeout(3_000, () => socket.destroy())
    socket.on('data', (part) => {
      got += part
      socket.end()
    })
    socket.on('error', () => resolve(got)).on('close', () => resolve(got))
  })
  expect(answer === '' || /^HTTP\/1.1 [2-5]\d\d /.test(answer), answer.slice(0, 80)).toBe(true)
  await expectAlive()
})
test('a file that is longer than any answer comes whole, in ranges, or not at all where the browser has it', async () => {
  const { network } = running
  const digest = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
  const whole = await network.fetch('/long.bin')
  expect([whole.status, whole.body.length, digest(whole.body)]).toEqual([200, LONG.length, digest(LONG)])
  expect([whole.headers['interpeer-digest'], whole.headers['repr-digest']]).toEqual([digest(LONG), digest(LONG)])
  const range = await network.fetch('/long.bin', { headers: { range: 'bytes=1000000-4000000' } })
  expect([range.status, range.headers['content-range']]).toEqual([206, `bytes 1000000-4000000/${LONG.length}`])
  expect(Buffer.compare(range.body, LONG.subarray(1_000_000, 4_000_001))).toBe(0)
  const head = await network.fetch('/long.bin', { method: 'HEAD' })
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(LONG.length), 0])
  const known = await network.fetch('/long.bin', { headers: { 'if-none-match': String(whole.headers.etag) } })
  expect([known.status, known.body.length]).toEqual([304, 0])
  await expectAlive()
})

test('a folder that links outside itself is not published', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-outward-'))
  writeFileSync(join(folder, 'index.php'), 'x')
  symlinkSync('/etc/passwd', join(folder, 'secret'))
  await expect(running.network.publish(folder, 'outward', 3)).rejects.toThrow(/secret/)
  rmSync(folder, { recursive: true })
  await expectAlive()
})
test('a name that is taken is refused, with the reason', async () => {
  await expect(running.network.publish(HOSTILE, 'hostile', 3)).rejects.toThrow(/taken/)
})
test('two writes are two: each is run once', async () => {
  const lengthOf = async () => Number((await running.write('/?do=write')).body)
  const before = await lengthOf()
  expect(await lengthOf()).toBe(before + 1)
})
test('told to stop, every process ends by itself', async () => {
  expect(new Set(await running.stop())).toEqual(new Set([0]))
})
