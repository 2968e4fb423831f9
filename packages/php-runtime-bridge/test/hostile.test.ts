import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { filesOf, runPage, utf8, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: 20_000 })
  await php.load('kept', filesOf({ 'index.php': '<?php echo "kept ", file_get_contents("n");', n: '0' }))
  await php.derive('kept 1', 'kept', [{ type: 'write', path: 'n', mode: 0o644, mtimeS: 1, bytes: utf8('1') }])
})
afterAll(() => php.close())
afterEach(async () => {
  const [first, second] = await Promise.all([visit(php, 'kept'), visit(php, 'kept 1')])
  expect([first.text, second.text]).toEqual(['kept 0', 'kept 1'])
})

test.each([
  ['a string that grows', '$a = "x"; while (true) $a .= $a;', /Allowed memory size of 134217728 bytes exhausted/],
  ['a list that grows', '$a = []; while (true) $a[] = [];', /Allowed memory size/],
  ['memory_limit switched off', 'ini_set("memory_limit", -1); $a = []; while (true) $a[] = str_repeat("x", 1000000);', /Out of memory/],
])('%s ends in a fatal error, the same each time', async (_, script, log) => {
  const page = `<?php register_shutdown_function(function () { echo "bye"; }); ${script}`
  const [one, two] = [await runPage(php, page), await runPage(php, page)]
  expect([one.status, one.transcript]).toEqual([500, two.transcript])
  expect(one.log).toMatch(log)
})

test.each([
  ['callbacks', 'file_put_contents("x", "1"); $f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();'],
  ['callbacks that write', '$f = function () use (&$f) { file_put_contents("x", "1"); return array_map($f, [1])[0]; }; $f();'],
  ['magic methods', 'class A { function __get($n) { return (new A)->{$n . "x"}; } } (new A)->a;'],
  ['brackets', '$s = str_repeat("(", 30000) . "1" . str_repeat(")", 30000); eval("return $s;");'],
  ['nested data', '$a = 1; for ($i = 0; $i < 50000; $i++) $a = [$a]; echo strlen(serialize($a));'],
  ['a pattern', 'ini_set("pcre.jit", 0); preg_match("/(?:(a)|b)*$/", str_repeat("ab", 500000)); echo preg_last_error();'],
])('deep recursion by %s is answered, the same each time, and changes nothing unless it ended well', async (_, script) => {
  const [one, two] = [await runPage(php, `<?php ${script}`), await runPage(php, `<?php ${script}`)]
  expect(one.transcript).toBe(two.transcript)
  if (one.status !== 200) expect(one.changes).toEqual([])
})

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
    file_get_contents('/etc/hostname'), scandir('/proc'), dl('x.so'), getenv('SSH_AUTH_SOCK'), file_exists('/work')]), gethostname(), \`id\`;`,
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
  ['a fiber, which this PHP cannot switch to', '(new Fiber(fn () => 1))->start();', 'SCRIPT_TRAPPED'],
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
