import { describe, expect, test } from 'vitest'
import { applyChanges, buildTree, CHUNK_BYTES, type FileChange, listTree, missingBlocks, readFile, readTree } from '../src/index.js'
import { bytesOf, coded, database, fileAt, getFrom, holding, whole, writeAt } from './trees.js'

describe('a tree', () => {
  test('gives back its files and directories, sorted', () => {
    const files = [fileAt('index.php'), fileAt('data/b'), fileAt('data/a', ''), fileAt('data/ä/x')]
    const built = buildTree(files, [{ path: 'data/empty', mode: 0o700 }])
    const read = whole(readTree(getFrom(built), built.root))
    expect(read.files.map(({ path }) => path)).toEqual(['data/a', 'data/b', 'data/ä/x', 'index.php'])
    expect(read.files).toEqual(expect.arrayContaining(files))
    expect(read.directories).toEqual([
      { path: 'data', mode: 0o755 },
      { path: 'data/empty', mode: 0o700 },
      { path: 'data/ä', mode: 0o755 },
    ])
  })

  test('names are in the order of their UTF-8 bytes', () => {
    const names = ['z', 'ｚ', '\u{1f600}', 'é', 'a', 'Z']
    const built = buildTree(names.map((name) => fileAt(name)))
    const listed = whole(listTree(getFrom(built), built.root)).files.map(({ path }) => path)
    expect(listed).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  })

  test.each([0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 256 * CHUNK_BYTES, 256 * CHUNK_BYTES + 1])('a database of %i bytes', (size) => {
    const bytes = database(size)
    const built = buildTree([fileAt('big', bytes)])
    const { file } = whole(readFile(getFrom(built), built.root, 'big'))
    expect(file?.bytes.length).toBe(size)
    expect(Buffer.compare(file?.bytes ?? bytesOf('?'), bytes)).toBe(0)
  })

  test('readFile: nothing there, a directory, below a file', () => {
    const built = buildTree([fileAt('a/b')])
    for (const path of ['a', 'x', 'a/b/c', 'x/y']) expect(readFile(getFrom(built), built.root, path)).toEqual({ file: undefined })
    expect(() => readFile(getFrom(built), built.root, '../a')).toThrow(coded('FILE_PATH'))
  })

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a\\b',
    'a\0',
    '\ud800',
    'x'.repeat(256),
    'ä'.repeat(128),
    `${'a/'.repeat(32)}a`,
  ])('refuses the path %j', (path) => {
    expect(() => buildTree([fileAt(path)])).toThrow(coded('FILE_PATH'))
    expect(() => buildTree([], [{ path, mode: 0o755 }])).toThrow(coded('FILE_PATH'))
  })
  test('refuses a path longer than 1,024 bytes, and takes the longest', () => {
    const longest = Array.from({ length: 4 }, () => 'x'.repeat(255)).join('/')
    expect(() => buildTree([fileAt(`${longest}/y`)])).toThrow(coded('FILE_PATH'))
    expect(() => buildTree([fileAt(longest), fileAt('ä'.repeat(127)), fileAt(`${'a/'.repeat(31)}a`)])).not.toThrow()
  })
  test('refuses odd modes and times, two things at one path, and a file below a file', () => {
    for (const mode of [-1, 0o10000, 0o100644, 1.5, Number.NaN])
      expect(() => buildTree([fileAt('a', 'a', mode)])).toThrow(coded('FILE_STAT'))
    for (const mtimeS of [-1, 0.5, 2 ** 53]) expect(() => buildTree([fileAt('a', 'a', 0o644, mtimeS)])).toThrow(coded('FILE_STAT'))
    expect(() => buildTree([fileAt('a'), fileAt('a')])).toThrow(coded('FILE_CONFLICT'))
    expect(() => buildTree([fileAt('a')], [{ path: 'a', mode: 0o755 }])).toThrow(coded('FILE_CONFLICT'))
    expect(() => buildTree([fileAt('a'), fileAt('a/b')])).toThrow(coded('FILE_CONFLICT'))
    expect(() => buildTree([fileAt('a/b'), fileAt('a')])).toThrow(coded('FILE_CONFLICT'))
    const link = { path: 'a', target: 'b' }
    expect(() => buildTree([fileAt('a')], [], [link])).toThrow(coded('FILE_CONFLICT'))
    expect(() => buildTree([fileAt('a/b')], [], [link])).toThrow(coded('FILE_CONFLICT'))
    expect(() => buildTree([], [], [link, { path: 'a/b', target: 'c' }])).toThrow(coded('FILE_CONFLICT'))
  })
})

describe('changes', () => {
  const base = buildTree([fileAt('a/one'), fileAt('a/two'), fileAt('b/c/three'), fileAt('top')])
  const apply = (...changes: FileChange[]) => whole(applyChanges(getFrom(base), base.root, changes))

  test('a write of what is there changes nothing, not even the time', () => {
    expect(apply(writeAt('a/one', 'a/one', 0o644, 99))).toEqual({ root: base.root, blocks: [] })
    expect(apply()).toEqual({ root: base.root, blocks: [] })
  })
  test('another mode with the same content keeps the time', () => {
    const { root } = apply(writeAt('top', 'top', 0o600, 99))
    expect(root).toBe(buildTree([fileAt('a/one'), fileAt('a/two'), fileAt('b/c/three'), fileAt('top', 'top', 0o600, 1)]).root)
  })
  test('touches only what lies on the way', () => {
    const { blocks } = apply(writeAt('b/c/three', 'new'))
    expect(blocks).toHaveLength(4) // the chunk, c, b, the top
  })
  test('there and back again is no block', () => {
    expect(apply(writeAt('b/c/x'), { type: 'delete', path: 'b/c/x' })).toEqual({ root: base.root, blocks: [] })
  })
  test('deleting a directory deletes below it; deleting nothing is nothing; a directory outlives its last file', () => {
    expect(apply({ type: 'delete', path: 'b' }).root).toBe(buildTree([fileAt('a/one'), fileAt('a/two'), fileAt('top')]).root)
    for (const path of ['x', 'x/y', 'top/x']) expect(apply({ type: 'delete', path }).blocks).toEqual([])
    const directories = [{ path: 'b/c', mode: 0o755 }]
    expect(apply({ type: 'delete', path: 'b/c/three' }).root).toBe(
      buildTree([fileAt('a/one'), fileAt('a/two'), fileAt('top')], directories).root,
    )
  })
  test('a directory takes the place of a file, and a file of a directory; but nothing grows below a file', () => {
    const { root } = apply({ type: 'directory', path: 'top', mode: 0o700 }, writeAt('top/x'), writeAt('a', 'now a file'))
    const files = [fileAt('a', 'now a file'), fileAt('b/c/three'), fileAt('top/x')]
    expect(root).toBe(buildTree(files, [{ path: 'top', mode: 0o700 }]).root)
    expect(() => apply(writeAt('top/x'))).toThrow(coded('FILE_CONFLICT'))
  })
  test('a directory that is there keeps its files and takes the mode', () => {
    const files = [fileAt('a/one'), fileAt('a/two'), fileAt('b/c/three'), fileAt('top')]
    expect(apply({ type: 'directory', path: 'a', mode: 0o711 }).root).toBe(buildTree(files, [{ path: 'a', mode: 0o711 }]).root)
  })

  test('says what is missing, and works once it is there', async () => {
    const store = await holding()
    const changes = [writeAt('b/c/new'), writeAt('a/new')]
    let rounds = 0
    for (; ; rounds++) {
      const result = applyChanges(store.get, base.root, changes)
      if (!('missing' in result)) break
      expect(result.missing.length).toBeGreaterThan(0)
      for (const cid of result.missing) await store.put(base.blocks.filter((block) => block.cid === cid))
    }
    expect(rounds).toBe(3) // the top; a and b; c
    expect(readTree(store.get, base.root)).toHaveProperty('missing.length', 4)
    expect(missingBlocks(store.get, base.root)).toHaveLength(4)
    expect(missingBlocks(store.get, base.root, 2)).toHaveLength(2)
  })
})

describe('a large directory', () => {
  const names = Array.from({ length: 257 }, (_, i) => `page-${i}.txt`)
  test('256 entries are one block, 257 are a fan; the way there does not matter', () => {
    const at256 = buildTree(names.slice(0, 256).map((name) => fileAt(name, 'x')))
    const at257 = buildTree(names.map((name) => fileAt(name, 'x')))
    expect(at256.blocks).toHaveLength(2)
    expect(at257.blocks.length).toBe(1 + 1 + 16)
    const grown = whole(applyChanges(getFrom(at256), at256.root, [writeAt(names[256] as string, 'x')]))
    expect(grown.root).toBe(at257.root)
    const shrunk = whole(applyChanges(getFrom(at257), at257.root, [{ type: 'delete', path: names[256] as string }]))
    expect(shrunk.root).toBe(at256.root)
  })
  test('a change among 5,000 files rewrites little', () => {
    const many = Array.from({ length: 5000 }, (_, i) => fileAt(`f${i}`, 'x'))
    const before = buildTree(many)
    const after = whole(applyChanges(getFrom(before), before.root, [writeAt('f77', 'y')]))
    expect(after.blocks).toHaveLength(4) // chunk, leaf, two fans
    expect(whole(listTree(getFrom(before), before.root)).files).toHaveLength(5000)
    expect(whole(readFile(getFrom(before), before.root, 'f4999')).file?.bytes).toEqual(bytesOf('x'))
  })
})
