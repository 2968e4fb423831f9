import { SLOT } from '@interpeer/php-runtime-bridge'
import { expect, test } from 'vitest'
import { repeated } from './repeated.js'

const { run } = repeated({ limits: { ...SLOT, fuel: 4_000_000_000 } }, 'echo "kept";')
const nested = '$a = []; for ($i = 0; $i < 60000; $i++) $a = [$a];'

test.each([
  ['callbacks', '$f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();'],
  ['callbacks that write', '$f = function () use (&$f) { file_put_contents("y", "1"); return array_map($f, [1])[0]; }; $f();'],
  ['sorting', 'function f() { $a = [2, 1]; usort($a, fn () => f()); } f();'],
  ['patterns with callbacks', 'function f() { preg_replace_callback("/a/", fn () => f(), "a"); } f();'],
  ['magic methods', 'class A { function __get($n) { return (new A)->{$n . "x"}; } } (new A)->a;'],
  ['turning into text', 'class T { function __toString() { return "" . new T; } } echo new T;'],
  ['destructors', 'class D { function __destruct() { new D; } } new D;'],
  ['classes that load each other', 'spl_autoload_register(fn ($c) => class_exists($c . "x")); class_exists("a");'],
  ['handlers of errors', 'function f() { set_error_handler(fn () => f()); echo $u; } f();'],
  [
    'iterators in iterators',
    '$i = new ArrayIterator([1]); for ($k = 0; $k < 30000; $k++) $i = new IteratorIterator($i); foreach ($i as $x);',
  ],
  [
    'queries that call back',
    '$d = new PDO("sqlite::memory:"); $f = function () use ($d, &$f) { return $d->query("select f()")->fetchColumn(); }; $d->sqliteCreateFunction("f", $f); $f();',
  ],
  ['serializing', `${nested} echo strlen(serialize($a));`],
  ['unserializing', 'ini_set("unserialize_max_depth", 0); unserialize(str_repeat("a:1:{i:0;", 60000) . "i:1;" . str_repeat("}", 60000));'],
  ['JSON', `${nested} echo strlen(json_encode($a, 0, 100000));`],
  ['comparing', `${nested} $b = $a; $b[] = 1; $c = []; for ($i = 0; $i < 60000; $i++) $c = [$c]; var_dump($a == $c);`],
  ['walking', `${nested} array_walk_recursive($a, fn () => 1);`],
  ['an expression of many terms', '$x = "b"; eval("return 1" . str_repeat("+$x", 100000) . ";");'],
])('recursion by %s ends in a coded answer, and nothing was changed', async (_, script) => {
  const seen = await run(`file_put_contents("x", "1"); ${script}`)
  expect([seen.status, seen.header('interpeer-error'), seen.changes]).toEqual([500, 'STACK_EXHAUSTED', []])
})

test.each([
  ['letting go of nested lists', `${nested} unset($a);`],
  [
    'letting go of a chain of objects',
    'class N { public $n; } $a = null; for ($i = 0; $i < 60000; $i++) { $b = new N; $b->n = $a; $a = $b; } unset($a, $b);',
  ],
  [
    'collecting a chain',
    'class N { public $n, $p; } $a = $h = new N; for ($i = 0; $i < 60000; $i++) { $b = new N; $b->p = $a; $a->n = $b; $a = $b; } unset($a, $b, $h); gc_collect_cycles();',
  ],
  ['brackets', 'eval("return " . str_repeat("(", 30000) . "1" . str_repeat(")", 30000) . ";");'],
  ['groups of a pattern', '@preg_match("/" . str_repeat("(", 30000) . str_repeat(")", 30000) . "/", "");'],
  ['a pattern that goes back', 'ini_set("pcre.jit", 0); preg_match("/(?:(a)|b)*$/", str_repeat("ab", 500000));'],
  [
    'elements in elements',
    '$d = new DOMDocument; @$d->loadXML(str_repeat("<a>", 60000) . str_repeat("</a>", 60000), LIBXML_PARSEHUGE); $d->saveXML();',
  ],
  [
    'a chain of generators',
    'function g($p) { yield from $p; } $g = (function () { yield 1; })(); for ($i = 0; $i < 20000; $i++) $g = g($g); foreach ($g as $x);',
  ],
])('recursion by %s has an answer, the same each time', async (_, script) => {
  expect((await run(script)).status).toBeTypeOf('number')
})

test('PHP functions may call themselves as deep as memory allows', async () => {
  expect((await run('function f($n) { return $n ? 1 + f($n - 1) : 0; } echo f(50000);')).text).toBe('50000')
})

test('a fiber, which this PHP cannot switch to, is an error at once', async () => {
  const seen = await run(
    'try { new Fiber(fn () => 1); } catch (Error $e) { echo $e->getMessage(); } class_exists("Fiber") and Fiber::suspend();',
  )
  expect([seen.status, seen.text]).toEqual([500, 'Fibers cannot run here'])
  expect(seen.log).toMatch(/Cannot suspend outside of a fiber/)
})
