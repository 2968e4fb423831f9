import { expect, test } from 'vitest'
import { type TreeDirectory, type TreeNode, treeOf } from '../src/file-tree.js'
import { isLoadable } from '../src/tree-size.js'
import { filesOf } from './sites.js'

const folder = (entries: Iterable<readonly [string, TreeNode]>): TreeDirectory => ({
  kind: 'directory',
  mode: 0o755,
  entries: new Map(entries),
})
const file = (size: number): TreeNode => ({ kind: 'file', mode: 0o644, mtimeS: 1, size, pages: [] })
const many = (count: number) => folder(Array.from({ length: count }, (_, i) => [`f${i}`, file(1)] as const))

test('a site that content-store would not read any more is none: its entries, folders too, and its bytes', () => {
  expect(isLoadable(treeOf(filesOf({ 'index.php': '1' }), []))).toBe(true)
  expect(
    isLoadable(
      folder([
        ['a', many(49_000)],
        ['b', many(49_998)],
      ]),
    ),
  ).toBe(true)
  expect(
    isLoadable(
      folder([
        ['a', many(49_000)],
        ['b', many(49_999)],
      ]),
    ),
  ).toBe(false)
  expect(isLoadable(folder([['large', file(8176 * 1024 * 1024)]]))).toBe(true)
  expect(
    isLoadable(
      folder([
        ['large', file(8176 * 1024 * 1024)],
        ['more', file(1)],
      ]),
    ),
  ).toBe(false)
})
