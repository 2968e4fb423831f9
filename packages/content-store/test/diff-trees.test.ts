import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyChanges,
  type Block,
  type BuiltTree,
  buildTree,
  diffTrees,
  type FileChange,
  type GetBlock,
  listTree,
  type Missing,
  type TreeChange,
  type TreeDiff,
  type TreeNode,
} from '../src/index.js'
import { sealBlock } from '../src/tree-blocks.js'
import { coded, fileAt, getFrom, holding, noise, whole, writeAt } from './trees.js'

const both = (a: BuiltTree, b: BuiltTree): GetBlock => getFrom({ root: a.root, blocks: [...a.blocks, ...b.blocks] })

/** What a list of both trees shows: the plainest way to find what differs. */
function byLists(get: GetBlock, a: ContentId, b: ContentId): Map<string, { before: TreeNode | undefined; after: TreeNode | undefined }> {
  const nodes = (root: ContentId): Map<string, TreeNode> => {
    const { files, directories, symlinks } = whole(listTree(get, root))
    const all = new Map<string, TreeNode>()
    for (const { path, ...file } of files) all.set(path, { type: 'file', ...file })
    for (const { path, mode } of directories) all.set(path, { type: 'directory', mode })
    for (const { path, target } of symlinks) all.set(path, { type: 'symlink', target })
    return all
  }
  const [before, after] = [nodes(a), nodes(b)]
  const found = new Map<string, { before: TreeNode | undefined; after: TreeNode | undefined }>()
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const change = { before: before.get(path), after: after.get(path) }
    if (JSON.stringify(change.before) !== JSON.stringify(change.after)) found.set(path, change)
  }
  return found
}
/** All pages of a diff. */
function allPages(get: GetBlock, a: ContentId, b: ContentId, limit?: number): TreeChange[] {
  const changes: TreeChange[] = []
  let page: TreeDiff = { changes: [], next: '' }
  while (page.next !== undefined) {
    page = whole(diffTrees(get, a, b, { ...(page.next === '' ? {} : { from: page.next }), ...(limit === undefined ? {} : { limit }) }))
    if (limit !== undefined) expect(page.changes.length).toBeLessThanOrEqual(limit)
    changes.push(...page.changes)
  }
  return changes
}
const isBefore = (a: string, b: string): boolean => {
  const [x, y] = [a.split('/'), b.split('/')]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = Buffer.compare(Buffer.from(x[i] as string), Buffer.from(y[i] as string))
    if (order !== 0) return order < 0
  }
  return x.length < y.length
}

describe('the difference of two trees', () => {
  const before = buildTree([fileAt('a/one'), fileAt('a/two'), fileAt('b/c'), fileAt('top')], [], [{ path: 'link', target: 'top' }])
  const apply = (...changes: FileChange[]): BuiltTree => whole(applyChanges(getFrom(before), before.root, changes))
  const pathsTo = (after: BuiltTree): string[] => {
    const { changes } = whole(diffTrees(both(before, after), before.root, after.root))
    return changes.map((change) => `${change.before === undefined ? '+' : change.after === undefined ? '-' : '~'}${change.path}`)
  }

  test('is what was added, removed and changed, with what was and is there', () => {
    const after = apply(
      writeAt('a/three'),
      writeAt('a/two', 'new'),
      { type: 'delete', path: 'top' },
      { type: 'symlink', path: 'link', target: 'b' },
    )
    expect(pathsTo(after)).toEqual(['+a/three', '~a/two', '~link', '-top'])
    const { changes } = whole(diffTrees(both(before, after), before.root, after.root))
    expect(changes[2]).toEqual({ path: 'link', before: { type: 'symlink', target: 'top' }, after: { type: 'symlink', target: 'b' } })
    expect(changes[1]?.after).toMatchObject({ type: 'file', mode: 0o644, mtimeS: 1, size: 3, paged: false })
  })
  test('has all that is in a directory that came, went, or became a file', () => {
    expect(pathsTo(apply({ type: 'delete', path: 'a' }, writeAt('b', 'a file'), writeAt('n/x/y')))).toEqual([
      ...['-a', '-a/one', '-a/two', '~b', '-b/c', '+n', '+n/x', '+n/x/y'],
    ])
  })
  test('has modes and times', () => {
    const again = buildTree(
      [fileAt('a/one', 'a/one', 0o600), fileAt('a/two'), fileAt('b/c'), fileAt('top', 'top', 0o644, 9)],
      [{ path: 'b', mode: 0o700 }],
      [{ path: 'link', target: 'top' }],
    )
    expect(pathsTo(again)).toEqual(['~a/one', '~b', '~top'])
  })
  test('of a tree and itself is nothing, and nothing is read', () => {
    expect(diffTrees(() => undefined, before.root, before.root)).toEqual({ changes: [], next: undefined })
  })
  test('reads only blocks that one tree has and the other has not', () => {
    const many = buildTree(Array.from({ length: 5000 }, (_, i) => fileAt(`d${i % 5}/f${i}`, 'x')))
    const after = whole(applyChanges(getFrom(many), many.root, [writeAt('d2/f77', 'y'), writeAt('d2/new', 'y')]))
    const read = new Set<ContentId>()
    const get = both(many, after)
    const seen: GetBlock = (cid) => {
      read.add(cid)
      return get(cid)
    }
    expect(whole(diffTrees(seen, many.root, after.root)).changes.map(({ path }) => path)).toEqual(['d2/f77', 'd2/new'])
    expect(read.size).toBeLessThanOrEqual(2 * (1 + 1 + 2)) // the top, the directory's fan and at most two leaves, of each tree
  })
  test('never reads a file', () => {
    const large = buildTree([fileAt('big', noise(500_000))])
    const other = buildTree([fileAt('big', noise(500_001))])
    const tops = new Map([large, other].map(({ root, blocks }) => [root, blocks.find(({ cid }) => cid === root)?.bytes]))
    expect(whole(diffTrees((cid) => tops.get(cid), large.root, other.root)).changes).toHaveLength(1)
  })
  test('says what is missing of both at once, and goes on when it is there', async () => {
    const after = apply(writeAt('a/three'), writeAt('b/d'))
    const store = await holding()
    const all = [...before.blocks, ...after.blocks]
    const rounds: number[] = []
    for (;;) {
      const result: TreeDiff | Missing = diffTrees(store.get, before.root, after.root)
      if (!('missing' in result)) break
      rounds.push(result.missing.length)
      await store.put(all.filter(({ cid }) => result.missing.includes(cid)))
    }
    expect(rounds).toEqual([2, 4]) // both tops; a and b of both
  })
  test('refuses what is no tree, and paths that no tree has', async () => {
    const deep = [sealBlock({ type: 'leaf', entries: [{ type: 'symlink', name: 'l', target: '../x' }] })]
    const { get } = await holding(before, { blocks: deep })
    expect(() => diffTrees(get, before.root, deep[0]?.cid as ContentId)).toThrow(coded('TREE_MALFORMED'))
    expect(() => diffTrees(get, before.blocks[0]?.cid as ContentId, before.root)).toThrow(coded('TREE_MALFORMED'))
    const after = apply(writeAt('x'))
    expect(() => diffTrees(both(before, after), before.root, after.root, { from: '../x' })).toThrow(coded('FILE_PATH'))
  })
})

describe('how much a page reads', () => {
  const directory = (name: string, node: Block) => ({ type: 'directory', name, mode: 0o755, node: bytesOfContentId(node.cid) }) as const
  const link = (target: string): Block => sealBlock({ type: 'leaf', entries: [{ type: 'symlink', name: 'a', target }] })
  /** Two trees of so many levels, so many directories a level, over leaves, which the second one lacks. Of each level any one of the first meets any one of the second. */
  async function hostile(levels: number, width: number) {
    let before = Array.from({ length: width }, (_, i) => link(`here${i}`))
    let after = Array.from({ length: width }, (_, i) => link(`missing${i}`))
    const [missing, blocks] = [after.map(({ cid }) => cid), [...before]]
    for (let level = 0; level < levels; level++) {
      const pairs = Array.from({ length: 100 }, (_, k) => [Math.floor(k / width) % width, k % width] as const)
      const over = (below: readonly Block[], side: 0 | 1): Block[] =>
        Array.from({ length: width }, (_, own) => {
          const at = (k: number): Block => below[((pairs[k]?.[side] ?? 0) + own) % width] as Block
          const names = pairs.map((_, k) => directory(`d${String(k).padStart(2, '0')}`, at(k)))
          return sealBlock({ type: 'leaf', entries: names })
        })
      ;[before, after] = [over(before, 0), over(after, 1)]
      blocks.push(...before, ...after)
    }
    const { get } = await holding({ blocks })
    let got = 0
    const counting: GetBlock = (cid) => {
      if (++got > 1000) throw new Error('more than 1,000 reads')
      return get(cid)
    }
    return { before: before[0]?.cid as ContentId, after: after[0]?.cid as ContentId, get: counting, got: () => got, missing }
  }

  test('is no more than there are blocks where one is missing below 100^20 paths', async () => {
    const { before, after, get, got, missing } = await hostile(20, 1)
    expect(diffTrees(get, before, after)).toEqual({ missing })
    expect(got()).toBe(2 * 21)
  })
  test('is no more than asked for where any two directories can meet', async () => {
    const all = await hostile(20, 4)
    expect(diffTrees(all.get, all.before, all.after)).toHaveProperty('missing.length', 4)
    const some = await hostile(20, 4)
    expect(diffTrees(some.get, some.before, some.after, { maxParts: 50 })).toHaveProperty('missing.length')
    expect(some.got()).toBeLessThanOrEqual(60)
    expect(all.got()).toBeGreaterThan(120)
  })
  test('ends a page that has changes, and what needs more is too large', () => {
    const nothing = buildTree([])
    const many = buildTree(Array.from({ length: 100 }, (_, i) => fileAt(`d${i}/f`)))
    const get = both(nothing, many)
    const pages: TreeDiff[] = []
    for (let next: string | undefined; pages.length === 0 || next !== undefined; next = pages.at(-1)?.next) {
      pages.push(whole(diffTrees(get, nothing.root, many.root, { maxParts: 10, ...(next === undefined ? {} : { from: next }) })))
    }
    expect(pages.flatMap(({ changes }) => changes)).toEqual(whole(diffTrees(get, nothing.root, many.root)).changes)
    for (const { changes } of pages) expect(changes.length).toBeLessThanOrEqual(20)
    const fan = buildTree(Array.from({ length: 300 }, (_, i) => fileAt(`f${i}`, 'x')))
    const other = buildTree(Array.from({ length: 300 }, (_, i) => fileAt(`f${i}`, 'y')))
    expect(() => diffTrees(both(fan, other), fan.root, other.root, { maxParts: 20 })).toThrow(coded('TREE_TOO_LARGE'))
    expect(whole(diffTrees(both(fan, other), fan.root, other.root, { maxParts: 40 })).changes).toHaveLength(300)
  })
})

const anyPath = fc.array(fc.constantFrom('a', 'b', 'a!', 'ä'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
const anyChange: fc.Arbitrary<FileChange> = fc.oneof(
  fc.record({ path: anyPath, text: fc.constantFrom('', 'x', 'y') }).map(({ path, text }) => writeAt(path, text)),
  fc.record({ type: fc.constant('delete' as const), path: anyPath }),
  fc.record({ type: fc.constant('directory' as const), path: anyPath, mode: fc.constantFrom(0o755, 0o700) }),
  fc.record({ type: fc.constant('symlink' as const), path: anyPath, target: fc.constantFrom('a', 'b') }),
)
/** As many of the changes as can be made. */
function changed(get: GetBlock, root: ContentId, changes: readonly FileChange[]): BuiltTree {
  const blocks = new Map<ContentId, BuiltTree['blocks'][number]>()
  const from: GetBlock = (cid) => blocks.get(cid)?.bytes ?? get(cid)
  let now = root
  for (const change of changes) {
    try {
      const made = whole(applyChanges(from, now, [change]))
      for (const block of made.blocks) blocks.set(block.cid, block)
      now = made.root
    } catch (error) {
      expect(error).toEqual(coded('FILE_CONFLICT'))
    }
  }
  return { root: now, blocks: [...blocks.values()] }
}

test('is what two whole lists show, in order, in pages of any size', () => {
  const nothing = buildTree([])
  const many = buildTree(Array.from({ length: 300 }, (_, i) => fileAt(`f${i}`, 'x'))) // a fan
  fc.assert(
    fc.property(
      fc.constantFrom(nothing, many),
      fc.array(anyChange, { maxLength: 12 }),
      fc.array(anyChange, { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      (base, first, second, limit) => {
        const a = changed(getFrom(base), base.root, first)
        const b = changed(both(base, a), a.root, second)
        const get = getFrom({ root: b.root, blocks: [...base.blocks, ...a.blocks, ...b.blocks] })
        for (const [x, y] of [
          [a.root, b.root],
          [b.root, a.root],
          [base.root, b.root],
        ] as const) {
          const changes = allPages(get, x, y)
          expect(new Map(changes.map(({ path, ...change }) => [path, change]))).toEqual(byLists(get, x, y))
          for (const [i, { path }] of changes.entries()) if (i > 0) expect(isBefore(changes[i - 1]?.path as string, path)).toBe(true)
          expect(allPages(get, x, y, limit)).toEqual(changes)
        }
      },
    ),
    { numRuns: 150 },
  )
})
