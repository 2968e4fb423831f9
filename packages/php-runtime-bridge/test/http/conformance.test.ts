import { readdirSync, readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, startPhp, textOf, utf8, visit } from '../sites.js'
import { hasNativePhp, startNativePhp } from './native-php.js'

// What PHP's own server answers to the same request for the same files, our runtime answers too. Where no PHP is installed nothing can be compared.
const FOLDER = fileURLToPath(new URL('./site', import.meta.url))
if (!hasNativePhp && process.env.CI) throw new Error('php is not installed: what we answer cannot be compared with what it answers')
if (!hasNativePhp) console.warn('php is not installed: what we answer is not compared with what it answers')

interface Asked {
  readonly method?: string
  readonly target: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
}
interface Answer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

let php: PhpRuntime
let native: Awaited<ReturnType<typeof startNativePhp>>
beforeAll(async () => {
  if (!hasNativePhp) return
  php = await startPhp()
  const paths = readdirSync(FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const files = paths.map((entry) => join(entry.parentPath, entry.name))
  await php.load('site', filesOf(Object.fromEntries(files.map((file) => [file.slice(FOLDER.length + 1), readFileSync(file)]))))
  native = await startNativePhp(FOLDER)
})
afterAll(async () => {
  native?.stop()
  await php?.close()
})

/** Of one connection, or of who answers. */
const OWN = new Set(['date', 'host', 'connection', 'x-powered-by', 'content-length', 'transfer-encoding', 'keep-alive'])
const sortedLines = (headers: readonly (readonly [string, string])[]) =>
  headers
    .filter(([name]) => !OWN.has(name.toLowerCase()))
    .map(([name, value]) => `${name.toLowerCase()}: ${value.replace(/Max-Age=\d{3,}/, 'Max-Age=…')}`)
    .sort()

async function ours({ method = 'GET', target, headers = [], body = '' }: Asked): Promise<Answer> {
  const seen = await visit(php, 'site', { method, target, headers, body, host: `127.0.0.1:${native.port}` })
  return { status: seen.status, headers: sortedLines(seen.headers), body: textOf(seen.body) }
}

function theirs({ method = 'GET', target, headers = [], body = '' }: Asked): Promise<Answer> {
  const bytes = typeof body === 'string' ? utf8(body) : body
  return new Promise((resolve, reject) => {
    const given = { ...Object.fromEntries(headers), ...(bytes.length > 0 ? { 'content-length': bytes.length } : {}) }
    const asked = httpRequest({ host: '127.0.0.1', port: native.port, method, path: target, headers: given }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const lines: [string, string][] = []
        for (let i = 0; i < answer.rawHeaders.length; i += 2)
          lines.push([answer.rawHeaders[i] as string, answer.rawHeaders[i + 1] as string])
        resolve({ status: answer.statusCode ?? 0, headers: sortedLines(lines), body: Buffer.concat(parts).toString() })
      })
    })
    asked.on('error', reject)
    asked.end(bytes)
  })
}

const FORM = [['Content-Type', 'application/x-www-form-urlencoded']] as const
const basic = (pair: string) => [['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`]] as const
const multipart = (...parts: readonly string[]): Pick<Asked, 'method' | 'headers' | 'body'> => ({
  method: 'POST',
  headers: [['Content-Type', 'multipart/form-data; boundary="B b"']],
  body: `${parts.map((part) => `--B b\r\n${part.replaceAll('\n', '\r\n')}\r\n`).join('')}--B b--\r\n`,
})
const file = (name: string, fileName: string, content: string, type = 'text/plain') =>
  `Content-Disposition: form-data; name="${name}"; filename="${fileName}"\nContent-Type: ${type}\n\n${content}`
const field = (name: string, value: string) => `Content-Disposition: form-data; name="${name}"\n\n${value}`
const answers = (...names: readonly string[]) => names.map((name): [string, Asked] => [name, { target: `/answer.php?do=${name}` }])

const compared: readonly (readonly [string, Asked])[] = [
  ['a path and a query', { target: '/server.php/a%20b/%C3%BC?x=1&y[]=2&y[]=3&z%5Bk%5D=4&a.b=5' }],
  ['a folder', { target: '/folder/' }],
  ['a folder with a rest', { target: '/folder/rest/of?it' }],
  [
    'headers',
    {
      target: '/server.php',
      headers: [
        ['X-Some', 'a'],
        ['Accept-Language', 'de'],
        ['Cookie', 'a=1; b=%20x; c[d]=2; a=3'],
      ],
    },
  ],
  ['a form', { method: 'POST', target: '/server.php?a=q', headers: FORM, body: 'a=1&b[]=2&b[]=%C3%A9&c[d][e]=3&f+g=h' }],
  ['a form that is put', { method: 'PUT', target: '/server.php', headers: FORM, body: 'a=1' }],
  ['JSON that is patched in', { method: 'PATCH', target: '/server.php', headers: [['Content-Type', 'application/json']], body: '{"a":1}' }],
  ['a body that is deleted', { method: 'DELETE', target: '/answer.php?do=auth-method', body: 'x' }],
  ['a method of its own', { method: 'PROPFIND', target: '/answer.php?do=auth-method' }],
  ['a name and a password', { target: '/server.php', headers: basic('Ada:se:cret') }],
  ['a name alone', { target: '/server.php', headers: basic('Ada') }],
  ['no name', { target: '/server.php', headers: [['Authorization', 'Basic ???']] }],
  ['a digest', { target: '/server.php', headers: [['Authorization', 'Digest username="a", realm="b"']] }],
  ['a bearer', { target: '/server.php', headers: [['Authorization', 'Bearer x']] }],
  ['one file', { target: '/upload.php?1', ...multipart(field('title', 'A cat'), file('one', 'cat ü.gif', 'GIF89a', 'image/gif')) }],
  ['a path as a name', { target: '/upload.php?2', ...multipart(file('one', '../../a\\\\b/c.txt', 'x'), file('two', '.htaccess', 'y')) }],
  [
    'lists of files',
    {
      target: '/upload.php',
      ...multipart(file('f[]', 'a.txt', 'a'), file('f[]', 'b.txt', 'bb'), file('g[x][y]', 'c.txt', 'c'), field('g[z]', '1')),
    },
  ],
  ['no file chosen', { target: '/upload.php', ...multipart(file('none', '', '', 'application/octet-stream')) }],
  ['more than the form takes', { target: '/upload.php', ...multipart(field('MAX_FILE_SIZE', '3'), file('f', 'a.txt', 'abcd')) }],
  [
    'a file that breaks off',
    { target: '/upload.php', ...multipart(), body: '--B b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nabc' },
  ],
  ['21 files', { target: '/upload.php', ...multipart(...Array.from({ length: 21 }, (_, i) => file(`f${i}`, 'a', 'x'))) }],
  ...answers(
    'cookies',
    'location',
    'location301',
    'location-created',
    'status',
    'status-line',
    'code',
    'remove',
    'remove-all',
    'buffers',
    'exit',
  ),
  ...answers('exit-number', 'unchanged', 'type', 'charset', 'no-type', 'twice', 'callback', 'throw', 'gzip', 'gzhandler', 'sent'),
]
test.skipIf(!hasNativePhp).each(compared)('%s: as php -S answers it', async (_, asked) => {
  const [us, them] = [await ours(asked), await theirs(asked)]
  expect(us).toEqual(them)
})

test.skipIf(!hasNativePhp)('sessions: as with php -S, request by request', async () => {
  const sequence = ['', 'count', 'count', 'regenerate', 'count', 'close', 'abort', '', 'destroy', '']
  let root = 'site'
  const jars = { us: '', them: '' }
  const cookieIn = (headers: readonly string[], jar: string) => {
    const set = headers.map((line) => /^set-cookie: (PHPSESSID=[^;]*)/.exec(line)?.[1]).filter((one) => one !== undefined)
    return set.at(-1) ?? jar
  }
  const withoutIds = (headers: readonly string[]) => headers.map((line) => line.replace(/PHPSESSID=[0-9a-z,-]{20,}/, 'PHPSESSID=…'))
  for (const [i, step] of sequence.entries()) {
    const target = `/session.php?do=${step}`
    const cookies = (jar: string) => (jar === '' ? [] : [['Cookie', jar] as const])
    const us = await visit(php, root, { target, headers: cookies(jars.us), seed: `session ${i}` })
    const them = await theirs({ target, headers: cookies(jars.them) })
    expect([step, us.status, withoutIds(sortedLines(us.headers)), us.text]).toEqual([
      step,
      them.status,
      withoutIds(them.headers),
      them.body,
    ])
    jars.us = cookieIn(sortedLines(us.headers), jars.us)
    jars.them = cookieIn(them.headers, jars.them)
    await php.derive(`site ${i}`, root, us.changes)
    root = `site ${i}`
  }
})

test.skipIf(!hasNativePhp)('an answer that has no body has none, whatever the script prints', async () => {
  expect(await ours({ target: '/answer.php?do=none' })).toMatchObject({ status: 204, body: '' })
})
