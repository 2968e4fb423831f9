import { describe, expect, test } from 'vitest'
import { applyChanges, buildTree, type FileChange, listTree, readFile, readTree, type SymlinkEntry } from '../src/index.js'
import { sealBlock } from '../src/tree-blocks.js'
import { bytesOf, coded, fileAt, getFrom, holding, whole, writeAt } from './trees.js'

const links = (given: Readonly<Record<string, string>>): SymlinkEntry[] => Object.entries(given).map(([path, target]) => ({ path, target }))

describe('a symbolic link', () => {
  const files = [fileAt('data/pages/start.txt'), fileAt('index.php')]
  const site = buildTree(files, [], links({ home: 'data/pages/start.txt', 'data/top': '..', pages: 'data/pages', 'data/gone': 'nothing' }))
  const read = (path: string): Uint8Array | undefined => whole(readFile(getFrom(site), site.root, path)).file?.bytes

  test('is kept as it is, and listed', () => {
    const { symlinks } = whole(readTree(getFrom(site), site.root))
    expect(symlinks).toEqual(links({ 'data/gone': 'nothing', 'data/top': '..', home: 'data/pages/start.txt', pages: 'data/pages' }))
    expect(whole(listTree(getFrom(site), site.root)).symlinks).toEqual(symlinks)
  })

  test('readFile follows it, on the way and at the end', () => {
    const start = bytesOf('data/pages/start.txt')
    for (const path of ['home', 'pages/start.txt', 'data/top/home', 'data/top/data/top/pages/start.txt']) expect(read(path)).toEqual(start)
    for (const path of ['data/gone', 'data/gone/x', 'pages', 'home/x', 'data/top']) expect(read(path)).toBeUndefined()
    expect(whole(readFile(getFrom(site), site.root, 'home')).file?.path).toBe('home')
  })

  test('a circle, and a chain of more than 32, lead nowhere', () => {
    const chain = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`l${i}`, `l${i + 1}`]))
    const tree = buildTree([fileAt('l40')], [], links({ ...chain, a: 'b', b: 'a', self: 'self' }))
    const there = (path: string): boolean => whole(readFile(getFrom(tree), tree.root, path)).file !== undefined
    expect(['a', 'b', 'self', 'l0', 'l7', 'l8', 'l39'].map(there)).toEqual([false, false, false, false, false, true, true])
  })

  test.each([
    '/etc/passwd',
    '../x',
    'a/../b',
    '',
    '.',
    './a',
    'a/',
    'a//b',
    'a\\b',
    'a\0',
    '\ud800',
    'x'.repeat(256),
    `${'x/'.repeat(512)}x`,
  ])('may not lead to %j', (target) => {
    expect(() => buildTree([], [], [{ path: 'l', target }])).toThrow(coded('FILE_SYMLINK'))
    expect(() => applyChanges(getFrom(site), site.root, [{ type: 'symlink', path: 'l', target }])).toThrow(coded('FILE_SYMLINK'))
  })
  test('leads up as far as the top and no further', () => {
    expect(() => buildTree([], [], links({ 'a/b/l': '../..' }))).not.toThrow()
    expect(() => buildTree([], [], links({ 'a/b/l': '../../..' }))).toThrow(coded('FILE_SYMLINK'))
    expect(() => buildTree([], [], links({ '../l': 'x' }))).toThrow(coded('FILE_PATH'))
  })
  test('that is fine where it was made leads out of the tree where its directory is the top', async () => {
    const inner = sealBlock({ type: 'leaf', entries: [{ type: 'symlink', name: 'l', target: '../x' }] })
    const { get } = await holding({ blocks: [inner] })
    for (const walk of [listTree, readTree]) expect(() => walk(get, inner.cid)).toThrow(coded('TREE_MALFORMED'))
    expect(() => readFile(get, inner.cid, 'l')).toThrow(coded('TREE_MALFORMED'))
  })
})

describe('changes and links', () => {
  const base = buildTree([fileAt('d/x'), fileAt('top')], [], links({ l: 'd', m: 'top' }))
  const apply = (...changes: FileChange[]) => whole(applyChanges(getFrom(base), base.root, changes))

  test('the link that is there changes nothing', () => {
    expect(apply({ type: 'symlink', path: 'l', target: 'd' })).toEqual({ root: base.root, blocks: [] })
  })
  test('nothing is changed through a link', () => {
    for (const change of [writeAt('l/x'), { type: 'directory', path: 'l/y', mode: 0o755 }, { type: 'symlink', path: 'l/z', target: 'x' }])
      expect(() => apply(change as FileChange)).toThrow(coded('FILE_CONFLICT'))
    expect(apply({ type: 'delete', path: 'l/x' })).toEqual({ root: base.root, blocks: [] })
  })
  test('takes the place of anything, and anything its place; what it leads to stays', () => {
    const after = apply(writeAt('m', 'a file now'), { type: 'symlink', path: 'top', target: 'm' }, { type: 'delete', path: 'l' })
    expect(after.root).toBe(buildTree([fileAt('d/x'), fileAt('m', 'a file now')], [], links({ top: 'm' })).root)
    const other = apply({ type: 'symlink', path: 'd', target: 'top' }, { type: 'directory', path: 'l', mode: 0o700 })
    expect(other.root).toBe(buildTree([fileAt('top')], [{ path: 'l', mode: 0o700 }], links({ d: 'top', m: 'top' })).root)
  })
})
