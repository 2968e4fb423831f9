import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { bytesOf, FILE_PAGE_BYTES } from '../src/file-pages.js'
import { PIECE_BYTES } from '../src/file-pieces.js'
import { type TreeFile, treeOf } from '../src/file-tree.js'
import { routeOf } from '../src/route.js'
import { STATIC_BYTES_MAX, type StaticSurroundings, staticAnswer, WHOLE_HASHED_BYTES_MAX } from '../src/static-answer.js'
import { filesOf, textOf, utf8 } from './sites.js'

const large = new Uint8Array(STATIC_BYTES_MAX + 100_000).map((_, i) => i % 251)
const site = treeOf(filesOf({ 'a.txt': '0123456789', 'large.bin': large, 'none.txt': '' }))

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest())
const digestOf = (file: TreeFile) => sha256(bytesOf(file))
const surroundings: StaticSurroundings = { configuration: { maxAge: [] }, tag: digestOf, sha256: digestOf }

function ask(target: string, range?: string, more: [string, string][] = [], method = 'GET', around: Partial<StaticSurroundings> = {}) {
  const route = routeOf(site, target)
  if (route.type !== 'static') throw new Error(route.type)
  const headers: [string, string][] = range === undefined ? more : [['Range', range], ...more]
  const request = { method, target, host: 'h', https: false, headers, body: new Uint8Array() }
  const { status, headers: given, body } = staticAnswer(request, route, { ...surroundings, ...around })
  return { status, body, header: (name: string) => given.find(([one]) => one === name)?.[1] }
}

test.each([
  ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
  ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
  ['Bytes= 8-99', 206, '89', 'bytes 8-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=3-2', 200, '0123456789', undefined],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['bytes=-', 200, '0123456789', undefined],
  ['lines=0-1', 200, '0123456789', undefined],
  ['bytes=1e1-', 200, '0123456789', undefined],
])('Range: %s of ten bytes', (range, status, body, contentRange) => {
  const seen = ask('/a.txt', range)
  expect([seen.status, textOf(seen.body), seen.header('content-range'), seen.header('accept-ranges')]).toEqual([
    status,
    body,
    contentRange,
    'bytes',
  ])
})

const MODIFIED = 'Tue, 14 Nov 2023 22:13:20 GMT'
const LATER = 'Tue, 14 Nov 2023 22:13:21 GMT'
const EARLIER = 'Tue, 14 Nov 2023 22:13:19 GMT'
const ETAG = ask('/a.txt').header('etag') as string

test('a file says what it is: by its content, its time, its digest', () => {
  const seen = ask('/a.txt')
  const digest = sha256(utf8('0123456789'))
  expect(ETAG).toBe(`"${Buffer.from(digest.subarray(0, 18)).toString('base64url')}"`)
  expect(seen.header('last-modified')).toBe(MODIFIED)
  expect(seen.header('repr-digest')).toBe(`sha-256=:${Buffer.from(digest).toString('base64')}:`)
  expect(ask('/none.txt').header('etag')).not.toBe(ETAG)
})

test.each<[[string, string][], number]>([
  [[['If-None-Match', ETAG]], 304],
  [[['If-None-Match', `W/${ETAG}`]], 304],
  [[['if-none-match', `"x", ${ETAG}`]], 304],
  [[['If-None-Match', '*']], 304],
  [[['If-None-Match', '"x"']], 200],
  [[['If-Modified-Since', MODIFIED]], 304],
  [[['If-Modified-Since', LATER]], 304],
  [[['If-Modified-Since', EARLIER]], 200],
  [[['If-Modified-Since', 'yesterday']], 200],
  // who names a tag is not asked for the time
  [
    [
      ['If-None-Match', '"x"'],
      ['If-Modified-Since', LATER],
    ],
    200,
  ],
  [[['If-Match', ETAG]], 200],
  [[['If-Match', `W/${ETAG}`]], 412],
  [[['If-Match', '"x"']], 412],
  [[['If-Unmodified-Since', MODIFIED]], 200],
  [[['If-Unmodified-Since', EARLIER]], 412],
  [
    [
      ['If-Match', ETAG],
      ['If-Unmodified-Since', EARLIER],
      ['If-None-Match', ETAG],
    ],
    304,
  ],
])('under %j a file is answered %i', (headers, status) => {
  for (const method of ['GET', 'HEAD']) {
    const seen = ask('/a.txt', undefined, headers, method)
    expect([seen.status, seen.header('etag'), seen.body.length > 0]).toEqual([status, ETAG, status === 200 && method === 'GET'])
  }
})

test.each([
  [ETAG, 206],
  [MODIFIED, 206],
  [`W/${ETAG}`, 200],
  ['"x"', 200],
  [LATER, 200],
])('a range under If-Range: %s is answered %i', (condition, status) => {
  expect(ask('/a.txt', 'bytes=0-1', [['If-Range', condition]]).status).toBe(status)
})

test('how long it may be shown goes by the longest beginning that fits', () => {
  const maxAge = [
    ['/', 0],
    ['/a', 60],
    ['/b', 90],
  ] as const
  const control = (target: string) => ask(target, undefined, [], 'GET', { configuration: { maxAge } }).header('cache-control')
  expect([control('/a.txt'), control('/none.txt'), ask('/a.txt').header('cache-control')]).toEqual([
    'public, max-age=60',
    'no-cache',
    undefined,
  ])
})

test('HEAD says how long a body would be', () => {
  const [short, long] = [ask('/a.txt', undefined, [], 'HEAD'), ask('/large.bin', undefined, [], 'HEAD')]
  expect([short.status, short.header('content-length'), ask('/a.txt').header('content-length')]).toEqual([200, '10', undefined])
  expect([long.status, long.header('content-length'), long.body.length]).toEqual([200, String(large.length), 0])
})

test('who fetches pieces is told the digest of each', () => {
  const pieces = (file: TreeFile) => {
    const bytes = bytesOf(file)
    const cut = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, i) =>
      bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
    )
    return Uint8Array.from(Buffer.concat(cut.map(sha256)))
  }
  const asked = (range?: string, method = 'GET') => ask('/large.bin', range, [], method, { pieces })
  const whole = asked()
  expect([whole.status, whole.header('interpeer-pieces'), whole.body.length]).toEqual([
    200,
    `1048576;0;${large.length};${large.length}`,
    9 * 32,
  ])
  expect(whole.body.subarray(8 * 32)).toEqual(sha256(large.subarray(8 * PIECE_BYTES)))
  const range = asked('bytes=1048575-2097152')
  expect([range.status, range.header('content-range'), range.header('interpeer-pieces')]).toEqual([
    206,
    `bytes 1048575-2097152/${large.length}`,
    `1048576;1048575;1048578;${large.length}`,
  ])
  expect(range.body).toEqual(whole.body.slice(0, 3 * 32))
  const piece = asked('bytes=1048576-2097151')
  expect([piece.status, piece.header('interpeer-pieces'), sha256(piece.body)]).toEqual([206, undefined, whole.body.slice(32, 64)])
  expect([asked(undefined, 'HEAD').body.length, ask('/a.txt', undefined, [], 'GET', { pieces }).header('interpeer-pieces')]).toEqual([
    0,
    undefined,
  ])
})

test('a file that is not given, or very long, is not read for a digest of the whole', () => {
  const unread = (size: number, headers: [string, string][], method = 'GET') => {
    const file: TreeFile = { kind: 'file', mode: 0o644, mtimeS: 1, size, pages: [new Uint8Array(FILE_PAGE_BYTES)] }
    const request = { method, target: '/', host: 'h', https: false, headers, body: new Uint8Array() }
    const sha256 = () => {
      throw new Error('it was read')
    }
    const { status, headers: given } = staticAnswer(
      request,
      { type: 'static', path: 'x', file },
      { ...surroundings, tag: () => new Uint8Array(32), sha256 },
    )
    return [status, given.some(([name]) => name === 'repr-digest')]
  }
  const [long, short] = [WHOLE_HASHED_BYTES_MAX + 1, 3 * PIECE_BYTES]
  expect(unread(long, [], 'HEAD')).toEqual([200, false])
  expect(unread(long, [['range', 'bytes=0-0']])).toEqual([206, false])
  expect(unread(short, [['if-none-match', '*']])).toEqual([304, false])
  expect(unread(short, [['if-match', '"x"']])).toEqual([412, false])
  expect(unread(short, [['range', `bytes=${short}-`]])).toEqual([416, false])
})

test('a range given twice or for HEAD is not honoured', () => {
  expect(ask('/a.txt', 'bytes=0-1', [['range', 'bytes=2-3']]).status).toBe(200)
  expect(ask('/a.txt', 'bytes=0-1', [], 'HEAD').status).toBe(200)
})

test('a file beyond what an answer holds is given in ranges, each as long as one can be', () => {
  const whole = ask('/large.bin')
  expect([whole.status, whole.header('interpeer-error'), whole.header('accept-ranges')]).toEqual([500, 'RESPONSE_TOO_LARGE', 'bytes'])
  const first = ask('/large.bin', 'bytes=0-')
  expect([first.status, first.header('content-range')]).toEqual([206, `bytes 0-${STATIC_BYTES_MAX - 1}/${large.length}`])
  const rest = ask('/large.bin', `bytes=${first.body.length}-`)
  expect(Buffer.compare(Buffer.concat([first.body, rest.body]), large)).toBe(0)
  expect(Buffer.compare(ask('/large.bin', 'bytes=65530-131080').body, large.subarray(65_530, 131_081))).toBe(0)
})

test('an empty file has no ranges', () => {
  expect([ask('/none.txt').status, ask('/none.txt', 'bytes=0-').status]).toEqual([200, 416])
})

test('a file that is the same for everyone says so, also where it has not changed', () => {
  const shared = { isShared: true }
  expect([ask('/a.txt', undefined, [], 'GET', shared).header('interpeer-shared'), ask('/a.txt').header('interpeer-shared')]).toEqual([
    'file',
    undefined,
  ])
  expect(ask('/a.txt', undefined, [['If-None-Match', ETAG]], 'GET', shared).header('interpeer-shared')).toBe('file')
})
