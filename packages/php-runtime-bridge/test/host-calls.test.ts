import { readFileSync } from 'node:fs'
import type { Effect } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, startPhp, textOf, utf8 } from './sites.js'

const HERE = `b${'a'.repeat(58)}`
const NOT_OF_THE_JOB = `b${'b'.repeat(58)}`
const LACKING = `b${'c'.repeat(58)}`
const BROKEN = `b${'d'.repeat(58)}`
const LARGE = `b${'e'.repeat(58)}`
const LARGER_THAN_ASKED = `b${'f'.repeat(58)}`
const contents: Readonly<Record<string, Uint8Array | null | 'too-large'>> = {
  [HERE]: utf8('a\0b'),
  [NOT_OF_THE_JOB]: null,
  [LARGE]: 'too-large',
}
const content = async (cid: string, bytesMax: number) => {
  if (cid === BROKEN) throw new Error('the store is gone')
  return cid === LARGER_THAN_ASKED ? new Uint8Array(bytesMax + 1) : contents[cid]
}
const ALL = ['after', 'pay', 'outbox'] as const
const BOB = 'b0'.repeat(32)
const AT = { timeMs: 1_790_000_000_000, seed: utf8('seed') }
const JOB = { job: { id: 'bafyjob', account: 'z6MkAccount', step: 7 }, balance: 1000n }
const REQUEST = { method: 'GET', target: '/', host: 'a.localhost', https: false, headers: [], body: new Uint8Array() }

let full: PhpRuntime
let bare: PhpRuntime
beforeAll(async () => {
  full = await startPhp({ hostCalls: { effects: ALL, content } })
  bare = await startPhp()
})
afterAll(() => Promise.all([full.close(), bare.close()]))

/** Runs a script as a site's page; `f()` in it prints what a call came to, or what it threw. */
async function run(script: string, at: object = JOB, php = full, configuration = '{"effects": ["after", "pay", "outbox"]}') {
  const page = `<?php namespace Interpeer; const BOB = '${BOB}';
    function f(callable $call) { try { echo json_encode($call()), "\\n"; } catch (\\Throwable $e) { echo get_class($e), ": ", $e->getMessage(), "\\n"; } }
    ${script}`
  await php.load('site', filesOf({ 'index.php': page, 'interpeer.json': configuration, 'later.php': '', 'folder/there.php': '' }))
  const outcome = await php.run('site', REQUEST, { ...AT, ...at })
  if (outcome.type === 'abstained') return { reason: outcome.reason, text: '', effects: [] as readonly Effect[], transcript: '', lines: [] }
  const text = textOf(outcome.body)
  const lines = text.trimEnd().split('\n')
  return { ...outcome, reason: undefined, text, lines, transcript: Buffer.from(outcome.transcript).toString('hex') }
}

test('job and balance tell what was agreed; payments are taken off', async () => {
  const { lines } = await run('f(fn () => job()); f(fn () => balance()); pay(BOB, 1); pay(BOB, "999"); f(fn () => balance());')
  expect(lines).toEqual(['{"id":"bafyjob","account":"z6MkAccount","step":7}', '"1000"', '"0"'])
  expect((await run('f(fn () => balance());', { balance: 2n ** 64n - 1n })).lines).toEqual(['"18446744073709551615"'])
})

test('what the agreed point lacks is unsupported, payments too', async () => {
  const { lines, effects } = await run('f(fn () => job()); f(fn () => balance()); f(fn () => pay(BOB, 1));', {})
  expect(lines).toEqual([
    'Interpeer\\Unsupported: Interpeer\\job(): this host runs the site outside any job',
    'Interpeer\\Unsupported: this host knows no balance of an account',
    'Interpeer\\Unsupported: this host knows no balance of an account',
  ])
  expect(effects).toEqual([])
})

test('a host that carries nothing out says so at each call, and nothing was asked for', async () => {
  const calls = [`content("${HERE}")`, 'after(1, "later.php")', 'pay(BOB, 1)', 'outbox(["url" => "https://a.example/"])']
  const { lines, effects } = await run(calls.map((call) => `f(fn () => ${call});`).join(''), JOB, bare)
  expect(lines).toEqual([
    'Interpeer\\Unsupported: Interpeer\\content(): this host has no content for scripts',
    ...['after', 'pay', 'outbox'].map(
      (name) => `Interpeer\\Unsupported: Interpeer\\${name}(): this job's hosts do not carry it out, so it was not asked for`,
    ),
  ])
  expect(effects).toEqual([])
  expect(bare.runtimeId).not.toBe(full.runtimeId)
})

test('what a site does not list among its effects is refused whatever its hosts can', async () => {
  const { lines, effects } = await run('f(fn () => pay(BOB, 1)); f(fn () => after(1, "later.php"));', JOB, full, '{}')
  expect(lines[0]).toBe(`Interpeer\\Unsupported: Interpeer\\pay(): the site's interpeer.json does not list it under "effects"`)
  expect(effects).toMatchObject([{ type: 'after' }])
})

test('content comes whole; what does not belong to the job is an error; what only this machine lacks makes it abstain', async () => {
  expect((await run(`f(fn () => bin2hex(content("${HERE}")));`)).lines).toEqual(['"610062"'])
  const strange = [NOT_OF_THE_JOB, 'b', `z${'a'.repeat(58)}`, '']
  const { lines } = await run(strange.map((cid) => `f(fn () => content("${cid}"));`).join(''))
  expect(lines).toEqual([
    'ValueError: Interpeer\\content(): Argument #1 ($cid) must name content that belongs to the job',
    ...Array(3).fill('ValueError: Interpeer\\content(): Argument #1 ($cid) must be a ContentId'),
  ])
  const large = await run([LARGE, LARGER_THAN_ASKED].map((cid) => `f(fn () => content("${cid}"));`).join(''))
  expect(large.lines).toEqual(Array(2).fill('ValueError: Interpeer\\content(): the content is larger than 16 MiB'))
  for (const cid of [LACKING, BROKEN]) {
    const script = `try { content("${cid}"); } catch (\\Throwable) {} finally { file_put_contents("x", "1"); } echo "went on";`
    expect((await run(script)).reason).toBe('CONTENT_MISSING')
  }
  expect((await run('echo 1;')).text).toBe('1')
})

test('effects are data, in the order of the calls', async () => {
  const { effects, text } = await run(`
    after(60, "later.php"); chdir("folder"); after(315360000, "there.php", ["a" => [1, -2.5, null, true, "x\\0y"]], "näme"); pay(BOB, 12);
    echo outbox(["url" => "https://a.example/x?y", "method" => "POST", "headers" => ["A" => "b", "C" => ["d", "e"]], "body" => "{}", "answerTo" => "/site/later.php"]);
    echo outbox(["to" => "ada@a.example", "subject" => "Hëllo", "body" => "text"]);`)
  const keys = text.match(/[0-9a-f]{64}/g) ?? []
  expect(new Set(keys).size).toBe(2)
  const http = { type: 'http', method: 'POST', url: 'https://a.example/x?y', body: utf8('{}') }
  const headers = ['A b', 'C d', 'C e'].map((line) => line.split(' '))
  const args = utf8('a:1:{s:1:"a";a:5:{i:0;i:1;i:1;d:-2.5;i:2;N;i:3;b:1;i:4;s:3:"x\0y";}}')
  expect(effects).toEqual([
    { type: 'after', name: 'later.php', seconds: 60, script: 'later.php', args: utf8('a:0:{}') },
    { type: 'after', name: 'näme', seconds: 315_360_000, script: 'folder/there.php', args },
    { type: 'pay', account: BOB, amount: 12n },
    { type: 'outbox', key: keys[0], request: { ...http, headers }, answerTo: 'later.php' },
    {
      type: 'outbox',
      key: keys[1],
      request: { type: 'mail', to: 'ada@a.example', subject: 'Hëllo', headers: [], body: utf8('text') },
      answerTo: undefined,
    },
  ])
})

test.each([
  ['after(0, "later.php")', 'ValueError: Interpeer\\after(): Argument #1 ($seconds) must be between 1 and 315360000'],
  ['after(-1, "later.php")', 'ValueError: Interpeer\\after(): Argument #1 ($seconds) must be between 1 and 315360000'],
  ['after(315360001, "later.php")', 'ValueError: Interpeer\\after(): Argument #1 ($seconds) must be between 1 and 315360000'],
  ['after(1, "nowhere.php")', 'ValueError: there is no script "nowhere.php" in this site'],
  ['after(1, "folder")', 'ValueError: there is no script "folder" in this site'],
  ['after(1, "later.php/x")', 'ValueError: there is no script "later.php/x" in this site'],
  ['after(1, "../internal/shared/interpeer.php")', 'ValueError: there is no script "../internal/shared/interpeer.php" in this site'],
  ['after(1, "a\\0b")', 'ValueError: there is no script "a\\u0000b" in this site'],
  ['after(1, "later.php", [new \\stdClass])', /^ValueError: .*\$args\) must be null, booleans/],
  ['after(1, "later.php", [fn () => 1])', "Exception: Serialization of 'Closure' is not allowed"],
  ['after(1, "later.php", array_fill(0, 2, str_repeat("x", 40000)))', /^ValueError: .*\$args\) must be at most 64 KiB/],
  ['after(1, str_repeat("x", 200) . "/" . str_repeat("y", 200))', /^ValueError: /],
  ['after(1, "later.php", [], str_repeat("x", 256))', /^ValueError: .*\$name\) must be at most 255 bytes/],
  ['after(1, "later.php", [], "\\xff")', 'ValueError: text given to Interpeer must be UTF-8'],
  ['pay("", 1)', /^ValueError: .*\$account\) must name an account/],
  ['pay(strtoupper(BOB), 1)', /^ValueError: .*\$account\) must name an account/],
  ['pay("bob", 1)', /^ValueError: .*\$account\) must name an account: 64 hexadecimal digits/],
  ['pay("a b", 1)', /^ValueError: .*\$account\) must name an account/],
  ['pay(BOB, 0)', /^ValueError: .*\$amount\) must be a whole number/],
  ['pay(BOB, -5)', /^ValueError: .*\$amount\) must be a whole number/],
  ['pay(BOB, "1.5")', /^ValueError: .*\$amount\) must be a whole number/],
  ['pay(BOB, "18446744073709551616")', /^ValueError: .*\$amount\) must be a whole number/],
  ['pay(BOB, 1001)', 'ValueError: Interpeer\\pay(): Argument #2 ($amount) is more than the balance'],
  ['pay(BOB, [])', /^TypeError: /],
  ['outbox([])', /^ValueError: .*"to" must be one line/],
  ['outbox(["url" => "ftp://a/"])', /^ValueError: .*"url" must be an http/],
  ['outbox(["url" => "https://a.example/\\r\\nX: y"])', /^ValueError: .*"url" must be an http/],
  ['outbox(["url" => "https://a.example/", "method" => "BREW"])', /^ValueError: .*"method" must be/],
  ['outbox(["url" => "https://a.example/", "headers" => ["A" => "b\\r\\nC: d"]])', /^ValueError: .*"headers" must be names and values/],
  ['outbox(["url" => "https://a.example/", "headers" => "A: b"])', /^ValueError: .* takes no 'headers' of this type/],
  ['outbox(["url" => "https://a.example/", "headers" => array_fill(0, 101, "x")])', /^ValueError: .*"headers" must be at most 100/],
  ['outbox(["url" => "https://a.example/", "body" => str_repeat("x", 1048577)])', /^ValueError: .*"body" must be at most 1 MiB/],
  ['outbox(["url" => "https://a.example/", "to" => "x"])', /^ValueError: .* takes no 'to' of this type/],
  ['outbox(["to" => "a@b\\nBcc: c@d"])', /^ValueError: .*"to" must be one line/],
  ['outbox(["to" => "a@b", "subject" => "x\\r\\ny"])', /^ValueError: .*"subject" must be one line/],
  ['outbox(["to" => "a@b", "answerTo" => "nowhere.php"])', 'ValueError: there is no script "nowhere.php" in this site'],
])('%s throws, and nothing was asked for', async (call, thrown) => {
  const { lines, effects } = await run(`f(fn () => ${call});`)
  expect(lines).toEqual([typeof thrown === 'string' ? thrown : expect.stringMatching(thrown)])
  expect(effects).toEqual([])
})

test('effects are bounded in number and size', async () => {
  const many = await run('for ($i = 0; $i < 101; $i++) { try { pay(BOB, 1); } catch (\\OverflowException) { echo $i; } }')
  expect([many.text, many.effects.length]).toEqual(['100', 100])
  const large = await run(
    'for ($i = 0; $i < 5; $i++) { try { outbox(["url" => "https://a/", "body" => str_repeat("x", 1 << 20)]); } catch (\\OverflowException) { echo $i; } }',
  )
  expect([large.text, large.effects.length]).toEqual(['4', 4])
})

test('file and line of what is thrown are those of the call', async () => {
  const { text } = await run('try {\npay(BOB, 0);\n} catch (\\ValueError $e) { echo $e->getFile(), ":", $e->getLine(); }')
  expect(text).toBe('/site/index.php:4')
})

test('a request that fails hard has no effects; one that ends in a PHP error keeps those before it', async () => {
  const stopped = await run('pay(BOB, 1); file_put_contents("x", "1"); $f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();')
  expect(stopped).toMatchObject({ status: 500, effects: [], changes: [] })
  const fatal = await run('pay(BOB, 1); file_put_contents("x", "1"); nothing();')
  expect(fatal).toMatchObject({ status: 500, effects: [{ amount: 1n }], changes: [{ path: 'x' }] })
})

test.each([
  '"x"',
  '""',
  '"3:job9:"',
  '"03:job"',
  '"3:jo"',
  '"-1:"',
  '"99999999999:x"',
  'str_repeat("0:", 300)',
  'str_repeat("x", 3 << 20)',
])('a message of no call is answered as such: %s', async (message) => {
  expect((await run(`echo host(${message});`)).text).toBe('10:ValueError20:this is no host call')
})

test.each([
  'host("5:after2:10")',
  'host("5:after2:109:later.php9:O:1:\\"A\\":00:")',
  'host("3:pay3:bob20:99999999999999999999")',
  'host("6:outbox3:fax1:a1:b0:0:")',
  'host("6:outbox3:url")',
  'host("7:content1:\\xff")',
  'host("5:after1:1" . strlen("/site/later.php") . ":/site/later.php12:a:1:{i:0;R:1;}0:")',
])('a message that the library would not send asks for nothing: %s', async (call) => {
  const { text, effects } = await run(`echo substr(${call}, 0, 13);`)
  expect([text, effects]).toEqual(['10:ValueError', []])
})

test('effects count into the transcript; two fresh runtimes agree on all of it', async () => {
  const script = (amount: number) => `pay(BOB, ${amount}); echo outbox(["to" => "a@b"]), content("${HERE}");`
  const [one, other] = [await run(script(1)), await run(script(2))]
  expect(one.text).toBe(other.text)
  expect(one.transcript.slice(-64)).not.toBe(other.transcript.slice(-64))
  const fresh = await startPhp({ hostCalls: { effects: ['outbox', 'pay', 'after'], content } })
  try {
    expect(fresh.runtimeId).toBe(full.runtimeId)
    expect(await run(script(1), JOB, fresh)).toEqual(one)
  } finally {
    await fresh.close()
  }
})

test('agreed facts and options out of range are refused', async () => {
  const wrong = [{ balance: -1n }, { balance: 2n ** 64n }, { job: { ...JOB.job, id: '' } }, { job: { ...JOB.job, step: 0.5 } }]
  for (const at of wrong) await expect(run('', at)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  const effects = ['pay', 'fly'] as never
  await expect(startPhp({ hostCalls: { effects } })).rejects.toMatchObject({ failure: { option: 'hostCalls.effects' } })
})

test('the native function has no name of its own, and the library leaves the script its place', async () => {
  const { text } = await run(
    'host("6:loaded"); echo json_encode([get_included_files(), function_exists("post_message_to_js"), array_keys(get_defined_vars()), count(debug_backtrace()), get_object_vars(new ScriptFailed("x"))]);',
  )
  expect(text).toBe('[["\\/site\\/index.php"],false,["_GET","_POST","_COOKIE","_FILES"],0,{"script":null,"output":"","reason":""}]')
})

test('the stub declares what is there, and nothing else', async () => {
  const stub = readFileSync(new URL('../stubs/interpeer.php', import.meta.url), 'utf8').replace('namespace Interpeer;', 'namespace Stub;')
  const look = `<?php
    require 'stub.php';
    function shape(string $space): array {
        $own = fn (string $name) => str_starts_with(strtolower($name), strtolower("$space\\\\")) && !str_contains($name, 'nternal\\\\');
        $plain = fn ($thing) => str_replace(["$space\\\\", strtolower("$space\\\\")], '', preg_replace(['/@@ .*/', '/\\/\\*\\*.*?\\*\\//s', '/<user>|\\s+/'], ' ', ' ' . $thing));
        $functions = array_map(fn ($name) => $plain(new ReflectionFunction($name)), array_filter(get_defined_functions()['user'], $own));
        $classes = array_map(fn ($name) => $plain(new ReflectionClass($name)), array_filter(get_declared_classes(), $own));
        sort($functions); sort($classes);
        return [$functions, $classes];
    }
    echo json_encode([shape('Interpeer'), shape('Stub')]);`
  await bare.load('shapes', filesOf({ 'index.php': look, 'stub.php': stub }))
  const outcome = await bare.run('shapes', REQUEST, AT)
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  const [there, declared] = JSON.parse(textOf(outcome.body))
  expect(there[0].length).toBeGreaterThan(5)
  expect(there[1].length).toBeGreaterThan(5)
  expect(declared).toEqual(there)
})

test('a message costs by what of it is looked at byte by byte, whatever becomes of it', async () => {
  const fuelOf = async (args: string) => {
    const page = `$args = ${args}; $fields = ["run", "later.php", $args, "1"]; $message = "";
      foreach ($fields as $field) $message .= strlen($field) . ":" . $field; echo strlen($args), substr(host($message), 0, 60);`
    const { text, fuel } = (await run(page)) as { text: string; fuel: number }
    expect(text).toMatch(/^60001010:NoFreeSlot/)
    return fuel
  }
  const looked = await fuelOf('"a:75000:{" . str_repeat("i:0;i:0;", 75000) . "}"')
  expect(looked - (await fuelOf('"s:599998:\\"" . str_repeat("x", 599998) . "\\";"'))).toBeGreaterThan(600_000 * 50)
})
