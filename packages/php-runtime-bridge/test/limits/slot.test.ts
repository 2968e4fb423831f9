import { SLOT, type SlotLimits } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { namesOf, runPage, type Seen } from '../sites.js'
import { repeated } from './repeated.js'

const limits: SlotLimits = { ...SLOT, fuel: 100_000_000, graceFuel: 20_000_000 }
const most = limits.fuel + limits.graceFuel
const sites = repeated({ limits }, 'file_put_contents("kept", "1"); echo "kept";')
const { run } = sites
const codeOf = (seen: Seen) => seen.header('interpeer-error')

test('the end of a slot is an error that a script can catch, and what it does then counts', async () => {
  const seen = await run(
    'file_put_contents("a", "1"); try { while (true); } catch (Error $e) { file_put_contents("b", "2"); echo get_class($e), ": ", $e->getMessage(); }',
  )
  expect([seen.status, seen.text]).toEqual([200, 'Interpeer\\SlotExhausted: The job slot is exhausted: its work is used up'])
  expect(namesOf(seen.changes)).toEqual(['write a', 'write b'])
  expect(seen.fuel).toBeGreaterThan(limits.fuel)
  expect(seen.fuel).toBeLessThan(most)
})

test.each([
  ['in an exception handler', 'set_exception_handler(fn ($e) => print("handled")); while (true);', 'handled'],
  [
    'in a finally',
    'function f() { try { while (true); } finally { echo "finally "; } } try { f(); } catch (Error) { echo "caught"; }',
    'finally caught',
  ],
  [
    'in a generator',
    'function g() { try { while (true) yield 1; } catch (Error) { echo "caught"; } } try { foreach (g() as $x); } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'of functions that call themselves',
    'function f($n) { return $n < 2 ? $n : f($n - 1) + f($n - 2); } try { f(50); } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'in callbacks of sorting',
    '$a = range(0, 2000); try { usort($a, function ($x, $y) { for ($i = 0; $i < 999; $i++); return 0; }); } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'after an internal function that ends within the grace',
    '$a = str_repeat("a", 12) . "b"; try { while (true) preg_match("/(a+)+$/", $a); } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'in ticks',
    'declare(ticks=1); register_tick_function(fn () => 1); try { while (true) $x = 1; } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'in a destructor',
    'class D { function __destruct() { while (true); } } try { $d = new D; unset($d); } catch (Error) { echo "caught"; }',
    'caught',
  ],
  [
    'in compiling',
    '$s = str_repeat(\'$a = [1, $b, "x"];\', 300); try { while (true) eval($s); } catch (Error) { echo "caught"; }',
    'caught',
  ],
])('it can be caught %s', async (_, script, text) => {
  const seen = await run(script)
  expect([seen.status, seen.text]).toEqual([200, text])
})

test.each([
  ['loops on in its catch', 'try { while (true); } catch (Error) { while (true); }'],
  ['catches over and over', 'while (true) try { while (true); } catch (Throwable) {}'],
  ['loops on in finally', 'try { while (true); } finally { while (true); }'],
  ['loops on in its handler of exceptions', 'set_exception_handler(function () { while (true); }); while (true);'],
  ['loops on in a shutdown function', 'register_shutdown_function(function () { while (true); }); while (true);'],
  [
    'loops on in destructors',
    'class A { function __destruct() { try { while (true); } catch (Error) { while (true); } } } $a = new A; $b = new A; exit;',
  ],
  [
    'never leaves one internal function',
    'ini_set("pcre.backtrack_limit", PHP_INT_MAX); preg_match("/(a+)+$/", str_repeat("a", 40) . "b");',
  ],
  [
    'never leaves a query',
    '(new PDO("sqlite::memory:"))->query("with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c");',
  ],
  [
    'ignores its visitor, and wants more time',
    'ignore_user_abort(true); set_time_limit(0); while (true) try { while (true); } catch (Error) {}',
  ],
])('a script that %s is stopped, and nothing that it did counts', async (_, script) => {
  const seen = await run(`file_put_contents("x", "1"); echo "before"; flush(); ${script}`)
  expect([seen.status, codeOf(seen), seen.changes]).toEqual([503, 'SLOT_EXHAUSTED', []])
  expect(seen.text).toBe('SLOT_EXHAUSTED: The script used up its job slot; nothing was changed.\n')
  expect(seen.fuel).toBeGreaterThan(most)
  expect(seen.fuel).toBeLessThan(most + 2_000_000)
})

test('a script that does not deal with the end changes nothing; what its shutdown functions say is the answer', async () => {
  const silent = await run('file_put_contents("x", "1"); while (true);')
  expect([silent.status, codeOf(silent), silent.text, silent.changes]).toEqual([
    503,
    'SLOT_EXHAUSTED',
    expect.stringMatching(/^SLOT_EXH/),
    [],
  ])
  expect(silent.log).toMatch(/Uncaught Interpeer\\SlotExhausted: The job slot is exhausted/)
  const page =
    'register_shutdown_function(function () { header("X-A: b"); file_put_contents("y", "1"); echo "Sorry: ", error_get_last()["type"]; });'
  const sorry = await run(`${page} file_put_contents("x", "1"); while (true);`)
  expect([sorry.status, codeOf(sorry), sorry.header('x-a'), sorry.text, sorry.changes]).toEqual([
    503,
    'SLOT_EXHAUSTED',
    'b',
    'Sorry: 1',
    [],
  ])
  const handler = await run('ob_start(function ($text) { while (true); }); file_put_contents("x", "1"); echo "a";')
  expect([handler.status, codeOf(handler), handler.changes]).toEqual([503, 'SLOT_EXHAUSTED', []])
})

test('an error of another kind before the end is as on any host', async () => {
  const seen = await run(
    'file_put_contents("x", "1"); register_shutdown_function(function () { try { while (true); } catch (Error) { echo "late"; } }); nothing();',
  )
  expect([seen.status, codeOf(seen), seen.text, namesOf(seen.changes)]).toEqual([500, undefined, 'late', ['write x']])
})

test('fuel counts what a script does, and system calls with the bytes that they move', async () => {
  const fuelOf = async (script: string) => (await run(script)).fuel
  const [nothing, looks, writes, moves] = [
    await fuelOf(''),
    await fuelOf('for ($i = 0; $i < 100; $i++) { clearstatcache(); is_file("none"); }'),
    await fuelOf('for ($i = 0; $i < 100; $i++) file_put_contents("x", "y");'),
    await fuelOf('$s = str_repeat("x", 1 << 20); for ($i = 0; $i < 8; $i++) file_put_contents("/tmp/x", $s);'),
  ]
  expect(nothing).toBeGreaterThan(100_000)
  expect(looks - nothing).toBeGreaterThan(100 * 10_000)
  expect(writes - nothing).toBeGreaterThan(100 * 14_000)
  expect(moves - nothing).toBeGreaterThan(8 * 1024 * 1_000)
})

test('what runs no script uses nothing', async () => {
  const refused = await runPage(sites.php, '<?php', { method: 'NO WAY' })
  expect([refused.fuel, refused.memoryBytes]).toEqual([0, 0])
})

test('so is one that never leaves a loop of the binary that calls nothing: at the same place, a little later', async () => {
  const seen = await run('try { levenshtein(str_repeat("a", 90_000), str_repeat("b", 90_000)); } catch (Error) { echo "never"; }')
  expect([seen.status, codeOf(seen), seen.changes]).toEqual([503, 'SLOT_EXHAUSTED', []])
  expect(seen.fuel).toBeLessThan(most + 2 ** 30 + 2_000_000)
})
