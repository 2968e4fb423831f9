import type { ScriptOutcome } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime, RunKind } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filesOf, namesOf, startPhp, textOf, utf8 } from './sites.js'

const hostCalls = { effects: ['after' as const] }
/** Two members of a group. */
let members: readonly [PhpRuntime, PhpRuntime]
beforeAll(async () => {
  members = [await startPhp({ workers: 2, hostCalls }), await startPhp({ hostCalls })]
})
afterAll(async () => {
  for (const php of members) await php.close()
})

const script = `<?php
  $page = 'data/cache/page.html';
  if (isset($_GET['save'])) { file_put_contents('data/pages/start', $_GET['save']); @unlink($page); }
  if (isset($_GET['tidy'])) { rename('data/cache', 'data/old'); mkdir('data/cache'); rename('data/old/shipped', 'data/cache/shipped'); rmdir('data/old'); }
  if (isset($_GET['out'])) rename('data/cache/shipped', 'data/pages/shipped');
  if (isset($_GET['in'])) rename('data/pages/start', 'data/cache/start');
  if (isset($_GET['after'])) Interpeer\\after(1, 'index.php');
  if (isset($_GET['random'])) file_put_contents('data/cache/' . bin2hex(random_bytes(4)), str_repeat('x', 100));
  if (!is_file($page)) { usleep(1); file_put_contents($page, strtoupper(file_get_contents('data/pages/start'))); $how = 'made'; }
  echo file_get_contents($page), ' ', $how ?? 'found', ' ', filemtime($page);`
const site = {
  'index.php': script,
  'interpeer.json': '{"mutable": ["data"], "caches": ["data/cache"], "effects": ["after"]}',
  'data/pages/start': 'hello',
  'data/cache/shipped': 's',
}

async function ask(php: PhpRuntime, root: string, target: string, kind: RunKind): Promise<ScriptOutcome & { type: 'answered' }> {
  const request = { method: 'GET', target, host: 'h', https: false, headers: [], body: new Uint8Array() }
  const outcome = await php.run(root, request, { timeMs: 1_790_000_000_000, seed: utf8(target) }, { kind })
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  return outcome
}
const shortOf = ({ body, changes, fuel }: ScriptOutcome & { type: 'answered' }) => ({ text: textOf(body), changes: namesOf(changes), fuel })

test('what a read changes in caches is dropped: it is a read, and the next one answers alike, with the same fuel, anywhere', async () => {
  const [here, there] = members
  for (const php of members) await php.load('r', filesOf(site))
  const first = await ask(here, 'r', '/?random', 'read')
  expect(shortOf(first)).toMatchObject({ text: 'HELLO made 1790000000', changes: [] })
  expect(await ask(here, 'r', '/?random', 'read')).toEqual(first)
  expect(await ask(there, 'r', '/?random', 'read')).toEqual(first)
  // also where the folder itself went, and came back
  expect(shortOf(await ask(here, 'r', '/?tidy', 'read')).changes).toEqual([])
})

test('a write keeps them as state, members agree, and reads find what it left', async () => {
  for (const php of members) await php.load('w0', filesOf(site))
  const [here, there] = await Promise.all(members.map((php) => ask(php, 'w0', '/?save=bye', 'write')))
  if (here === undefined) throw new Error('two members')
  expect(there).toEqual(here)
  expect(namesOf(here.changes)).toEqual(['write data/cache/page.html', 'write data/pages/start'])
  for (const php of members) await php.derive('w1', 'w0', here.changes)
  const warm = await ask(members[0], 'w1', '/', 'read')
  expect(shortOf(warm)).toMatchObject({ text: 'BYE found 1790000000', changes: [] })
  expect(await ask(members[1], 'w1', '/', 'read')).toEqual(warm)
  const cold = await ask(members[0], 'w0', '/', 'read')
  expect(warm.fuel).toBeLessThan(cold.fuel)
})

test('a read that changes something else too, or asks for something, is promoted: the write has all of it', async () => {
  const [php] = members
  await php.load('p', filesOf(site))
  const read = await ask(php, 'p', '/?save=bye', 'read')
  expect(namesOf(read.changes)).toEqual(['write data/pages/start'])
  expect((await ask(php, 'p', '/?after', 'read')).effects).toHaveLength(1)
  const out = await ask(php, 'p', '/?out', 'read')
  expect(namesOf(out.changes)).toEqual(['write data/pages/shipped'])
  expect(namesOf((await ask(php, 'p', '/?in', 'read')).changes)).toEqual(['delete data/pages/start'])
  expect(namesOf((await ask(php, 'p', '/?out', 'write')).changes)).toEqual([
    'write data/cache/page.html',
    'delete data/cache/shipped',
    'write data/pages/shipped',
  ])
})

const hostile = `<?php
  if (isset($_GET['bytes'])) { $f = fopen('cache/huge', 'w'); $piece = str_repeat('x', 1 << 20); for ($i = 0; $i < 400 && @fwrite($f, $piece); $i++); echo $i; }
  if (isset($_GET['files'])) { for ($i = 0; $i < 30000 && @touch("cache/$i"); $i++); echo $i; }
  if (isset($_GET['code'])) { file_put_contents('cache/code.php', '<?php echo 1;'); include 'cache/code.php'; file_put_contents('cache/code.php', '<?php echo 2;'); include 'cache/code.php'; }
  if (isset($_GET['link'])) echo json_encode([@symlink('/etc', 'cache/etc'), @symlink('../index.php', 'cache/ours')]);`

test('caches are bounded as all that a request changes, in reads too', async () => {
  const [php] = members
  const configuration = '{"mutable": ["data"], "caches": ["cache"], "slots": 5}'
  const files = filesOf({ 'index.php': hostile, 'interpeer.json': configuration, 'cache/.keep': '', 'cache/code.php': '<?php echo 0;' })
  await php.load('h', files)
  for (const kind of ['read', 'write'] as const) {
    expect(textOf((await ask(php, 'h', '/?bytes', kind)).body)).toBe('256')
    expect(textOf((await ask(php, 'h', '/?files', kind)).body)).toBe('20000')
    expect(textOf((await ask(php, 'h', '/?code', kind)).body)).toBe('12')
    expect(textOf((await ask(php, 'h', '/?link', kind)).body)).toBe('[false,true]')
  }
  expect((await ask(php, 'h', '/?files', 'read')).changes).toEqual([])
  expect((await ask(php, 'h', '/?files', 'write')).changes).toHaveLength(20_000)
})

test('a file in caches is served as state is, by what the last write left', async () => {
  const [php] = members
  await php.load('f', filesOf(site))
  const served = await ask(php, 'f', '/data/cache/shipped', 'read')
  expect(textOf(served.body)).toBe('s')
  expect(served.headers.map(([name]) => name)).toContain('interpeer-shared')
})
