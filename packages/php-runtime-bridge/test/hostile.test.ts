import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepSites } from './kept-sites.js'
import { runPage, startPhp } from './sites.js'

let php: PhpRuntime
const keep = keepSites()
beforeAll(async () => {
  php = await startPhp()
  await keep(php)
})
afterAll(() => php.close())

test('PHP functions may call themselves as deep as memory allows', async () => {
  expect((await runPage(php, '<?php function f($n) { return $n ? 1 + f($n - 1) : 0; } echo f(50000);')).text).toBe('50000')
})

test('exit, exit codes, and dying in odd places', async () => {
  expect((await runPage(php, '<?php echo "a"; exit(3);')).text).toBe('a')
  expect((await runPage(php, '<?php ob_start(fn ($b) => exit("no")); echo "x";')).status).toBeTypeOf('number')
  expect((await runPage(php, '<?php class A { function __destruct() { exit(1); } } $a = new A; exit(2);')).status).toBe(200)
  expect((await runPage(php, '<?php register_shutdown_function(fn () => exit); throw new Exception("x");')).status).toBe(500)
  const broken = await runPage(php, '<?php file_put_contents("x", "1"); nothing();')
  expect([broken.status, broken.text, broken.changes.length]).toEqual([500, '', 1])
  expect((await runPage(php, '<?php syntax error')).log).toMatch(/Parse error/)
})

test('other processes, the network, mail and the host’s files do not exist', async () => {
  const seen = await runPage(
    php,
    `<?php error_reporting(0); echo json_encode([exec('id'), shell_exec('id'), passthru('id'), system('id'), popen('id', 'r'), proc_open('id', [], $p),
    mail('a@example.org', 'b', 'c'), fsockopen('127.0.0.1', 22), stream_socket_client('tcp://127.0.0.1:22'), stream_socket_server('tcp://127.0.0.1:0'),
    stream_socket_pair(1, 1, 0), file_get_contents('http://127.0.0.1/'), curl_exec(curl_init('http://127.0.0.1/')), gethostbyname('example.org'),
    file_get_contents('/etc/hostname'), scandir('/proc'), dl('x.so'), getenv('SSH_AUTH_SOCK'), file_exists('/root')]), gethostname(), \`id\`;`,
  )
  expect(seen.status).toBe(200)
  expect(seen.text).toMatch(/^\[(false|null|"0.0.0.0")(,(false|null|"0.0.0.0"|"")){18}\]/)
})

test.each([
  ['more body than a response holds', 'while (true) echo str_repeat("x", 100000);', 'RESPONSE_TOO_LARGE'],
  ['more headers than a response holds', 'for ($i = 0; $i < 700; $i++) header("X-$i: " . str_repeat("y", 500));', 'RESPONSE_TOO_LARGE'],
  ['a thousand headers', 'for ($i = 0; $i < 1000; $i++) header("X-$i: y");', 'HEADERS_MALFORMED'],
  ['a header without a name', 'header(": x"); echo 1;', 'HEADERS_MALFORMED'],
  ['a header with a bell', 'header("X-A: a\\x07b"); echo 1;', 'HEADERS_MALFORMED'],
])('%s: %s', async (_, script, code) => {
  const [one, two] = [await runPage(php, `<?php ${script}`), await runPage(php, `<?php ${script}`)]
  expect([one.header('interpeer-error'), one.transcript]).toEqual([code, two.transcript])
})

test('a disk that a script tries to fill is full', async () => {
  const script =
    '$f = fopen("big", "w"); echo json_encode([@ftruncate($f, 257 << 20), @ftruncate($f, 1 << 20), fseek($f, 256 << 20), @fwrite($f, "x")]);'
  const seen = await runPage(php, `<?php ${script} fclose($f); unlink("big"); file_put_contents("after", str_repeat("x", 99));`)
  expect([seen.text, seen.changes.length]).toEqual(['[false,true,0,false]', 1])
})
