import { SLOT } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, runPage, startPhp, textOf, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp()
})
afterAll(() => php.close())

test('$_SERVER holds what php -S would put there, from the request and the agreed time alone', async () => {
  const headers = [
    ['User-Agent', 'Lynx'],
    ['X-Twice', 'a'],
    ['x-twice', 'b'],
    ['Cookie', 'a=1'],
    ['Cookie', 'b=2'],
    ['Proxy', 'http://evil'],
    ['X_Forwarded', 'no'],
    ['Host', 'other.example'],
    ['Content-Type', 'application/json'],
    ['Content-Length', '99'],
  ] as const
  const seen = await runPage(php, '<?php echo json_encode([$_SERVER, $_COOKIE, file_get_contents("php://input"), getcwd()]);', {
    method: 'POST',
    target: '/index.php/a%20b/c?x=1&y[]=2',
    host: 'wiki.example:8443',
    https: true,
    headers,
    body: '{"a":1}',
  })
  const [server, cookies, body, folder] = JSON.parse(seen.text) as [Record<string, unknown>, unknown, string, string]
  expect(server).toEqual({
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    OPENSSL_CONF: '/internal/shared/openssl.cnf',
    PATH: '/usr/bin',
    TMPDIR: '/tmp',
    TZ: 'UTC',
    USER: 'interpeer',
    USE_ZEND_ALLOC: '0',
    argv: ['/site/index.php'],
    DOCUMENT_ROOT: '/site',
    REMOTE_ADDR: '0.0.0.0',
    REMOTE_PORT: '0',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'Interpeer',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_NAME: 'wiki.example',
    SERVER_ADDR: '0.0.0.0',
    SERVER_PORT: '8443',
    REQUEST_SCHEME: 'https',
    REQUEST_URI: '/index.php/a%20b/c?x=1&y[]=2',
    REQUEST_METHOD: 'POST',
    REDIRECT_STATUS: '200',
    SCRIPT_NAME: '/index.php',
    SCRIPT_FILENAME: '/site/index.php',
    DOCUMENT_URI: '/index.php/a b/c',
    PATH_INFO: '/a b/c',
    PATH_TRANSLATED: '/site/a b/c',
    PHP_SELF: '/index.php/a b/c',
    QUERY_STRING: 'x=1&y[]=2',
    HTTP_HOST: 'wiki.example:8443',
    HTTPS: 'on',
    CONTENT_TYPE: 'application/json',
    CONTENT_LENGTH: '7',
    HTTP_USER_AGENT: 'Lynx',
    HTTP_X_TWICE: 'a, b',
    HTTP_COOKIE: 'a=1; b=2',
    HTTP_CONTENT_TYPE: 'application/json',
    HTTP_CONTENT_LENGTH: '7',
    REQUEST_TIME: 1_790_000_000,
    REQUEST_TIME_FLOAT: expect.closeTo(1_790_000_000, 2),
  })
  expect([cookies, body, folder]).toEqual([{ a: '1', b: '2' }, '{"a":1}', '/site'])
})

test('forms, query and status reach the script; its status, headers and body come back', async () => {
  const script = `<?php header('X-Quoted: "a\\\\b" é'); header('X-Two: 1'); header('X-Two: 2', false); setcookie('c', 'v w');
    http_response_code(201); header('Content-Type: application/json'); echo json_encode([$_GET, $_POST, $_REQUEST]);`
  const seen = await runPage(php, script, {
    method: 'POST',
    target: '/?a=1',
    headers: [['content-type', 'application/x-www-form-urlencoded']],
    body: 'b=2&c[]=%C3%A9',
  })
  expect(seen.status).toBe(201)
  expect(JSON.parse(seen.text)).toEqual([{ a: '1' }, { b: '2', c: ['é'] }, { a: '1', b: '2', c: ['é'] }])
  expect(seen.headers).toEqual([
    ['X-Quoted', '"a\\b" é'],
    ['X-Two', '1'],
    ['X-Two', '2'],
    ['Set-Cookie', 'c=v%20w'],
    ['Content-Type', 'application/json'],
  ])
})

test('a redirect is a redirect', async () => {
  const seen = await runPage(php, '<?php header("Location: /there"); exit;')
  expect([seen.status, seen.header('location'), seen.text]).toEqual([302, '/there', ''])
})

test('uploads arrive as files and can be kept', async () => {
  const script = `<?php $f = $_FILES['photo']; mkdir('up'); move_uploaded_file($f['tmp_name'], 'up/' . $f['name']);
    echo $f['name'], ' ', $f['type'], ' ', $f['size'], ' ', $f['error'], ' ', is_uploaded_file($f['tmp_name']) ? 'left' : 'moved', ' ', $_POST['title'];`
  const body = [
    '--B',
    'Content-Disposition: form-data; name="title"',
    '',
    'A cat',
    '--B',
    'Content-Disposition: form-data; name="photo"; filename="cat.gif"',
    'Content-Type: image/gif',
    '',
    'GIF89a\0\x01',
    '--B--',
    '',
  ]
  const seen = await runPage(php, script, {
    method: 'POST',
    headers: [['Content-Type', 'multipart/form-data; boundary=B']],
    body: body.join('\r\n'),
  })
  expect(seen.text).toBe('cat.gif image/gif 8 0 moved A cat')
  expect(namesOf(seen.changes)).toEqual(['directory up', 'write up/cat.gif'])
  expect(seen.changes[1]).toMatchObject({ bytes: new Uint8Array([71, 73, 70, 56, 57, 97, 0, 1]) })
})

test('HEAD runs the script and has its headers, but no body', async () => {
  const seen = await runPage(php, '<?php header("X-Method: $_SERVER[REQUEST_METHOD]"); echo "body";', { method: 'HEAD' })
  expect([seen.status, seen.header('x-method'), seen.text]).toEqual([200, 'HEAD', ''])
})

test('static files, missing pages and wrong methods are answered without PHP', async () => {
  await php.load('static', filesOf({ 'a.css': 'p{}', 'b.unknown': 'x', 'sub/index.html': '<h1>', '.secret': 's' }))
  const css = await visit(php, 'static', { target: '/a.css?v=1' })
  expect([css.status, css.header('content-type'), css.text]).toEqual([200, 'text/css; charset=utf-8', 'p{}'])
  const head = await visit(php, 'static', { target: '/a.css', method: 'HEAD' })
  expect([head.status, head.text]).toEqual([200, ''])
  expect((await visit(php, 'static', { target: '/b.unknown' })).header('content-type')).toBe('application/octet-stream')
  expect((await visit(php, 'static', { target: '/sub/' })).text).toBe('<h1>')
  const folder = await visit(php, 'static', { target: '/sub?x=1' })
  expect([folder.status, folder.header('location')]).toEqual([301, '/sub/?x=1'])
  const post = await visit(php, 'static', { target: '/a.css', method: 'POST', body: 'x' })
  expect([post.status, post.header('interpeer-error'), post.header('allow')]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'])
  for (const target of ['/none', '/.secret', '/%00', '/']) {
    const none = await visit(php, 'static', { target })
    expect([none.status, none.header('interpeer-error')]).toEqual([404, 'NOT_FOUND'])
  }
})

test.each([
  ['a method with a space', { method: 'GE T' }],
  ['a target without a slash', { target: 'index.php' }],
  ['a target with a line break', { target: '/a\r\nX: y' }],
  ['a target beyond 8 KiB', { target: `/${'a'.repeat(8192)}` }],
  ['a host with a slash', { host: 'a/b' }],
  ['a header name with a colon', { headers: [['a:b', 'c']] as const }],
  ['a header value with a line break', { headers: [['a', 'b\r\nc: d']] as const }],
  ['a header value with half a letter', { headers: [['a', '\ud800']] as const }],
  ['101 headers', { headers: Array.from({ length: 101 }, (_, i) => [`x-${i}`, ''] as const) }],
  ['a body beyond 16 MiB', { method: 'POST', body: new Uint8Array(16 * 1024 * 1024 + 1) }],
])('%s is answered 400', async (_, given) => {
  const seen = await runPage(php, '<?php echo "ran";', given)
  expect([seen.status, seen.header('interpeer-error'), seen.changes]).toEqual([400, 'REQUEST_INVALID', []])
})

test('sessions last from request to request, as files of the site; reading one changes nothing', async () => {
  const script = '<?php session_start(); if (isset($_GET["set"])) $_SESSION["n"] = ($_SESSION["n"] ?? 0) + 1; echo $_SESSION["n"] ?? 0;'
  await php.load('s0', filesOf({ 'index.php': script }))
  const first = await visit(php, 's0', { target: '/?set' })
  const cookie = /^PHPSESSID=([0-9a-f]+)/.exec(first.header('set-cookie') ?? '')?.[1] ?? ''
  expect(namesOf(first.changes)).toEqual([`write .interpeer/sessions/sess_${cookie}`])
  await php.derive('s1', 's0', first.changes)
  const again = { headers: [['Cookie', `PHPSESSID=${cookie}`]] as const, timeMs: 1_790_000_100_000, seed: 'later' }
  const second = await visit(php, 's1', { target: '/?set', ...again })
  expect([second.text, second.header('set-cookie')]).toEqual(['2', undefined])
  await php.derive('s2', 's1', second.changes)
  const read = await visit(php, 's2', again)
  expect([read.text, read.changes]).toEqual(['2', []])
  const other = await visit(php, 's0', { target: '/', seed: 'another visitor' })
  expect(other.header('set-cookie')).not.toContain(cookie)
})

test('pages see the files of their own tree only, and none is altered by a run', async () => {
  await php.load(
    't0',
    filesOf({ 'index.php': '<?php echo file_get_contents("n.txt"); file_put_contents("n.txt", $_GET["n"]);', 'n.txt': '0' }),
  )
  const one = await visit(php, 't0', { target: '/?n=1' })
  const two = await visit(php, 't0', { target: '/?n=2' })
  expect([one.text, two.text]).toEqual(['0', '0'])
  await php.derive('t1', 't0', one.changes)
  await php.derive('t2', 't0', two.changes)
  php.forget('t0')
  expect([php.has('t0'), php.has('t1')]).toEqual([false, true])
  expect([(await visit(php, 't1', { target: '/?n=9' })).text, (await visit(php, 't2', { target: '/?n=9' })).text]).toEqual(['1', '2'])
  await expect(visit(php, 't0')).rejects.toThrow(expect.objectContaining({ code: 'ROOT_UNKNOWN' }))
  await expect(php.derive('t3', 't0', [])).rejects.toThrow(expect.objectContaining({ code: 'ROOT_UNKNOWN' }))
})

test('what the caller does to its bytes afterwards changes nothing', async () => {
  const files = filesOf({ 'a.txt': 'before' })
  await php.load('bytes', files)
  files[0]?.bytes.fill(0)
  expect((await visit(php, 'bytes', { target: '/a.txt' })).text).toBe('before')
  expect((await visit(php, 'bytes', { target: '/a.txt' })).text).toBe('before')
})

test('options, times and closing have their codes', async () => {
  await expect(startPhp({ guardMs: 0 })).rejects.toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  await expect(startPhp({ limits: { ...SLOT, memoryMiB: 127 } })).rejects.toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  await expect(runPage(php, '', { timeMs: 0.5 })).rejects.toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  await expect(php.load('x', filesOf({ '../x': '' }))).rejects.toThrow(expect.objectContaining({ code: 'PATH_INVALID' }))
  const brief = await startPhp({ limits: { ...SLOT, memoryMiB: 128 } })
  expect(brief.runtimeId).toMatch(/^[0-9a-f]{64}$/)
  expect(brief.runtimeId).not.toBe(php.runtimeId)
  await brief.load('r', filesOf({ 'index.php': '<?php while (true);' }))
  const pending = expect(visit(brief, 'r')).rejects.toThrow(expect.objectContaining({ code: 'RUNTIME_CLOSED' }))
  await brief.close()
  await pending
  await expect(visit(brief, 'r')).rejects.toThrow(expect.objectContaining({ code: 'RUNTIME_CLOSED' }))
  expect(textOf((await visit(php, 's0')).body)).toBe('0')
})

test('negative integers stay what they are where PHP’s compiler moves them as floats', async () => {
  const script = 'var_dump(abs("-1"), abs("-7"), array_sum(["-1", "-2"]), -"-3", max("-5", "-6"), round(-1), (int) "-9223372036854775807");'
  const { text } = await runPage(php, `<?php ${script}`)
  expect(text.trim().split('\n')).toEqual([
    'int(1)',
    'int(7)',
    'int(-3)',
    'int(3)',
    'string(2) "-5"',
    'float(-1)',
    'int(-9223372036854775807)',
  ])
})
