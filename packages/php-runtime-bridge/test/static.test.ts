import { expect, test } from 'vitest'
import { treeOf } from '../src/file-tree.js'
import { routeOf } from '../src/route.js'
import { STATIC_BYTES_MAX, staticAnswer } from '../src/static-answer.js'
import { filesOf, textOf } from './sites.js'

const large = new Uint8Array(STATIC_BYTES_MAX + 100_000).map((_, i) => i % 251)
const site = treeOf(filesOf({ 'a.txt': '0123456789', 'large.bin': large, 'none.txt': '' }))

function ask(target: string, range?: string, more: [string, string][] = [], method = 'GET') {
  const route = routeOf(site, target)
  if (route.type !== 'static') throw new Error(route.type)
  const headers: [string, string][] = range === undefined ? more : [['Range', range], ...more]
  const { status, headers: given, body } = staticAnswer({ method, target, host: 'h', https: false, headers, body: new Uint8Array() }, route)
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

test('a range under a condition, given twice, or for HEAD is not honoured', () => {
  expect(ask('/a.txt', 'bytes=0-1', [['If-Range', '"x"']]).status).toBe(200)
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
