import { readFileSync } from 'node:fs'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configurationOf } from '../src/configuration/site-configuration.js'
import { treeOf } from '../src/file-tree.js'
import { lastingNames } from '../src/image-recipe.js'
import { filesOf, utf8, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: 20_000 })
})
afterAll(() => php.close())

const configured = (given: object = {}) => ({ mutable: ['data'], scratch: ['cache'], warmUp: ['/'], ...given })
let roots = 0
async function load(files: Readonly<Record<string, string | Uint8Array>>, configuration = configured(), initial?: string): Promise<string> {
  const root = `image ${roots++}`
  const all = filesOf({ 'interpeer.json': JSON.stringify(configuration), ...files })
  await php.load(root, all, [], [], initial === undefined ? undefined : { initial })
  return root
}
/** A site whose warm-up finds its data. */
async function publish(files: Readonly<Record<string, string | Uint8Array>>, configuration = configured()): Promise<string> {
  return load(files, configuration, await load(files, configuration))
}
const write = (path: string, text: string) => ({ type: 'write' as const, path, mode: 0o644, mtimeS: 1_700_000_000, bytes: utf8(text) })

const HELD = '<?php echo json_encode(array_map("opcache_is_script_cached", glob("/site/*.php")));'

test('it holds the immutable scripts that warm-up ran, compiled, and none that can change', async () => {
  const root = await publish({
    'index.php': '<?php require "lib/a.php"; require "data/m.php"; @include "cache/c.php"; include ".interpeer/s.php"; echo a(), M;',
    'lib/a.php': '<?php function a() { return "a"; }',
    'lib/never used.php': '<?php',
    'data/m.php': '<?php const M = "m";',
    'cache/c.php': '<?php',
    '.interpeer/s.php': '<?php',
    'database.php': '<?php',
  })
  const image = await php.image(root)
  expect(image).toMatchObject({ scripts: ['/site/index.php', '/site/lib/a.php'], leftOut: [] })
  expect((await visit(php, root)).text).toBe('am')
})

test('what a script changes is never served from before, however often warm-up ran it', async () => {
  const index = '<?php include "data/code.php"; echo " ", file_get_contents("data/text"), " ", include("data/value.php");'
  const data = { 'data/code.php': '<?php echo "old";', 'data/text': 'old', 'data/value.php': '<?php return "old";' }
  const root = await publish({ 'index.php': index, ...data }, configured({ warmUp: ['/', '/index.php?again'] }))
  const later = `${root} later`
  await php.derive(later, root, [
    write('data/code.php', '<?php echo "new";'),
    write('data/text', 'new'),
    { type: 'delete', path: 'data/value.php' },
  ])
  expect((await visit(php, root)).text).toBe('old old old')
  expect((await visit(php, later)).text).toBe('new new ')
  expect((await php.image(later))?.id).toBe((await php.image(root))?.id)
})

test('a script that a request writes, runs, and writes again runs as written', async () => {
  const page = (folder: string) =>
    `<?php foreach ([1, 2] as $n) { file_put_contents("${folder}/x.php", "<?php return $n;"); echo include "${folder}/x.php"; }`
  const root = await publish(
    { 'index.php': page('data'), 'tmp.php': page('/tmp'), 'data/x.php': '<?php return 0;' },
    configured({ warmUp: ['/', '/tmp.php'] }),
  )
  expect((await visit(php, root)).text).toBe('12')
  expect((await visit(php, root, { target: '/tmp.php' })).text).toBe('12')
})

test('the same name finds what can change first, once it is there', async () => {
  const index = '<?php set_include_path("/site/data:/site/lib"); echo include "which.php", include_once "which.php";'
  const root = await load({ 'index.php': index, 'lib/which.php': '<?php return "lib ";', 'data/x': '' })
  await php.derive(`${root} later`, root, [write('data/which.php', '<?php return "data ";')])
  expect((await visit(php, root)).text).toBe('lib 1')
  expect((await visit(php, `${root} later`)).text).toBe('data 1')
})

test('a link to what is held leads elsewhere once it was changed, also by a name with dots', async () => {
  const index = '<?php echo include "/site/data/link.php", include "/site/data/../data/folder/a.php", include "/site/lib/a.php";'
  const files = { 'index.php': index, 'lib/a.php': '<?php return "a";', 'other/a.php': '<?php return "b";' }
  const root = await load({ ...files, 'data/x': '' }, configured({ warmUp: ['/link.php', '/'] }))
  const link = (path: string, target: string) => ({ type: 'symlink' as const, path, target })
  await php.derive(`${root} one`, root, [link('data/link.php', '../lib/a.php'), link('data/folder', '../lib')])
  await php.derive(`${root} two`, root, [link('data/link.php', '../other/a.php'), link('data/folder', '../other')])
  expect((await visit(php, `${root} one`)).text).toBe('aaa')
  expect((await visit(php, `${root} two`)).text).toBe('bba')
  expect((await visit(php, `${root} one`)).text).toBe('aaa')
})

test('a script that is asked for by dots through folders of code needs no file to be looked for', async () => {
  const by = (name: string) => `<?php echo include '${name}';`
  const files = { 'lib/a.php': '<?php return "a";', 'dots.php': by('/site/lib/../lib//a.php'), 'real.php': by('/site/lib/a.php') }
  const root = await load(files, configured({ warmUp: ['/dots.php', '/real.php'] }))
  const fuel: number[] = []
  for (const target of ['/dots.php', '/real.php']) {
    const seen = await visit(php, root, { target })
    expect(seen.text).toBe('a')
    fuel.push(seen.fuel)
  }
  // a system call with a path costs 16,000
  expect(Math.abs((fuel[0] as number) - (fuel[1] as number))).toBeLessThan(16_000)
})

test('names last that lead through folders of the code alone', () => {
  const site = treeOf(
    filesOf({ 'lib/a.php': '', 'lib/a.txt': '', 'data/m.php': '', 'cache/c.php': '', 'x/y/z.inc': '' }),
    [],
    [
      { path: 'link', target: 'lib' },
      { path: 'a.php', target: 'lib/a.php' },
    ],
  )
  const asked = [
    '/site/lib/a.php',
    '/site/lib/../lib/a.php',
    '/site//lib/./a.php',
    '/site/x/y/../y/z.inc',
    '/site/lib/../lib/a.txt',
    '/site/data/../lib/a.php',
    '/site/cache/../lib/a.php',
    '/site/.interpeer/../lib/a.php',
    '/site/lib/../data/m.php',
    '/site/link/a.php',
    '/site/link/../lib/a.php',
    '/site/./a.php',
    '/site/none/../lib/a.php',
    '/site/../site/lib/a.php',
    '/site/lib/a.php/../a.php',
    '/site/lib/a.php/',
    'lib/../lib/a.php',
    '/tmp/../site/lib/a.php',
  ]
  const configuration = configurationOf({ mutable: ['data'], scratch: ['cache'], caches: ['kept'] })
  const held = ['/site/lib/a.php', '/site/x/y/z.inc', '/site/data/m.php']
  expect(lastingNames(asked, held, configuration, site)).toEqual(['/site//lib/./a.php', '/site/lib/../lib/a.php', '/site/x/y/../y/z.inc'])
})

test('it can be made before anybody asks; what has none of its own is ready', async () => {
  const root = await load({ 'index.php': '<?php echo 1;' })
  expect(await php.prepare(root)).toBe(true)
  expect((await visit(php, root)).text).toBe('1')
  await php.load('plain site', filesOf({ 'index.php': '' }))
  expect(await php.prepare('plain site')).toBe(true)
  await expect(php.prepare('no such root')).rejects.toMatchObject({ failure: { code: 'ROOT_UNKNOWN' } })
})

test('archives that can change are not held either', async () => {
  const make = '$p = new PharData("/site/data/a.tar"); $p["x.php"] = "<?php return \'$said\';";'
  const root = await load({
    'make.php': `<?php $said = $_GET["said"]; ${make}`,
    'index.php': '<?php echo include "phar:///site/data/a.tar/x.php";',
    'data/x': '',
  })
  const made = await visit(php, root, { target: '/make.php?said=first' })
  expect(made.changes.map(({ path }) => path)).toEqual(['data/a.tar'])
  const one = await publish({ 'index.php': '<?php echo include "phar:///site/data/a.tar/x.php";', 'data/a.tar': bytesOf(made) })
  expect((await visit(php, one)).text).toBe('first')
  expect((await php.image(one))?.scripts).toEqual(['/site/index.php'])
  const again = await visit(php, root, { target: '/make.php?said=other' })
  await php.derive('archive 2', one, again.changes)
  expect((await visit(php, 'archive 2')).text).toBe('other')
})
const bytesOf = ({ changes: [one] }: Awaited<ReturnType<typeof visit>>): Uint8Array =>
  one?.type === 'write' ? one.bytes : new Uint8Array()

test('odd names: a pattern, a space, a quote, a comment, other letters', async () => {
  const names = ['da*ta', 'da ta', 'da"ta', ';data', 'dätä', 'da+(ta)', 'da~ta', '[data]', 'data.d']
  const files = Object.fromEntries(names.map((name) => [`${name}/m.php`, '<?php echo 1;']))
  const index = `<?php foreach (json_decode(${JSON.stringify(JSON.stringify(names)).replaceAll('$', '\\$')}) as $name) include "$name/m.php";`
  const root = await publish({ 'index.php': index, ...files }, configured({ mutable: names, scratch: [] }))
  const held = (await php.image(root))?.scripts ?? []
  expect(held.filter((path) => path.endsWith('/m.php'))).toEqual([])
  await php.derive(
    `${root} later`,
    root,
    names.map((name) => write(`${name}/m.php`, '<?php echo 2;')),
  )
  expect((await visit(php, `${root} later`)).text).toBe('2'.repeat(names.length))
})

test('it is made of code alone: every state of a site has the same, and other code another', async () => {
  const code = {
    'index.php': '<?php if (is_file("data/n")) include "lib/seen.php"; else include "lib/new.php";',
    'lib/seen.php': '<?php',
    'lib/new.php': '<?php',
  }
  const root = await load({ ...code, 'data/n': '1' })
  const image = await php.image(root)
  expect(image?.scripts).toEqual(['/site/index.php', '/site/lib/new.php'])
  expect(await php.image(await load({ ...code, 'data/m': '2', 'cache/x': '3' }))).toEqual(image)
  await php.derive(`${root} later`, root, [write('data/n', '4'), { type: 'delete', path: 'cache' }])
  expect((await php.image(`${root} later`))?.id).toBe(image?.id)
  expect((await php.image(await load({ ...code, 'lib/more.php': '' })))?.id).not.toBe(image?.id)
})

test('where it is known what was published, it is made of that, wherever it has got to', async () => {
  const files = {
    'index.php': '<?php if (is_file("data/n")) include "lib/seen.php"; echo @file_get_contents("data/n");',
    'lib/seen.php': '<?php',
    'data/n': 'first',
  }
  const published = await load(files)
  const [one, other] = [
    await load({ ...files, 'data/n': 'now' }, configured(), published),
    await load({ ...files, 'data/x': '' }, configured(), published),
  ]
  const image = await php.image(one)
  expect(image?.scripts).toEqual(['/site/index.php', '/site/lib/seen.php'])
  expect(await php.image(other)).toEqual(image)
  expect((await visit(php, one)).text).toBe('now')

  const otherCode = { ...files, 'index.php': '<?php echo "other code";' }
  const version = await load(otherCode, configured(), published)
  expect(await php.image(version)).toEqual(await php.image(await load(otherCode)))
  expect((await visit(php, version)).text).toBe('other code')
})

test('what warm-up wrote is thrown away', async () => {
  const index =
    '<?php session_start(); file_put_contents("data/log", "x", FILE_APPEND); file_put_contents("/tmp/y", "y"); echo filesize("data/log");'
  const root = await publish({
    'index.php': index,
    'look.php': '<?php foreach (["/site/data", "/tmp", "/site/.interpeer/sessions"] as $in) echo count(glob("$in/*"));',
    'data/kept': '',
  })
  expect((await visit(php, root, { target: '/look.php' })).text).toBe('100')
  expect((await visit(php, root)).text).toBe('1')
})

test('new code has a new image; the configuration, and what is given without it, decide whether there is one', async () => {
  const files = { 'index.php': `${HELD} echo ini_get("opcache.enable");`, 'data/x': '' }
  const root = await load(files)
  expect((await visit(php, root)).text).toBe('[true]1')
  await php.derive(`${root} code`, root, [write('index.php', '<?php echo "new code";')])
  expect((await visit(php, `${root} code`)).text).toBe('new code')
  expect((await php.image(`${root} code`))?.id).not.toBe((await php.image(root))?.id)
  const plain = [await load(files, configured({ mutable: 'everything' })), await load(files, configured({ warmUp: [] }))]
  for (const one of plain) {
    expect((await visit(php, one)).text).toBe('[false]1')
    expect(await php.image(one)).toMatchObject({ id: 'plain', scripts: [] })
  }
})

test('warm-up that breaks PHP, leaves files open or answers with an error: the image is made without it', async () => {
  const root = await publish(
    {
      'index.php': '<?php echo "whole";',
      'fiber.php': '<?php (new Fiber(fn () => 1))->start();',
      'deep.php': '<?php $f = function () use (&$f) { return array_map($f, [1])[0]; }; $f();',
      'open.php':
        '<?php $db = new PDO("sqlite:/site/data/x.db", null, null, [PDO::ATTR_PERSISTENT => true]); $db->exec("CREATE TABLE IF NOT EXISTS t (a)");',
      'fatal.php': '<?php nothing_of_this_name();',
      'data/x': '',
    },
    configured({ warmUp: ['/fiber.php', '/deep.php', '/open.php', '/fatal.php', '/missing.txt', '/'] }),
  )
  const image = await php.image(root)
  expect(image?.leftOut).toEqual(['/deep.php', '/open.php'])
  expect(image?.scripts).toEqual(['/site/fatal.php', '/site/fiber.php', '/site/index.php'])
  expect((await visit(php, root)).text).toBe('whole')
})

describe('randomness of an image that has used all of it', () => {
  const lines = (text: string) =>
    new Map(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, unknown]),
    )

  test('each kind differs by seed, and is equal for equal seeds', async () => {
    const root = await load({ 'index.php': readFileSync(new URL('random.php', import.meta.url)) }, configured({ scratch: [] }))
    const seen = []
    for (const seed of ['one', 'one', 'two', 'three']) seen.push((await visit(php, root, { seed })).text)
    expect(seen[1]).toBe(seen[0])
    const [one, , two, three] = seen.map(lines)
    expect(one?.size).toBeGreaterThan(18)
    const frozen = [...(one ?? [])].filter(([name, drawn]) => {
      const all = [drawn, two?.get(name), three?.get(name)].map((value) => JSON.stringify(value))
      return new Set(all).size < 3
    })
    expect(frozen).toEqual([])
  })
})

test('a warm site answers as a plain one does, whatever ran before', async () => {
  const nasty = readFileSync(new URL('determinism/nasty.php', import.meta.url))
  const root = await load(
    { 'index.php': nasty, 'grow.php': '<?php $a = str_repeat("x", 90_000_000); echo 1;' },
    configured({ mutable: ['data', 'nasty.db', 'made by nasty.txt'] }),
  )
  const first = await visit(php, root)
  const again = await visit(php, root)
  await visit(php, root, { target: '/grow.php' })
  const grown = await visit(php, root)
  expect([again.transcript, grown.transcript]).toEqual([first.transcript, first.transcript])
})
