import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { usualConfiguration } from '../src/configuration/site-configuration.js'
import { deriveTree, findNode, followNode, treeOf } from '../src/file-tree.js'
import { isSiteTarget, siteTargetOf } from '../src/links.js'
import { Overlay } from '../src/overlay.js'
import { mountSite, writabilityOf } from '../src/system-tree.js'
import { filesOf, visit } from './sites.js'

let php: PhpRuntime
beforeAll(async () => {
  php = await startPhpRuntime({ guardMs: 20_000 })
})
afterAll(() => php.close())

const links = [
  { path: 'page.txt', target: 'data/page.txt' },
  { path: 'data/up', target: '..' },
  { path: 'dangling', target: 'none/there' },
  { path: 'loop', target: 'data/loop' },
  { path: 'data/loop', target: '../loop' },
  { path: 'app', target: 'lib/app' },
]

/** Runs a script in a site with links. @returns the JSON that it echoes, and what it changed */
async function inLinked(script: string): Promise<[unknown, readonly object[]]> {
  const files = {
    'index.php': `<?php ${script}`,
    'data/page.txt': 'page',
    'lib/app/index.php': '<?php echo json_encode([__FILE__, getcwd()]);',
  }
  await php.load('linked', filesOf(files), [], links)
  const seen = await visit(php, 'linked')
  if (seen.status !== 200 || seen.log !== '') throw new Error(`${seen.status} ${seen.log} ${seen.text}`)
  return [JSON.parse(seen.text), seen.changes]
}

test('a script sees the links of its site as links, and what they lead to through them', async () => {
  const [seen, changes] =
    await inLinked(`echo json_encode([is_link('page.txt'), readlink('page.txt'), file_get_contents('page.txt'), filetype('page.txt'),
    lstat('page.txt')['size'], stat('page.txt')['size'], filesize('data/up/data/up/page.txt'), realpath('data/up/data/up/page.txt'), is_file('page.txt'),
    is_dir('data/up'), file_exists('dangling'), is_link('dangling'), @file_get_contents('loop'), is_link('loop'), @stat('loop'), @filesize('page.txt/'),
    scandir('data'), glob('data/up/da*'), is_link('data/up/'), decoct(lstat('loop')['mode'])]);`)
  expect(seen).toEqual([
    ...[true, 'data/page.txt', 'page', 'link', 13, 4, 4, '/site/data/page.txt', true],
    ...[true, false, true, false, true, false, false],
    ['.', '..', 'loop', 'page.txt', 'up'],
    ['data/up/dangling', 'data/up/data'],
    ...[false, '120777'],
  ])
  expect(changes).toEqual([])
})

test('what a script does through a link it does to what that leads to; links are deleted and renamed themselves', async () => {
  const [seen, changes] = await inLinked(
    `file_put_contents('page.txt', 'new', FILE_APPEND); chmod('page.txt', 0600); file_put_contents('data/up/made', 'x');
    file_put_contents('dangling', 'y'); mkdir('none'); file_put_contents('dangling', 'z'); rename('loop', 'data/other'); unlink('data/loop');
    touch('data/up/made', 1234567890); chdir('data/up/data/up/data');
    echo json_encode([@rmdir('up'), @mkdir('../dangling'), unlink('up'), getcwd(), file_get_contents('../page.txt'), filemtime('../made')]);`.replace(
      "file_put_contents('dangling', 'y');",
      "@file_put_contents('dangling', 'y');",
    ),
  )
  expect(seen).toEqual([false, false, true, '/site/data', 'pagenew', 1_234_567_890])
  expect(changes).toMatchObject([
    { type: 'delete', path: 'data/loop' },
    { type: 'symlink', path: 'data/other', target: 'data/loop' },
    { type: 'write', path: 'data/page.txt', mode: 0o600 },
    { type: 'delete', path: 'data/up' },
    { type: 'delete', path: 'loop' },
    { type: 'write', path: 'made', mtimeS: 1_234_567_890 },
    { type: 'directory', path: 'none' },
    { type: 'write', path: 'none/there' },
  ])
})

test('a link that a script makes comes back, as the site can hold it; none leads out of the site', async () => {
  const [seen, changes] =
    await inLinked(`mkdir('public/x', 0755, true); echo json_encode([symlink('/site/data', 'public/files'), readlink('public/files'),
    file_get_contents('public/files/page.txt'), symlink('.//data/./page.txt', 'p'), readlink('p'), symlink('a/../b', 'q'), symlink('../../data', 'public/x/d'),
    @symlink('/etc/passwd', 'e'), @symlink('../tmp', 'e'), @symlink('/site/../tmp', 'e'), @symlink('/tmp', 'e'), @symlink('.', 'e'), @symlink('data', 'p'),
    @symlink('x', 'none/e'), @symlink(str_repeat('x/', 600) . 'x', 'e'), @symlink('a\\\\b', 'e'), file_exists('e'), @rename('public/x/d', 'd'), is_link('public/x/d'),
    symlink('/site/data', '/tmp/s'), file_get_contents('/tmp/s/page.txt'), @rename('/tmp/s', 's'), @link('p', 'hard')]);`)
  expect(seen).toEqual([
    ...[true, '../data', 'page', true, 'data/page.txt', true, true],
    ...[false, false, false, false, false, false, false, false, false, false, false, true],
    ...[true, 'page', false, false],
  ])
  expect(changes).toEqual([
    { type: 'symlink', path: 'p', target: 'data/page.txt' },
    { type: 'directory', path: 'public', mode: 0o755 },
    { type: 'symlink', path: 'public/files', target: '../data' },
    { type: 'directory', path: 'public/x', mode: 0o755 },
    { type: 'symlink', path: 'public/x/d', target: '../../data' },
    { type: 'symlink', path: 'q', target: 'b' },
  ])
  await php.derive('made', 'linked', changes as never)
  expect((await visit(php, 'made', { target: '/public/x/d/page.txt' })).text).toBe('page')
})

test('a folder moved with a link in it that then leads out of the site is refused at the end', async () => {
  await php.load('deep', filesOf({ 'a/b/x': '', 'index.php': '<?php rename("a/b", "b");' }), [], [{ path: 'a/b/l', target: '../../a' }])
  const seen = await visit(php, 'deep')
  expect([seen.header('interpeer-error'), seen.changes]).toEqual(['CHANGES_INVALID', []])
})

test('addresses follow links; a script is where it really lies', async () => {
  await inLinked('echo 1;')
  expect((await visit(php, 'linked', { target: '/page.txt' })).text).toBe('page')
  expect((await visit(php, 'linked', { target: '/data/up/page.txt' })).text).toBe('page')
  for (const target of ['/loop', '/dangling']) expect((await visit(php, 'linked', { target })).text).toBe('1')
  expect(JSON.parse((await visit(php, 'linked', { target: '/app/' })).text)).toEqual(['/site/lib/app/index.php', '/site/lib/app'])
})

test.each([
  ['a', 0, true],
  ['../a', 0, false],
  ['../a', 1, true],
  ['..', 1, true],
  ['..', 0, false],
  ['a/../b', 3, false],
  ['/a', 3, false],
  ['a//b', 3, false],
  ['./a', 3, false],
  ['', 3, false],
  ['a/', 3, false],
  ['a\\b', 3, false],
  ['a\0', 3, false],
  ['\ud800', 3, false],
  ['x'.repeat(256), 3, false],
  ['é'.repeat(513), 3, false],
])('the target %j at depth %i: %s', (target, depth, fits) => {
  expect(isSiteTarget(target, depth)).toBe(fits)
  const path = [...Array(depth).fill('d'), 'l'].join('/')
  const made = () => deriveTree(treeOf([]), [{ type: 'symlink', path, target }])
  if (fits) expect(findNode(made(), path)).toEqual({ kind: 'symlink', target })
  else expect(made).toThrow(expect.objectContaining({ code: 'PATH_INVALID' }))
})

test.each([
  ['/site/a', ['d', 'e'], '../../a'],
  ['/site', ['d'], '..'],
  ['/site/', [], undefined],
  ['/sites/a', ['d'], undefined],
  ['/site/a/../..', ['d'], undefined],
  ['a/./b//c/', ['d'], 'a/b/c'],
  ['../d/../a', ['d'], '../a'],
  ['a/../../../b', ['d'], undefined],
])('a script that links to %s from %j makes a link to %s', (target, folder, made) => {
  expect(siteTargetOf(target, folder, '/site')).toBe(made)
})

test('trees: a link is in the way of what would lie below it, and leads nowhere in a circle', () => {
  const tree = treeOf(filesOf({ 'data/page.txt': 'page' }), [], links)
  expect(followNode(tree, 'data/up/page.txt')).toBe(findNode(tree, 'data/page.txt'))
  for (const path of ['loop', 'dangling', 'page.txt/x', 'data/up/..']) expect(followNode(tree, path)).toBeUndefined()
  const below = { type: 'write', path: 'data/up/x', mode: 0o644, mtimeS: 1, bytes: new Uint8Array() } as const
  expect(() => deriveTree(tree, [below])).toThrow(expect.objectContaining({ code: 'PATH_CLASH' }))
  expect(() => treeOf(filesOf({ 'a/b': '' }), [], [{ path: 'a', target: 'b' }])).toThrow(expect.objectContaining({ code: 'PATH_CLASH' }))
  expect(findNode(deriveTree(tree, [{ type: 'directory', path: 'data/up', mode: 0o755 }]), 'data/up')).toMatchObject({ kind: 'directory' })
})

test('a way through links is as long as their targets are, and is counted so', () => {
  const files = new Overlay(mountSite(treeOf(filesOf({ 'data/page.txt': 'page' }), [], links)), writabilityOf(usualConfiguration))
  const followed: number[] = []
  files.onLink = (units) => followed.push(units)
  files.get('/site/page.txt')
  files.get('/site/data/up/data/page.txt')
  files.entry('/site/page.txt')
  expect(followed).toEqual([13, 2])
  expect(() => files.get('/site/loop')).toThrow(expect.objectContaining({ errno: 32 }))
  expect(followed).toHaveLength(2 + 32)
})
