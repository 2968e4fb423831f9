import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, startPhp, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp()
})
afterAll(() => php.close())

const router = `<?php
$seen = ($seen ?? 0) + 1;
if (isset($_GET['pass'])) { echo 'by the router, '; header('X-Router: 1'); if ($_GET['pass'] === 'write') file_put_contents('log.txt', 'x'); return false; }
header('Content-Type: application/json');
echo json_encode([array_intersect_key($_SERVER, array_flip(['SCRIPT_NAME', 'SCRIPT_FILENAME', 'PHP_SELF', 'PATH_INFO', 'REQUEST_URI', 'QUERY_STRING', 'argv',
  'INTERPEER_ROUTER', 'INTERPEER_SERVED'])), getcwd(), get_included_files()]);`

test('a router is asked first, is told what php -S would tell it, and leaves what it likes to files and scripts', async () => {
  const files = {
    'interpeer.json': '{"router": "app/router.php", "documentRoot": "web", "errorPages": {"404": "/404.html"}}',
    'app/router.php': router,
    'web/a.txt': 'text',
    'web/404.html': 'not here',
    'web/sub/x.php':
      '<?php echo "x ", $seen, " ", getcwd(), " ", $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"] ?? "-", " ", json_encode(get_included_files());',
  }
  await php.load('routed', filesOf(files))
  const told = async (target: string) => JSON.parse((await visit(php, 'routed', { target })).text) as unknown
  expect(await told('/sub/x.php/info?q=1')).toEqual([
    {
      argv: ['/site/app/router.php'],
      REQUEST_URI: '/sub/x.php/info?q=1',
      SCRIPT_NAME: '/sub/x.php',
      SCRIPT_FILENAME: '/site/web/sub/x.php',
      PATH_INFO: '/info',
      PHP_SELF: '/sub/x.php/info',
      QUERY_STRING: 'q=1',
    },
    '/site/web',
    ['/site/app/router.php'],
  ])
  expect(await told('/none/x')).toMatchObject([
    { SCRIPT_NAME: '/none/x', PHP_SELF: '/none/x', SCRIPT_FILENAME: '/site/app/router.php' },
    '/site/web',
    {},
  ])
  expect(await told('/a.txt')).toMatchObject([{ SCRIPT_NAME: '/a.txt', SCRIPT_FILENAME: '/site/web/a.txt' }, '/site/web', {}])

  const script = await visit(php, 'routed', { target: '/sub/x.php/info?pass' })
  expect([script.status, script.header('x-router'), script.text]).toEqual([
    200,
    '1',
    'by the router, x 1 /site/web/sub /sub/x.php /info ["\\/site\\/app\\/router.php","\\/site\\/web\\/sub\\/x.php"]',
  ])
  const file = await visit(php, 'routed', { target: '/a.txt?pass' })
  expect([file.status, file.header('x-router'), file.header('interpeer-pass'), file.text, file.changes]).toEqual([
    200,
    undefined,
    undefined,
    'text',
    [],
  ])
  expect(file.fuel).toBeGreaterThan(0)
  const missing = await visit(php, 'routed', { target: '/none?pass' })
  expect([missing.status, missing.text]).toEqual([404, 'not here'])
  const written = await visit(php, 'routed', { target: '/a.txt?pass=write' })
  expect([written.text, namesOf(written.changes)]).toEqual(['text', ['write web/log.txt']])
})

test('pages for errors are scripts or files, with the number of the error', async () => {
  const files = {
    'interpeer.json':
      '{"errorPages": {"404": "/errors/404.php?from=site", "405": "/errors/405.html"}, "rewrite": ["RewriteRule ^moved$ /a.txt [END]"]}',
    'a.txt': 'text',
    'errors/404.php':
      '<?php if (isset($_SERVER["HTTP_X_OK"])) http_response_code(203); echo json_encode([$_GET, $_SERVER["REDIRECT_STATUS"], $_SERVER["REDIRECT_URL"], $_SERVER["REDIRECT_QUERY_STRING"], $_SERVER["REQUEST_URI"]]);',
    'errors/405.html': '<h1>no</h1>',
    'self.php': '<?php echo json_encode([$_SERVER["REDIRECT_URL"] ?? null, $_SERVER["REDIRECT_STATUS"]]);',
  }
  await php.load('errors', filesOf(files))
  const missing = await visit(php, 'errors', { target: '/no/where?a=1' })
  expect([missing.status, JSON.parse(missing.text)]).toEqual([404, [{ from: 'site' }, '404', '/no/where', 'a=1', '/no/where?a=1']])
  expect((await visit(php, 'errors', { target: '/none?', headers: [['X-Ok', '1']] })).status).toBe(203)
  const post = await visit(php, 'errors', { target: '/a.txt', method: 'POST', body: 'x' })
  expect([post.status, post.text, post.header('content-type')]).toEqual([405, '<h1>no</h1>', 'text/html; charset=utf-8'])
  expect((await visit(php, 'errors', { target: '/moved' })).text).toBe('text')
  expect((await visit(php, 'errors', { target: '/self.php' })).text).toBe('[null,"200"]')
})

test.each<[string, Record<string, string>, string | undefined]>([
  ['nothing decides', {}, 'file'],
  [
    'rules that look at files',
    { '.': '{"rewrite": ["RewriteCond %{HTTP_HOST} !x", "RewriteCond %{REQUEST_FILENAME} !-f", "RewriteRule . b.txt"]}' },
    'file',
  ],
  ['a rule that asks for a cookie', { '.': '{"rewrite": ["RewriteCond %{HTTP_COOKIE} !key", "RewriteRule ^b - [F]"]}' }, undefined],
  ['a rule that asks for any header', { '.': '{"rewrite": ["RewriteCond %{HTTP:X-Key} !key", "RewriteRule ^b - [F]"]}' }, undefined],
  ['a rule that puts one in', { '.': '{"rewrite": ["RewriteRule ^b b.txt?%{HTTP_REFERER}"]}' }, undefined],
  ['a router that leaves it', { '.': '{"router": "r.php"}', 'r.php': '<?php return false;' }, undefined],
  ['a script that claims it', { 'a.txt/index.php': '<?php header("Interpeer-Shared: file");' }, undefined],
])('a file is said to be the same for everyone where %s: %#', async (_, { '.': configuration, ...more }, shared) => {
  const root = `shared ${configuration} ${Object.keys(more)}`
  const file = 'a.txt/index.php' in more ? {} : { 'a.txt': 'text' }
  await php.load(root, filesOf({ ...file, ...more, ...(configuration === undefined ? {} : { 'interpeer.json': configuration }) }))
  const seen = await visit(php, root, { target: 'a.txt/index.php' in more ? '/a.txt/' : '/a.txt' })
  expect([seen.status, seen.header('interpeer-shared')]).toEqual([200, shared])
})
