import { SLOT, slotsOf } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { runPage, startPhp } from '../sites.js'
import { repeated } from './repeated.js'

const MIB = 1024 * 1024
const sites = repeated({}, 'echo memory_get_usage();')
const { run } = sites

test.each([
  ['a string that grows', '$a = "x"; while (true) $a .= $a;', /Allowed memory size of 134217728 bytes exhausted/],
  ['a list that grows', '$a = []; while (true) $a[] = [];', /Allowed memory size/],
  ['a string at once', 'str_repeat("x", 1 << 30);', /Allowed memory size/],
  ['a list at once', 'array_fill(0, 1 << 24, 1);', /Allowed memory size/],
  ['text that inflates', 'gzdecode(gzencode(str_repeat("x", 100 << 20)));', /Allowed memory size/],
  ['output that nobody reads', 'ob_start(); while (true) echo str_repeat("x", 1 << 20);', /Allowed memory size/],
  ['shutdown functions', 'function s() { register_shutdown_function("s"); } s();', /Allowed memory size/],
  [
    'shutdown functions, of which the last is registered by half',
    `function f() {} for ($i = 0; $i < 5000; $i++) register_shutdown_function("f");
    ini_set("memory_limit", "16M"); $a = null; while (memory_get_usage() < 15.7 * 1048576) $a = [$a, str_repeat("x", 3000)];
    while (true) register_shutdown_function("f");`,
    /Allowed memory size/,
  ],
  ['memory_limit switched off', 'ini_set("memory_limit", -1); $a = []; while (true) $a[] = str_repeat("x", 1000000);', /Out of memory/],
])('memory used up by %s: a coded answer, and nothing was changed', async (_, script, log) => {
  const seen = await run(`file_put_contents("x", "1"); ${script}`)
  expect([seen.status, seen.header('interpeer-error'), seen.changes]).toEqual([503, 'MEMORY_EXHAUSTED', []])
  expect(seen.log).toMatch(log)
  expect(seen.memoryBytes).toBeLessThanOrEqual(SLOT.memoryMiB * MIB)
})

test('what shutdown functions say to it is the answer', async () => {
  const seen = await run('register_shutdown_function(function () { echo "bye"; }); $a = []; while (true) $a[] = [];')
  expect([seen.status, seen.header('interpeer-error'), seen.text]).toEqual([503, 'MEMORY_EXHAUSTED', 'bye'])
})

test('a script that recovers from what it was refused goes on', async () => {
  const script =
    'ini_set("memory_limit", -1); $d = new PDO("sqlite::memory:"); try { $d->query("select length(zeroblob(900000000))")->fetch(); echo "a"; } catch (PDOException $e) { echo "b"; }'
  expect((await run(script)).text).toMatch(/^[ab]$/)
})

test('memory_limit follows the slots, and scripts can reach it', async () => {
  const fill = '<?php $a = []; for ($i = 0; $i < 500; $i++) $a[] = str_repeat("x", 500000); echo ini_get("memory_limit"), " ", count($a);'
  expect((await runPage(sites.php, fill)).header('interpeer-error')).toBe('MEMORY_EXHAUSTED')
  const wide = await startPhp({ limits: slotsOf(2) })
  const seen = await runPage(wide, fill)
  const again = await runPage(wide, '<?php echo ini_get("memory_limit"); ini_restore("memory_limit"); echo ini_get("memory_limit");')
  await wide.close()
  expect([seen.text, again.text]).toEqual(['320M 500', '320M320M'])
  expect(seen.memoryBytes).toBeGreaterThan(SLOT.memoryMiB * MIB)
})
