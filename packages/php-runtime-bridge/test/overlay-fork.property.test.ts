import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHANGED_BYTES_MAX, changesBelow, comparedBelow, siteHolds } from '../src/changes.js'
import { usualConfiguration } from '../src/configuration/site-configuration.js'
import { SyscallFailure } from '../src/errno.js'
import { FILE_PAGE_BYTES } from '../src/file-pages.js'
import { emptyTree, type TreeDirectory, type TreeFile, type TreeNode, treeOf, withEntry } from '../src/file-tree.js'
import { Overlay } from '../src/overlay.js'
import { adoptFork } from '../src/overlay-fork.js'
import type { OverlayDirectory, OverlayNode } from '../src/overlay-node.js'
import { childOf } from '../src/overlay-walk.js'
import { settledTree } from '../src/settled-tree.js'
import { writabilityOf } from '../src/system-tree.js'
import { filesOf, utf8 } from './sites.js'
import { listTree } from './trees.js'

const site = treeOf(filesOf({ a: 'one', 'b/a': 'two', 'b/c/a': 'three', 'c/a': 'four' }), [{ path: 'd', mode: 0o700 }])
const whole = withEntry(withEntry(emptyTree, 'site', site), 'tmp', emptyTree)
const writability = writabilityOf(usualConfiguration)
const anyName = fc.constantFrom('a', 'b', 'c', 'd')
const anyPath = fc
  .tuple(fc.constantFrom('/site', '/tmp'), fc.array(anyName, { minLength: 1, maxLength: 3 }))
  .map(([top, names]) => `${top}/${names.join('/')}`)
const anySteps = fc.array(
  fc.record({
    call: fc.constantFrom('write', 'mkdir', 'unlink', 'rmdir', 'rename', 'chmod', 'symlink'),
    path: anyPath,
    to: anyPath,
    text: fc.string({ maxLength: 6 }),
  }),
  { maxLength: 12 },
)
type Step = typeof anySteps extends fc.Arbitrary<infer T extends readonly unknown[]> ? T[number] : never

function perform(files: Overlay, steps: readonly Step[], from: number): void {
  for (const [i, { call, path, to, text }] of steps.entries()) {
    const nowS = from + i
    try {
      if (call === 'mkdir') files.makeDirectory(path, 0o750, nowS)
      else if (call === 'unlink') files.unlink(path, nowS)
      else if (call === 'rmdir') files.removeDirectory(path, nowS)
      else if (call === 'rename') files.rename(path, to, nowS)
      else if (call === 'symlink') files.makeLink(path, to, nowS)
      else if (call === 'chmod') files.changeMode(path, 0o700 + text.length)
      else {
        const place = files.place(path)
        if (place.node !== undefined && place.node.kind !== 'file') continue
        const file = place.node ?? files.create(place, 0o644, nowS)
        files.resize(file, 0)
        files.write(file, utf8(text), 0, nowS)
      }
    } catch (error) {
      expect(error).toBeInstanceOf(SyscallFailure)
    }
  }
}

const list = (node: TreeNode): string[] => listTree(node as TreeDirectory).sort()
const fork = (files: Overlay) => new Overlay(settledTree(files.root) as TreeDirectory, writability, files.left)

test('what a fork came to is what its origin comes to; before that nothing of it is seen', () => {
  fc.assert(
    fc.property(anySteps, anySteps, anySteps, (before, during, after) => {
      const files = new Overlay(whole, writability)
      perform(files, before, 1_800_000_000)
      const found = list(settledTree(files.root))
      const other = fork(files)
      expect(list(settledTree(other.root))).toEqual(found)
      perform(other, during, 1_800_000_100)
      expect(list(settledTree(files.root))).toEqual(found)
      const came = list(settledTree(other.root))
      if (!adoptFork(files, other, ['/site', '/tmp'], 1_800_000_200).adopted) {
        // a folder was moved with a link that then led out of the site: all or nothing
        expect(changesBelow(other.get('/site') as OverlayDirectory)).toBeUndefined()
        expect(list(settledTree(files.root))).toEqual(found)
        return
      }
      expect(list(settledTree(files.root))).toEqual(came)

      // as if there had been one overlay all along
      const alone = new Overlay(whole, writability)
      for (const [i, steps] of [before, during, after].entries()) perform(alone, steps, 1_800_000_000 + i * 100)
      perform(files, after, 1_800_000_200)
      expect(list(settledTree(files.root))).toEqual(list(settledTree(alone.root)))
      const [one, two] = [files, alone].map((each) =>
        changesBelow(each.get('/site') as OverlayDirectory)?.map(({ type, path }) => `${type} ${path}`),
      )
      expect(one).toEqual(two)
    }),
    { numRuns: 300 },
  )
})

test('a tree shares what was not changed', () => {
  const files = new Overlay(whole, writability)
  expect(settledTree(files.root)).toBe(whole)
  perform(files, [{ call: 'write', path: '/site/c/a', to: '', text: 'x' }], 1)
  const settled = settledTree(files.get('/site')) as TreeDirectory
  expect(settled.entries.get('b')).toBe(site.entries.get('b'))
})

test('a file that both have stays the same node; one that the fork put in its place does not', () => {
  const files = new Overlay(whole, writability)
  const [a, b] = [files.get('/site/a'), files.get('/site/b/a')]
  const other = fork(files)
  perform(other, [{ call: 'write', path: '/site/a', to: '', text: 'new' }], 5)
  other.unlink('/site/b/a', 5)
  other.makeDirectory('/site/b/a', 0o755, 5)
  adoptFork(files, other, ['/site', '/tmp'], 6)
  expect(files.get('/site/a')).toBe(a)
  expect(a).toMatchObject({ content: { size: 3 }, mtimeS: 5 })
  expect(files.get('/site/b/a')).not.toBe(b)
})

test('a fork has what its origin has left; what it left there counts as that one’s', () => {
  const files = new Overlay(whole, writability, { ownedBytesMax: 1000, madeNodesMax: 2 })
  files.resize(files.create(files.place('/site/x'), 0o644, 1), 600)
  const other = fork(files)
  const made = other.create(other.place('/site/y'), 0o644, 1)
  expect(() => other.resize(made, 401)).toThrow(expect.objectContaining({ errno: 51 }))
  expect(() => other.create(other.place('/site/z'), 0o644, 1)).toThrow(expect.objectContaining({ errno: 51 }))
  other.resize(made, 400)
  adoptFork(files, other, ['/site'], 1)
  expect(files.left).toEqual({ ownedBytesMax: 0, madeNodesMax: 0 })
})

/** Folders in each other, put together from the deepest up. */
function chain(files: Overlay, depth: number, name: string): void {
  files.makeDirectory('/tmp/c', 0o755, 1)
  for (let i = 1; i < depth; i++) {
    files.makeDirectory('/tmp/n', 0o755, 1)
    files.rename('/tmp/c', `/tmp/n/${name}`, 1)
    files.rename('/tmp/n', '/tmp/c', 1)
  }
}
function guardAt(folder: OverlayNode | undefined, depth: number, name: string): void {
  let node = folder as OverlayDirectory
  for (let i = 0; i < depth; i++) node = childOf(node, name) as OverlayDirectory
  Object.defineProperty(node, 'children', {
    get: () => {
      throw new Error('looked too deep')
    },
  })
}

test('folders in each other beyond what a path can name end the comparison where they do not fit', () => {
  const files = new Overlay(whole, writability)
  chain(files, 60, 'x')
  files.rename('/tmp/c', '/site/e', 1)
  guardAt(files.get('/site/e'), 40, 'x')
  expect(changesBelow(files.get('/site') as OverlayDirectory)).toBeUndefined()

  const other = fork(new Overlay(whole, writability))
  const name = 'y'.repeat(200)
  chain(other, 40, name)
  guardAt(other.get('/tmp/c'), 30, name)
  expect(adoptFork(new Overlay(whole, writability), other, ['/site', '/tmp'], 1).adopted).toBeUndefined()
})

test('folders too deep for any path that a fork took apart and deleted are gone, and what they held is given back', () => {
  const files = new Overlay(whole, writability, { ownedBytesMax: 1000, madeNodesMax: 101 })
  const name = 'y'.repeat(100)
  chain(files, 100, name)
  const other = fork(files)
  for (let i = 1; i < 100; i++) {
    other.rename(`/tmp/c/${name}`, '/tmp/d', 2)
    other.removeDirectory('/tmp/c', 2)
    other.rename('/tmp/d', '/tmp/c', 2)
  }
  other.removeDirectory('/tmp/c', 2)
  expect(adoptFork(files, other, ['/site', '/tmp'], 3).adopted).toEqual({ nodes: 1, bytes: 0 })
  expect(list(settledTree(files.get('/tmp')))).toEqual([])
  expect(files.left.madeNodesMax).toBe(101)
})

test('another file at a path counts as a whole before it is looked at, also where it is the same', () => {
  let reads = 0
  const page = {
    length: FILE_PAGE_BYTES,
    read: () => {
      reads++
      return new Uint8Array(FILE_PAGE_BYTES)
    },
  }
  const fileOf = (count: number): TreeFile => ({
    kind: 'file',
    mode: 0o644,
    mtimeS: 1,
    size: count * FILE_PAGE_BYTES,
    pages: Array.from({ length: count }, () => ({ ...page })),
  })
  const swapped = (count: number) => {
    const entries = new Map(['a', 'b'].map((name) => [name, fileOf(count)]))
    const files = new Overlay({ ...emptyTree, entries: new Map([['site', { ...emptyTree, entries }]]) }, writability)
    for (const [from, to] of ['ac', 'ba', 'cb'] as const) files.rename(`/site/${from}`, `/site/${to}`, 1)
    reads = 0
    return comparedBelow(files.get('/site') as OverlayDirectory, siteHolds)
  }
  expect(swapped(3)).toEqual({ changes: [], work: { names: 2, bytes: 6 * FILE_PAGE_BYTES } })
  expect(reads).toBe(12)
  expect(swapped(CHANGED_BYTES_MAX / FILE_PAGE_BYTES + 1)).toEqual({ changes: undefined, work: { names: 1, bytes: 0 } })
  expect(reads).toBe(0)
})
