import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, startPhp, textOf, utf8 } from './sites.js'

const AT = { timeMs: 1_790_000_000_000, seed: utf8('seed'), balance: 1000n }
const REQUEST = {
  method: 'GET',
  target: '/',
  host: 'a.localhost',
  https: false,
  headers: [['cookie', 'a=b'] as const],
  body: new Uint8Array(),
}
const effects = ['after', 'pay', 'outbox'] as const
const start = () => startPhp({ hostCalls: { effects, content: (cid) => (cid.endsWith('a') ? utf8('content') : undefined) } })

let php: PhpRuntime
beforeAll(async () => {
  php = await start()
})
afterAll(() => php.close())

/** A page that runs `child.php`, and perhaps others. `f()` prints what a call came to, or what it threw. */
async function run(page: string, child: string, files: Readonly<Record<string, string>> = {}, slots = 4, runtime = php) {
  const index = `<?php namespace Interpeer;
    function f(callable $call) {
      try { echo json_encode($call()), "\\n"; }
      catch (\\Throwable $e) { echo substr(strrchr("\\\\" . get_class($e), "\\\\"), 1), " ", $e->reason ?? "", ": ", explode("\\n", $e->getMessage())[0], "\\n"; }
    }
    ${page}`
  const configuration = JSON.stringify({ slots, effects })
  await runtime.load(
    'site',
    filesOf({ 'index.php': index, 'child.php': `<?php ${child}`, 'interpeer.json': configuration, 'data/kept.txt': 'kept', ...files }),
  )
  const outcome = await runtime.run('site', REQUEST, AT)
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  const text = textOf(outcome.body)
  return { ...outcome, text, lines: text.trimEnd().split('\n'), transcript: Buffer.from(outcome.transcript).toString('hex') }
}
const CALL = 'f(fn () => run("child.php"));'

test('a script gets its arguments, and its value comes back; what it prints is printed', async () => {
  const value = '[1, -2.5, null, true, "x\\0\\xffy", ["a" => ["b" => []]], PHP_INT_MAX, "10" => INF]'
  const { text, childJobs } = await run(
    `ob_start(); $back = run("child.php", ${value}); $printed = ob_get_clean(); var_dump($back === [...[${value}], "n" => 8]); echo $printed;`,
    'echo "printed"; return [$args, "n" => count($args)];',
  )
  expect(text).toBe('bool(true)\nprinted')
  expect(childJobs).toEqual([{ script: 'child.php', slots: 1, end: 'returned', fuel: expect.any(Number), memoryBytes: expect.any(Number) }])
})

test('it is a script like any other: nothing of the caller, an address, no visitor, no headers', async () => {
  const { text, headers } = await run(
    'define("MARK", 1); $GLOBALS["mark"] = 1; ini_set("precision", 3); http_response_code(201); echo json_encode(run("./child.php"));',
    `header("X-Child: 1"); http_response_code(404); return [defined("MARK"), isset($mark), ini_get("precision"), $_COOKIE, $_SERVER["REQUEST_METHOD"], $_SERVER["REQUEST_URI"],
      $_SERVER["SCRIPT_FILENAME"], $_SERVER["HTTP_HOST"], getcwd(), __FILE__, get_included_files(), array_keys($GLOBALS)];`,
  )
  const globals = ['_GET', '_POST', '_COOKIE', '_FILES', 'args']
  expect(JSON.parse(text)).toEqual([
    ...[false, false, '14', [], 'GET', '/child.php', '/site/child.php', 'a.localhost', '/site', '/site/child.php', ['/site/child.php']],
    expect.arrayContaining(globals),
  ])
  expect(headers.some(([name]) => name.toLowerCase() === 'x-child')).toBe(false)
})

test.each([
  ['nothing', 'echo "x";', 'x1'],
  ['null', 'return;', 'null'],
  ['exit', 'echo "x"; exit; return 5;', 'xnull'],
  ['exit with a text', 'exit("bye");', 'byenull'],
  ['exit in a function', '(function () { exit(0); })();', 'null'],
  ['a handled exception', 'try { throw new Exception("a"); } catch (Exception) { return 2; }', '2'],
  ['an exception that its own handler takes', 'set_exception_handler(fn () => print("x")); throw new Exception("a");', 'xnull'],
  ['a warning', 'return @file_get_contents("nowhere");', 'false'],
  ['work after it returned', 'register_shutdown_function(fn () => print("after")); return 3;', 'after3'],
])('a script that returns %s', async (_, child, printed) => {
  expect((await run(CALL, child)).lines).toEqual([printed])
})

test.each([
  [
    'an exception',
    'echo "some"; throw new DomainException("no");',
    /^ScriptFailed FATAL_ERROR: child\.php failed: Uncaught DomainException: no in \/site\/child\.php:1$/,
  ],
  ['an error', 'nothing();', /^ScriptFailed FATAL_ERROR: .*Call to undefined function nothing/],
  ['no PHP', 'syntax error', /^ScriptFailed FATAL_ERROR: .*syntax error/],
  ['trigger_error', 'trigger_error("mine", E_USER_ERROR);', /^ScriptFailed FATAL_ERROR: .*mine/],
  ['exit(3)', 'exit(3);', /^ScriptFailed EXITED: .*it exited with status 3$/],
  ['deep recursion', '$f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();', /^ScriptFailed STACK_EXHAUSTED: /],
  ['too much output', 'while (true) echo str_repeat("x", 100000);', /^ScriptFailed RESPONSE_TOO_LARGE: /],
  [
    'a value that is an object',
    'return new ArrayObject;',
    /^ScriptFailed FATAL_ERROR: .*what a script in a slot of its own returns must be null, booleans/,
  ],
  ['a value that is a closure', 'return fn () => 1;', /^ScriptFailed FATAL_ERROR: .*Serialization of 'Closure' is not allowed/],
  ['too large a value', 'return str_repeat("x", 1 << 20);', /^ScriptFailed FATAL_ERROR: .*at most 1 MiB/],
  ['all memory', '$a = []; while (true) $a[] = str_repeat("x", 1 << 16);', /^MemoryExhausted : child\.php used up its memory$/],
])('what a script did that ends by %s is gone, and its caller goes on', async (_, child, line) => {
  const harm =
    'file_put_contents("data/kept.txt", "spoilt"); file_put_contents("made.txt", "x"); unlink("data/other.txt"); file_put_contents("/tmp/t", "x"); Interpeer\\pay("e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0", 1);'
  const page = `pay("b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", 1); file_put_contents("mine.txt", "m"); ${CALL} file_put_contents("later.txt", "l");
    echo json_encode([file_get_contents("data/kept.txt"), file_exists("made.txt"), file_exists("/tmp/t"), balance()]);`
  const { lines, changes, effects: asked, childJobs } = await run(page, harm + child, { 'data/other.txt': 'o' })
  expect(lines).toEqual([expect.stringMatching(line), '["kept",false,false,"999"]'])
  expect(namesOf(changes)).toEqual(['write later.txt', 'write mine.txt'])
  expect(asked).toEqual([{ type: 'pay', account: 'b0'.repeat(32), amount: 1n }])
  expect(childJobs).toHaveLength(1)
})

test('what failed says what it had printed, and which script it was', async () => {
  const { text } = await run(
    'try { run("child.php"); } catch (ScriptFailed $e) { echo json_encode([$e->script, $e->output, $e->getLine()]); }',
    'echo "half"; exit(1);',
  )
  expect(JSON.parse(text)).toEqual(['child.php', 'half', expect.any(Number)])
})

test('a script sees the files as they are; what it does to them is done, also to files that its caller holds open', async () => {
  const child = `$seen = [file_get_contents("new.txt"), file_exists("gone.txt"), file_get_contents("/tmp/t"), scandir("data")];
    file_put_contents("new.txt", "of the child"); file_put_contents("data/more.txt", "more"); unlink("data/kept.txt"); mkdir("d/e", 0777, true); rename("old", "moved");
    file_put_contents("/tmp/t", "2"); Interpeer\\after(5, "child.php"); return $seen;`
  const page = `file_put_contents("new.txt", "of the caller"); unlink("gone.txt"); file_put_contents("/tmp/t", "1"); $f = fopen("new.txt", "r+");
    echo json_encode(run("child.php")), "\\n"; rewind($f); $read = fread($f, 100); fseek($f, 0, SEEK_END); fwrite($f, "!");
    echo json_encode([$read, file_get_contents("new.txt"), scandir("data"), is_dir("d/e"), scandir("moved"), file_exists("old"), file_get_contents("/tmp/t")]);`
  const { lines, changes, effects: asked } = await run(page, child, { 'gone.txt': '', 'old/a': 'a', 'old/b/c': 'c' })
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    ['of the caller', false, '1', ['.', '..', 'kept.txt']],
    ['of the child', 'of the child!', ['.', '..', 'more.txt'], true, ['.', '..', 'a', 'b'], false, '2'],
  ])
  expect(namesOf(changes)).toEqual(
    [
      ...[
        'directory d',
        'directory d/e',
        'delete data/kept.txt',
        'write data/more.txt',
        'delete gone.txt',
        'directory moved',
        'write moved/a',
      ],
      ...['directory moved/b', 'write moved/b/c', 'write new.txt', 'delete old'],
    ].sort((a, b) => (a.split(' ')[1] as string).localeCompare(b.split(' ')[1] as string, 'en')),
  )
  expect(asked).toMatchObject([{ type: 'after', script: 'child.php' }])
})

test('SQLite sees what a child job did to an open database', async () => {
  const { text } = await run(
    '$d = new \\PDO("sqlite:data/a.db"); $d->exec("create table t (n)"); run("child.php"); echo $d->query("select sum(n) from t")->fetchColumn();',
    '$d = new PDO("sqlite:data/a.db"); $d->exec("insert into t values (2), (3)");',
  )
  expect(text).toBe('5')
})

test('a site may hold no more for its child jobs than without them', async () => {
  const child = '$f = fopen("big" . $args[0], "w"); return [@ftruncate($f, 140 << 20), fstat($f)["size"]];'
  const { lines } = await run('f(fn () => run("child.php", [1])); f(fn () => run("child.php", [2])); ', child)
  expect(lines).toEqual(['[true,146800640]', '[false,0]'])
})

test('what lies outside the site is no script; arguments are plain data', async () => {
  const calls = [
    'run("nowhere.php")',
    'run("/internal/shared/child.php")',
    'run("data")',
    'run("child.php", [new \\stdClass])',
    'run("child.php", [], 0)',
    'run("child.php", [], -1)',
  ]
  const { lines } = await run(
    `${calls.map((call) => `f(fn () => ${call});`).join('')}f(fn () => run("child.php", [str_repeat("x", 1 << 20)]));`,
    'return 1;',
  )
  expect(lines).toEqual([
    'ValueError : there is no script "nowhere.php" in this site',
    'ValueError : there is no script "/internal/shared/child.php" in this site',
    'ValueError : there is no script "data" in this site',
    expect.stringMatching(/^ValueError : .*\$args\) must be null, booleans/),
    'ValueError : Interpeer\\run(): Argument #3 ($slots) must be at least 1',
    'ValueError : Interpeer\\run(): Argument #3 ($slots) must be at least 1',
    expect.stringMatching(/^ValueError : .*\$args\) must be at most 1 MiB/),
  ])
})

test('slots are there again when a script ends; a site of one slot has none to lend', async () => {
  const { lines } = await run(
    'f(fn () => run("child.php", [], 3)); f(fn () => run("child.php", [], 4)); f(fn () => run("child.php", [], 3));',
    'return 1;',
  )
  expect(lines).toEqual(['1', 'NoFreeSlot : Interpeer\\run(): 4 slots are asked for, 3 can be lent', '1'])
  expect((await run(CALL, 'return 1;', {}, 1)).lines).toEqual(['NoFreeSlot : Interpeer\\run(): 1 slots are asked for, 0 can be lent'])
})

test('child jobs have child jobs, as deep as there are slots, and four levels', async () => {
  const child =
    'if ($args[0] === 0) return 0; try { return 1 + Interpeer\\run("child.php", [$args[0] - 1], $args[0]); } catch (Interpeer\\NoFreeSlot $e) { return $e->getMessage(); }'
  const nest = (depth: number) => `f(fn () => run("child.php", [${depth}], ${depth + 1}));`
  expect((await run(nest(3), child, {}, 5)).lines).toEqual(['3'])
  const deep = await run(
    'echo run("child.php", [], 4);',
    'return 1 + Interpeer\\run(__DIR__ . "/2.php", [], 3);',
    {
      '2.php': '<?php return 1 + Interpeer\\run("3.php", [], 2);',
      '3.php': '<?php return 1 + Interpeer\\run("4.php");',
      '4.php': '<?php try { Interpeer\\run("child.php"); } catch (Interpeer\\NoFreeSlot $e) { echo $e->getMessage(), ";"; return 0; }',
    },
    5,
  )
  expect(deep.text).toBe('Interpeer\\run(): scripts run each other 4 deep at most;3')
  expect(deep.childJobs.map(({ script }) => script)).toEqual(['4.php', '3.php', '2.php', 'child.php'])
  const few = await run(
    'echo run("child.php");',
    'try { return Interpeer\\run("child.php"); } catch (Interpeer\\NoFreeSlot) { return "none"; }',
    {},
    3,
  )
  expect(few.text).toBe('none')
})

test('a child job of a child job that fails is gone alone', async () => {
  const { text, changes, childJobs } = await run(
    'echo run("child.php", [], 2);',
    'file_put_contents("a", "1"); try { Interpeer\\run("2.php"); } catch (Interpeer\\ScriptFailed) {} return (int) file_exists("b");',
    {
      '2.php': '<?php file_put_contents("a", "2"); file_put_contents("b", "2"); exit(1);',
    },
  )
  expect([text, namesOf(changes), childJobs.map(({ end }) => end)]).toEqual(['0', ['write a'], ['EXITED', 'returned']])
})

test('a request starts a hundred at most', async () => {
  const { lines, childJobs } = await run(
    'for ($i = 0; $i < 101; $i++) { try { run("child.php"); } catch (NoFreeSlot $e) { echo $i, " ", $e->getMessage(); } }',
    'return 1;',
  )
  expect(lines).toEqual(['100 Interpeer\\run(): a request may start 100 scripts in slots of their own'])
  expect(childJobs).toHaveLength(100)
})

test('randomness differs from script to script and is the same in each run; time goes on', async () => {
  const page =
    '$a = random_int(0, 1 << 30); $t = hrtime(true); f(fn () => run("child.php")); f(fn () => run("child.php")); f(fn () => [$a, hrtime(true) > $t + 2e9]);'
  const one = await run(page, 'sleep(1); return [random_int(0, 1 << 30), mt_rand(), getmypid(), uniqid(), time()];')
  const [first, second, own] = one.lines.map((line) => JSON.parse(line))
  expect(first[4]).toBe(1_790_000_001)
  expect(second[4]).toBe(1_790_000_002)
  expect(own[1]).toBe(true)
  expect(new Set([first[0], second[0], own[0]]).size).toBe(3)
  expect(new Set([first[2], second[2]]).size).toBe(2)
  const fresh = await start()
  try {
    expect(await run(page, 'sleep(1); return [random_int(0, 1 << 30), mt_rand(), getmypid(), uniqid(), time()];', {}, 4, fresh)).toEqual(
      one,
    )
  } finally {
    await fresh.close()
  }
})

test('what a child job did shows in the transcript, even if its result does not', async () => {
  const [one, other] = [
    await run('run("child.php"); echo "a";', 'is_file("one"); return 1;'),
    await run('run("child.php"); echo "a";', 'is_file("two"); return 1;'),
  ]
  expect(one.text).toBe(other.text)
  expect(one.transcript).not.toBe(other.transcript)
})

test('a child job that breaks PHP leaves its caller and the next one whole', async () => {
  const page = `$a = array_map(fn ($i) => md5("$i"), range(1, 5000)); ${CALL} f(fn () => $a === array_map(fn ($i) => md5("$i"), range(1, 5000))); f(fn () => run("2.php"));`
  const { lines } = await run(page, '(new Fiber(fn () => 1))->start();', { '2.php': '<?php return "fine";' })
  expect(lines).toEqual([expect.stringMatching(/^(ScriptFailed SCRIPT_TRAPPED|ScriptFailed FATAL_ERROR): /), 'true', '"fine"'])
})

test('what a child job lacks on this machine, the request lacks', async () => {
  await expect(run(CALL, 'return Interpeer\\content("b" . str_repeat("b", 58));')).rejects.toThrow('CONTENT_MISSING')
  expect((await run(CALL, 'return Interpeer\\content("b" . str_repeat("a", 58));')).lines).toEqual(['"content"'])
})

test('PHP’s complaints of a child job are in the log of the request', async () => {
  expect((await run(CALL, 'echo $undefined; nothing();')).log).toMatch(/Undefined variable \$undefined[\s\S]*undefined function nothing/)
})

test('only a child job has a task; it cannot pass off what is no plain data as its value', async () => {
  const { lines } = await run(
    'f(fn () => host("4:args")); f(fn () => host("8:returned2:N;")); f(fn () => run("child.php"));',
    'echo substr(Interpeer\\host("8:returned13:O:1:\\"A\\":0:{}"), 0, 13); Interpeer\\host("8:returned4:i:7;"); exit;',
  )
  const none = '"10:ValueError20:this is no host call"'
  expect(lines).toEqual([none, none, '10:ValueError7'])
})

test('a site with an image of its own has all this too: its child jobs start from that image', async () => {
  const index =
    '<?php Interpeer\\pay("b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0", 1); echo json_encode([Interpeer\\run("code.php"), Interpeer\\run("code.php"), get_included_files()]);'
  const code = '<?php return [count(opcache_get_status()["scripts"]) > 1, opcache_is_script_cached(__FILE__), get_included_files()];'
  const configuration = JSON.stringify({ slots: 2, effects, mutable: ['data'], warmUp: ['/', '/code.php'] })
  await php.load('imaged', filesOf({ 'index.php': index, 'code.php': code, 'interpeer.json': configuration }))
  const outcome = await php.run('imaged', REQUEST, AT)
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  const child = [true, true, ['/site/code.php']]
  expect(JSON.parse(textOf(outcome.body))).toEqual([child, child, ['/site/index.php']])
  expect(outcome.effects).toHaveLength(1)
  expect((await php.image('imaged'))?.scripts).toEqual(['/site/code.php', '/site/index.php'])
})

test('the thread’s own stack holds five levels that recurse: the last gives out by its own bound', async () => {
  const deep = (bottom: string) => `$f = function ($n) use (&$f) { return $n === 0 ? ${bottom} : array_map($f, [$n - 1])[0]; };`
  const at = (script: string, slots: number) => `${deep(`Interpeer\\run("${script}", [], ${slots})`)} return $f(1500);`
  const page = `${deep('run("child.php", [], 4)')} echo $f(1500);`
  const { text, childJobs } = await run(
    page,
    at('2.php', 3),
    {
      '2.php': `<?php ${at('3.php', 2)}`,
      '3.php': `<?php try { Interpeer\\run("4.php"); } catch (Interpeer\\ScriptFailed $e) { return $e->reason; }`,
      '4.php': '<?php $f = fn () => array_map($GLOBALS["f"], [1]); $f();',
    },
    5,
  )
  expect(text).toBe('STACK_EXHAUSTED')
  expect(childJobs.map(({ end }) => end)).toEqual(['STACK_EXHAUSTED', 'returned', 'returned', 'returned'])
})
