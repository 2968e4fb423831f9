import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesBelow } from '../src/changes.js'
import { usualConfiguration } from '../src/configuration/site-configuration.js'
import { SyscallFailure } from '../src/errno.js'
import { deriveTree, emptyTree, type TreeDirectory, treeOf, withEntry } from '../src/file-tree.js'
import { childOf, namesIn, Overlay } from '../src/overlay.js'
import type { OverlayDirectory } from '../src/overlay-node.js'
import { writabilityOf } from '../src/system-tree.js'
import { filesOf, textOf, utf8 } from './sites.js'

const base = treeOf(filesOf({ a: 'one', 'b/a': 'two', 'b/c/a': 'three', 'b/c/b': 'four', 'c/a': 'five' }), [{ path: 'd', mode: 0o700 }])
const anyPath = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }).map((names) => `/site/${names.join('/')}`)
const anyStep = fc.record({
  call: fc.constantFrom('write', 'mkdir', 'unlink', 'rmdir', 'rename', 'chmod'),
  path: anyPath,
  to: anyPath,
  text: fc.string({ maxLength: 6 }),
})
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

function perform(files: Overlay, { call, path, to, text }: Step, nowS: number): void {
  if (call === 'mkdir') files.makeDirectory(path, 0o750, nowS)
  else if (call === 'unlink') files.unlink(path, nowS)
  else if (call === 'rmdir') files.removeDirectory(path, nowS)
  else if (call === 'rename') files.rename(path, to, nowS)
  else if (call === 'chmod') files.changeMode(path, 0o700 + text.length)
  else {
    const found = files.find(path)
    if (found?.kind === 'directory') return
    const file = found ?? files.create(path, 0o644, nowS)
    files.resize(file, 0)
    files.write(file, utf8(text), 0, nowS)
  }
}

/** 'path mode content', whatever way it is stored. */
function listTree(tree: TreeDirectory, prefix = ''): string[] {
  return [...tree.entries].flatMap(([name, node]) =>
    node.kind === 'file'
      ? [`${prefix}${name} ${node.mode} ${textOf(node.bytes)}`]
      : [`${prefix}${name}/ ${node.mode}`, ...listTree(node, `${prefix}${name}/`)],
  )
}
function listOverlay(directory: OverlayDirectory, prefix = ''): string[] {
  return namesIn(directory).flatMap((name) => {
    const node = childOf(directory, name)
    if (node?.kind === 'file') return [`${prefix}${name} ${node.mode} ${textOf(node.bytes.subarray(0, node.size))}`]
    return node ? [`${prefix}${name}/ ${node.mode}`, ...listOverlay(node, `${prefix}${name}/`)] : []
  })
}

test('the changes of any sequence of calls, applied to the base, give what the script saw; the base is never altered', () => {
  const before = listTree(base)
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
      const files = new Overlay(withEntry(emptyTree, 'site', base), writabilityOf(usualConfiguration))
      for (const [i, step] of steps.entries()) {
        try {
          perform(files, step, 1_800_000_000 + i)
        } catch (error) {
          expect(error).toBeInstanceOf(SyscallFailure)
        }
      }
      const top = files.get('/site') as OverlayDirectory
      const changes = changesBelow(top)
      const derived = deriveTree(base, changes)
      expect(listTree(derived).sort()).toEqual(listOverlay(top).sort())
      expect(changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path).sort())
      expect(listTree(base)).toEqual(before)
      const again = new Overlay(withEntry(emptyTree, 'site', derived), writabilityOf(usualConfiguration))
      expect(changesBelow(again.get('/site') as OverlayDirectory)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('trees share what a change does not touch', () => {
  const derived = deriveTree(base, [{ type: 'write', path: 'c/a', mode: 0o644, mtimeS: 1, bytes: utf8('new') }])
  expect(derived.entries.get('b')).toBe(base.entries.get('b'))
  expect(derived.entries.get('c')).not.toBe(base.entries.get('c'))
})

test('a write of equal content keeps the time, as in content-store', () => {
  const derived = deriveTree(base, [{ type: 'write', path: 'a', bytes: utf8('one'), mtimeS: 5, mode: 0o600 }])
  expect(derived.entries.get('a')).toMatchObject({ mtimeS: 1_700_000_000, mode: 0o600 })
})

test.each(['', '/a', 'a//b', 'a/../b', './a', 'a\\b', 'a\0', 'x'.repeat(256), Array(33).fill('a').join('/'), '\ud800'])(
  'the path %j is refused',
  (path) => {
    expect(() => treeOf(filesOf({ [path]: '' }))).toThrow(expect.objectContaining({ code: 'PATH_INVALID' }))
  },
)

test.each([
  [{ a: '', 'a/b': '' }, []],
  [{ a: '' }, ['a']],
])('entries that clash are refused', (files, directories) => {
  expect(() =>
    treeOf(
      filesOf(files as Record<string, string>),
      directories.map((path) => ({ path, mode: 0o755 })),
    ),
  ).toThrow(expect.objectContaining({ code: 'PATH_CLASH' }))
})

test('one request can neither hold nor make more than its limits', () => {
  const files = new Overlay(withEntry(emptyTree, 'site', base), writabilityOf(usualConfiguration), { ownedBytesMax: 1000, madeNodesMax: 3 })
  const file = files.create('/site/x', 0o644, 1)
  expect(() => files.resize(file, 1001)).toThrow(expect.objectContaining({ errno: 51 }))
  files.resize(file, 1000)
  expect(() => files.write(files.create('/site/y', 0o644, 1), utf8('z'), 0, 1)).toThrow(expect.objectContaining({ errno: 51 }))
  files.resize(file, 0)
  files.create('/site/z', 0o644, 1)
  expect(() => files.create('/site/w', 0o644, 1)).toThrow(expect.objectContaining({ errno: 51 }))
})

test('an open file stays itself when its name goes to another', () => {
  const files = new Overlay(withEntry(emptyTree, 'site', base), writabilityOf(usualConfiguration))
  const old = files.get('/site/a')
  files.rename('/site/b/a', '/site/a', 1)
  const now = files.get('/site/a')
  expect(now.inode).not.toBe(old.inode)
  expect(textOf((now as { bytes: Uint8Array }).bytes)).toBe('two')
  expect(textOf((old as { bytes: Uint8Array }).bytes)).toBe('one')
})
