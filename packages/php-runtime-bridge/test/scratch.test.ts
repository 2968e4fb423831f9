import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyTree, type TreeNode, treeOf, withEntry } from '../src/file-tree.js'
import { ScratchStore } from '../src/scratch.js'
import { filesOf, namesOf, textOf, utf8 } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: 20_000 })
})
afterAll(() => php.close())

const script = `<?php $n = (int) @file_get_contents('data/cache/n'); @mkdir('data/cache/pages');
  if (isset($_GET['cache'])) { file_put_contents('data/cache/n', $n + 1); file_put_contents('data/cache/pages/p.txt', 'page'); @unlink('data/cache/shipped'); }
  if (isset($_GET['state'])) file_put_contents('data/state', $n);
  if (isset($_GET['move'])) rename('data/cache/n', 'data/moved');
  echo $n, ' ', implode(',', array_diff(scandir('data/cache'), ['.', '..']));`
const site = {
  'index.php': script,
  'interpeer.json': '{"mutable": ["data"], "scratch": ["data/cache", "one.sqlite"]}',
  'data/cache/shipped': 's',
}

async function ask(root: string, target: string, scratch: boolean) {
  const request = { method: 'GET', target, host: 'h', https: false, headers: [], body: new Uint8Array() }
  const outcome = await php.run(root, request, { timeMs: 1, seed: utf8('s') }, { scratch })
  if (outcome.type === 'abstained') throw new Error(outcome.reason)
  return {
    text: textOf(outcome.body),
    changes: namesOf(outcome.changes),
    transcript: Buffer.from(outcome.transcript).toString('hex'),
    given: outcome.changes,
  }
}

test('what is written to scratch is no change; reads find what reads left, anything else finds it empty', async () => {
  await php.load('s0', filesOf(site))
  const empty = await ask('s0', '/?cache', false)
  expect(empty).toMatchObject({ text: '0 n,pages', changes: [] })
  for (const n of [0, 1, 2]) expect((await ask('s0', '/?cache', true)).text).toBe(`${n} n,pages`)
  expect((await ask('s0', '/data/cache/pages/p.txt', true)).text).toBe('page')
  expect(await ask('s0', '/?cache', false)).toEqual(empty)
  expect((await ask('s0', '/', true)).text).toBe('3 n,pages')
})

test('a read that changes the state leaves nothing in scratch, and the state that follows has it empty', async () => {
  await php.load('t0', filesOf(site))
  await ask('t0', '/?cache', true)
  expect(await ask('t0', '/?cache&state', true)).toMatchObject({ text: '1 n,pages', changes: ['write data/state'] })
  expect((await ask('t0', '/', true)).text).toBe('1 n,pages')
  const moved = await ask('t0', '/?move', true)
  expect(moved.changes).toEqual(['write data/moved'])
  const agreed = await ask('t0', '/?cache&state', false)
  await php.derive('t1', 't0', agreed.given)
  expect((await ask('t1', '/', true)).text).toBe('0 pages,shipped')
  php.forget('t0')
  await php.load('t0', filesOf(site))
  expect((await ask('t0', '/', true)).text).toBe('0 pages,shipped')
})

test('scratch can be a file; the folders above it are there without being a change', async () => {
  const index = `<?php $db = new PDO('sqlite:/site/a/b/cache.sqlite'); $db->exec('create table if not exists t(a); insert into t values (1)');
    echo $db->query('select count(*) from t')->fetchColumn(), json_encode(scandir('/site/a/b'));`
  await php.load(
    'file',
    filesOf({ 'index.php': index, 'interpeer.json': '{"mutable": ["x"], "scratch": ["a/b/cache.sqlite", "a/b/cache.sqlite-journal"]}' }),
  )
  expect(await ask('file', '/', true)).toMatchObject({ text: '1[".","..","cache.sqlite"]', changes: [] })
  expect(await ask('file', '/', true)).toMatchObject({ text: '2[".","..","cache.sqlite"]', changes: [] })
})

test('what is kept is bounded: the longest unused goes first, and one that is too large is not kept', () => {
  const store = new ScratchStore({ bytesMax: 100, entriesMax: 6 })
  const scratch = (bytes: number, count = 1): Map<string, TreeNode> =>
    new Map([['c', treeOf(filesOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, new Uint8Array(bytes)]))))]])
  const site = withEntry(emptyTree, 'c', emptyTree)
  store.put(1, scratch(40), site)
  store.put(2, scratch(40), site)
  store.get(1)
  store.put(3, scratch(40), site)
  expect([1, 2, 3].map((root) => store.get(root).size)).toEqual([1, 0, 1])
  store.put(4, scratch(101), site)
  store.put(5, scratch(1, 6), site)
  expect([1, 3, 4, 5].map((root) => store.get(root).size)).toEqual([1, 1, 0, 0])
  store.put(6, scratch(0, 4), site)
  expect([1, 3, 6].map((root) => store.get(root).size)).toEqual([0, 0, 1])
  store.put(6, new Map([['c', emptyTree]]), site)
  expect(store.get(6).size).toBe(0)
})
