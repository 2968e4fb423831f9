import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, startPhp, visit } from '../sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhp({ limits: { fuel: 1_000_000_000, memoryMiB: 384, graceFuel: 100_000_000 } })
})
afterAll(() => php.close())

const configuration = JSON.stringify({ mutable: ['data'], warmUp: ['/warm.php', '/index.php'] })
/** Shows what a warm-up could leave in PHP's memory. */
const page = `<?php echo json_encode([ini_get('precision'), get_included_files(), function_exists('evil'), class_exists('Evil', false), defined('EVIL'),
  getenv('EVIL'), stream_get_wrappers(), error_get_last(), setlocale(LC_ALL, 0), $_SERVER['EVIL'] ?? null, random_int(0, PHP_INT_MAX), spl_object_id(new stdClass)]);`

const attacks: readonly [name: string, script: string][] = [
  ['nothing', 'echo 1;'],
  ['a loop', 'while (true);'],
  ['a loop in a destructor', 'class A { function __destruct() { while (true); } } $a = new A; exit;'],
  ['memory', '$a = []; while (true) $a[] = str_repeat("x", 100000);'],
  ['recursion', 'function f() { return array_map("f", [1]); } f();'],
  [
    'definitions, settings and the environment',
    'function evil() {} class Evil {} define("EVIL", 1); ini_set("precision", 3); putenv("EVIL=1"); setlocale(LC_ALL, "C");',
  ],
  [
    'stream wrappers taken away',
    'stream_wrapper_unregister("file"); stream_wrapper_unregister("php"); register_shutdown_function(fn () => exit(9));',
  ],
  [
    'opcache turned against itself',
    'opcache_reset(); opcache_invalidate("/site/index.php", true); @opcache_compile_file("/site/data/evil.php"); ini_set("opcache.enable", 0);',
  ],
  [
    'code written over',
    '@file_put_contents("/site/index.php", "<?php echo 666;"); file_put_contents("/site/data/evil.php", "<?php echo 666;"); include "/site/data/evil.php";',
  ],
  [
    'headers that pose as ours',
    'header("Interpeer-Error: NOT_FOUND"); http_response_code(503); fwrite(fopen("/request/headers", "w"), "{");',
  ],
  ['output without end', 'while (true) echo str_repeat("x", 100000);'],
]

let known: string | undefined
test.each(attacks)('a site whose warm-up is %s is answered as if it had done nothing', async (name, script) => {
  const root = `warm ${name}`
  await php.load(root, filesOf({ 'interpeer.json': configuration, 'warm.php': `<?php ${script}`, 'index.php': page, 'data/x': '' }))
  const { status, text } = await visit(php, root)
  php.forget(root)
  known ??= text
  expect([status, text]).toEqual([200, known])
})
