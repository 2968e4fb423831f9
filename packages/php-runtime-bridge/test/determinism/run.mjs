// Runs scripts in a process of their own and prints what came of each: one JSON line a script.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'

const nasty = readFileSync(new URL('nasty.php', import.meta.url))
const scripts = {
  nasty,
  callbacks: '<?php $f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();',
  magic: '<?php class A { function __get($n) { return (new A)->{$n . "x"}; } } (new A)->a;',
  brackets: '<?php $s = str_repeat("(", 30000) . "1" . str_repeat(")", 30000); eval("return $s;");',
  nested: '<?php $a = 1; for ($i = 0; $i < 50000; $i++) $a = [$a]; echo strlen(serialize($a));',
  pattern: '<?php ini_set("pcre.jit", 0); echo preg_match("/(?:(a)|b)*$/", str_repeat("ab", 500000)), preg_last_error();',
  memory: '<?php register_shutdown_function(fn () => print(memory_get_peak_usage())); $a = []; while (true) $a[] = str_repeat("x", 1000);',
  unlimited: '<?php ini_set("memory_limit", -1); $a = []; while (true) $a[] = str_repeat("x", 1000000);',
  loop: '<?php try { while (true); } catch (Error $e) { echo $e->getMessage(); while (true); }',
  nan: '<?php echo NAN, INF - INF;',
}
const php = await startPhpRuntime({
  php: process.env.PHP_VERSION,
  guardMs: 60_000,
  cacheFolder: fileURLToPath(new URL('../../node_modules/.cache/php', import.meta.url)),
})
const request = {
  method: 'POST',
  target: '/index.php/path/info?query=1&list[]=a',
  host: 'nasty.example:8080',
  https: true,
  headers: [
    ['Cookie', 'a=b'],
    ['User-Agent', 'test'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
  ],
  body: Buffer.from('form=field'),
}
const at = { timeMs: 1_790_000_000_123, seed: Buffer.from('an agreed seed') }
for (const [name, script] of Object.entries(scripts)) {
  const file = { path: 'index.php', mode: 0o644, mtimeS: 1_700_000_000, bytes: Buffer.from(script) }
  await php.load(name, [file])
  const outcomes = [await php.run(name, request, at)]
  if (name === 'nasty') outcomes.push(await php.run(name, request, at))
  for (const outcome of outcomes) {
    if (outcome.type === 'abstained') console.log(JSON.stringify({ name, reason: outcome.reason }))
    else {
      const transcript = Buffer.from(outcome.transcript).toString('hex')
      const body = name === 'nasty' ? Buffer.from(outcome.body).toString() : ''
      console.log(
        JSON.stringify({
          name,
          runtimeId: php.runtimeId,
          status: outcome.status,
          transcript,
          fuel: outcome.fuel,
          memoryBytes: outcome.memoryBytes,
          body,
          log: outcome.log,
          changes: outcome.changes.map(({ path }) => path),
        }),
      )
    }
  }
}

// A site with an image of its own, warmed by all of it: the image, and what requests make of it.
const configuration = { mutable: ['made by nasty.txt', 'nasty.db'], warmUp: ['/', '/random.php', '/index.php/path?query=1'] }
const site = Object.entries({
  'interpeer.json': Buffer.from(JSON.stringify(configuration)),
  'index.php': nasty,
  'random.php': readFileSync(new URL('../random.php', import.meta.url)),
})
const files = site.map(([path, bytes]) => ({ path, mode: 0o644, mtimeS: 1_700_000_000, bytes }))
await php.load('warm', files)
console.log(JSON.stringify({ name: 'image', ...(await php.image('warm')) }))
for (const target of ['/', '/random.php']) {
  const outcome = await php.run('warm', { ...request, target }, at)
  console.log(
    JSON.stringify({ name: `warm ${target}`, status: outcome.status, transcript: Buffer.from(outcome.transcript).toString('hex') }),
  )
}
await php.close()
