import { SLOT, type SlotLimits } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lendSlots } from '../src/host-calls/lend-slots.js'
import { filesOf, namesOf, startPhp, textOf, utf8 } from './sites.js'

const limits: SlotLimits = { ...SLOT, fuel: 1_000_000_000, graceFuel: 100_000_000 }
const AT = { timeMs: 1_790_000_000_000, seed: utf8('seed') }
const REQUEST = { method: 'GET', target: '/', host: 'a.localhost', https: false, headers: [], body: new Uint8Array() }

let php: PhpRuntime
/** Taking all memory of a slot is work too. */
let roomy: PhpRuntime
beforeAll(async () => {
  php = await startPhp({ limits, hostCalls: { effects: ['after'] } })
  roomy = await startPhp({ hostCalls: { effects: ['after'] } })
})
afterAll(() => Promise.all([php.close(), roomy.close()]))

/** Runs twice: all of it must be the same. `f()` in the page prints what a call came to, or which exception it threw. */
async function run(page: string, child: string, slots = 3, runtime = php) {
  const index = `<?php namespace Interpeer;
    function f(callable $call) { try { echo json_encode($call()), "\\n"; } catch (\\Throwable $e) { echo get_class($e), " ", json_encode($e->script ?? null), "\\n"; } }
    ${page}`
  await runtime.load('site', filesOf({ 'index.php': index, 'child.php': `<?php ${child}`, 'interpeer.json': JSON.stringify({ slots }) }))
  const [one, two] = [await runtime.run('site', REQUEST, AT), await runtime.run('site', REQUEST, AT)]
  expect(two).toEqual(one)
  if (one.type === 'abstained') throw new Error(one.reason)
  return { ...one, lines: textOf(one.body).trimEnd().split('\n') }
}
const CALL = 'f(fn () => run("child.php"));'
const HARM = 'file_put_contents("made", "x"); Interpeer\\after(5, "child.php");'

test('a script in slots of its own costs its caller by the files that it is given', async () => {
  const fuelOf = async (page: string) => {
    const { lines, fuel, childJobs } = await run(`${page} ${CALL} @unlink("x");`, 'return 1;')
    expect(lines).toEqual(['1'])
    return fuel - (childJobs[0]?.fuel ?? 0)
  }
  const nothing = await fuelOf('$f = fopen("x", "w"); unlink("x");')
  const pages = await fuelOf('$f = fopen("x", "w"); ftruncate($f, 200 << 16);')
  const written = (then: string) =>
    `$f = fopen("x", "w"); for ($i = 0; $i < 200; $i++) { fseek($f, $i << 16); fwrite($f, "x"); } fflush($f); ${then}`
  expect(pages - nothing).toBeGreaterThan(200 * 1_000)
  // a page of which a byte was written is made whole
  expect((await fuelOf(written(''))) - (await fuelOf(written('unlink("x");')))).toBeGreaterThan(200 * 64 * 1_000)
})

test('a script in slots of its own costs its caller by what it put in the place of another, though it be the same', async () => {
  const fuelOf = async (end: string) => {
    const page = '$x = str_repeat("x", 1 << 20); file_put_contents("a", $x); file_put_contents("b", $x);'
    const { lines, fuel, childJobs } = await run(
      `${page} ${CALL} unlink("a"); unlink("b");`,
      `rename("a", "c"); rename("b", "a"); rename("c", "b"); ${end}`,
    )
    expect(lines).toEqual(['1'])
    return fuel - (childJobs[0]?.fuel ?? 0)
  }
  const again = 'rename("a", "c"); rename("b", "a"); rename("c", "b");'
  expect((await fuelOf('return 1;')) - (await fuelOf(`${again} return 1;`))).toBeGreaterThan(2 * 1024 * 16_000)
})

test.each([
  ['spins', 'while (true);'],
  ['recurses', 'function f($n) { return $n < 2 ? $n : f($n - 1) + f($n - 2); } f(60);'],
  [
    'backtracks',
    'ini_set("pcre.backtrack_limit", PHP_INT_MAX); ini_set("pcre.jit", 0); preg_match("/(a+)+$/", str_repeat("a", 60) . "b"); while (true);',
  ],
  ['deals with the end of its slot without an end', 'while (true) { try { while (true); } catch (Error) {} }'],
  ['goes on in a shutdown function', 'register_shutdown_function(function () { while (true); }); return 1;'],
  ['goes on in a destructor', 'class A { function __destruct() { while (true); } } $GLOBALS["a"] = new A; return 1;'],
])('a script that %s uses up its slot, and no more; its caller catches it', async (_, child) => {
  const { lines, changes, effects, fuel, childJobs } = await run(`${CALL} echo "goes on";`, HARM + child)
  expect(lines).toEqual(['Interpeer\\SlotExhausted "child.php"', 'goes on'])
  expect([changes, effects]).toEqual([[], []])
  expect(childJobs).toMatchObject([{ script: 'child.php', slots: 1, end: 'SLOT_EXHAUSTED' }])
  const [used] = childJobs.map((job) => job.fuel)
  expect(used).toBeGreaterThan(limits.fuel)
  expect(used).toBeLessThanOrEqual(limits.fuel + limits.graceFuel * 2)
  expect(fuel - (used ?? 0), 'its caller, which pays for it').toBeLessThan(limits.fuel / 2)
  expect(fuel).toBeGreaterThan(used ?? 0)
})

test.each([
  ['PHP’s own limit', '$a = []; while (true) $a[] = str_repeat("x", 1 << 20);'],
  ['the limit switched off', 'ini_set("memory_limit", -1); $a = []; while (true) $a[] = str_repeat("x", 1 << 20);'],
  ['one large text', '$a = str_repeat("x", 1 << 30);'],
])('a script that uses up its memory: %s', async (_, child) => {
  const { lines, changes, childJobs, memoryBytes } = await run(`${CALL} echo "goes on";`, HARM + child, 3, roomy)
  expect(lines).toEqual(['Interpeer\\MemoryExhausted "child.php"', 'goes on'])
  expect(changes).toEqual([])
  expect(childJobs).toMatchObject([{ end: 'MEMORY_EXHAUSTED' }])
  expect(childJobs[0]?.memoryBytes).toBeLessThanOrEqual(limits.memoryMiB << 20)
  expect(memoryBytes).toBeLessThan(100 << 20)
})

test('a script deals with the end of its own slot: then it ended well', async () => {
  const { lines, changes, childJobs } = await run(
    CALL,
    'try { while (true); } catch (Interpeer\\SlotExhausted $e) { file_put_contents("made", "x"); return [$e->script, "dealt with"]; }',
  )
  expect(lines).toEqual(['[null,"dealt with"]'])
  expect(namesOf(changes)).toEqual(['write made'])
  expect(childJobs).toMatchObject([{ end: 'returned' }])
  const own = await run('f(function () { while (true); });', '')
  expect(own.lines).toEqual(['Interpeer\\SlotExhausted null'])
})

test('two slots have the memory and the work of two', async () => {
  const memory = 'return strlen(str_repeat("x", 200 << 20));'
  const { lines } = await run(`${CALL} f(fn () => run("child.php", [], 2));`, memory, 3, roomy)
  expect(lines).toEqual(['Interpeer\\MemoryExhausted "child.php"', String(200 << 20)])
  const two = await run('f(fn () => run("child.php", [], 2));', 'while (true);')
  expect(two.childJobs[0]?.fuel).toBeGreaterThan(limits.fuel * 2)
})

test('a request has the work of its slots, whoever does it: what a child job uses is gone for its caller', async () => {
  const child = 'if ($args) while (true); $x = 0; for ($i = 0; $i < 300000; $i++) $x += $i; return 1;'
  const spin = 'f(fn () => run("child.php", ["spin"]));'
  const { lines, childJobs, fuel } = await run(`${CALL} ${spin} ${spin} ${CALL} echo "goes on";`, child, 2)
  expect(lines.slice(0, 2)).toEqual(['1', 'Interpeer\\SlotExhausted "child.php"'])
  expect(lines.at(-1)).toBe('goes on')
  const [, second = 0, third = 0] = childJobs.map((job) => job.fuel)
  expect(second).toBeGreaterThan(limits.fuel)
  expect(third, 'what was left').toBeLessThan(limits.fuel)
  expect(childJobs).toHaveLength(3)
  expect(fuel).toBeGreaterThan(limits.fuel * 2)
  expect(fuel).toBeLessThanOrEqual((limits.fuel + limits.graceFuel) * 3)
})

test('a request’s own script may use all slots itself', async () => {
  const { lines, fuel, childJobs } = await run('f(function () { while (true); });', '', 3)
  expect(lines).toEqual(['Interpeer\\SlotExhausted null'])
  expect([fuel > limits.fuel * 3, fuel < (limits.fuel + limits.graceFuel) * 3, childJobs]).toEqual([true, true, []])
  const memory = 'f(fn () => strlen(str_repeat("x", 200 << 20)));'
  expect((await run(memory, '', 2)).lines).toEqual([String(200 << 20)])
})

test('memory that a script holds itself can not be lent', async () => {
  const page = '$x = str_repeat("x", 400 << 20); f(fn () => run("child.php", [], 2)); f(fn () => run("child.php", [], 1));'
  expect((await run(page, 'return 1;', 3)).lines).toEqual(['Interpeer\\NoFreeSlot null', '1'])
})

test('a caller whose own slot ends meanwhile is told so after its child job', async () => {
  const page = 'f(function () { $x = 0; while (true) { $x++; if ($x === 1000) run("child.php"); } });'
  expect((await run(page, 'return 1;')).lines).toEqual(['Interpeer\\SlotExhausted null'])
})

test('starting scripts costs their caller work: a hundred do not fit into a small slot', async () => {
  const { lines, childJobs } = await run('f(function () { for ($i = 0; $i < 100; $i++) run("child.php"); });', 'return 1;')
  expect(lines).toEqual(['Interpeer\\SlotExhausted null'])
  expect(childJobs.length).toBeLessThan(100)
})

test('what a child job leaves under a name that is too long is gone, and its work is paid for', async () => {
  const child = `
    $long = fn ($top) => implode("/", [$top, ...array_fill(0, 15, str_repeat("n", 250))]);
    foreach (["/tmp/a", "/tmp/b", "/tmp/c"] as $top) mkdir($long($top), 0777, true);
    rename("/tmp/a", $long("/tmp/b") . "/a"); rename("/tmp/b", $long("/tmp/c") . "/b");
    for ($i = 0, $x = 0; $i < 300000; $i++) $x += $i;
    file_put_contents("made", "x"); return 1;`
  const { lines, changes, childJobs, fuel } = await run(`${CALL} echo "goes on";`, child)
  expect(lines).toEqual([expect.stringMatching(/^Interpeer.ScriptFailed /), 'goes on'])
  expect(changes).toEqual([])
  expect(childJobs).toMatchObject([{ end: 'CHANGES_INVALID' }])
  expect(fuel).toBeGreaterThan(childJobs[0]?.fuel ?? Number.POSITIVE_INFINITY)
})

describe('what is lent', () => {
  const slot = { fuel: 1000, memoryMiB: 512, graceFuel: 100 }
  const refused = expect.objectContaining({ thrown: 'NoFreeSlot' })
  const lender = { slots: 4, memoryBytes: 0, fuelLeft: 4000 }

  test('is so many times one slot, and no more work than the lender has left', () => {
    expect(lendSlots(slot, lender, 2)).toEqual({ fuel: 2000, memoryMiB: 1024, graceFuel: 200 })
    expect(lendSlots(slot, { ...lender, fuelLeft: 800 }, 2)).toEqual({ fuel: 800, memoryMiB: 1024, graceFuel: 80 })
    expect(() => lendSlots(slot, { ...lender, fuelLeft: 0 }, 2)).toThrow(refused)
  })
  test('leaves the lender one slot, and the memory that it holds', () => {
    expect(lendSlots(slot, lender, 3).memoryMiB).toBe(1536)
    expect(() => lendSlots(slot, lender, 4)).toThrow(refused)
    expect(() => lendSlots(slot, { ...lender, slots: 1 }, 1)).toThrow(refused)
    expect(() => lendSlots(slot, { ...lender, memoryBytes: 513 << 20 }, 3)).toThrow(refused)
    expect(lendSlots(slot, { ...lender, memoryBytes: 512 << 20 }, 3).memoryMiB).toBe(1536)
  })
  test('has no more memory than PHP can address', () => {
    expect(lendSlots({ ...slot, memoryMiB: 1024 }, lender, 3).memoryMiB).toBe(2048)
  })
})
