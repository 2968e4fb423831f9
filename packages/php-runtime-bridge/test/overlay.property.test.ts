import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesBelow } from '../src/changes.js'
import { usualConfiguration } from '../src/configuration/site-configuration.js'
import { SyscallFailure } from '../src/errno.js'
import { bytesOf } from '../src/file-pages.js'
import { deriveTree, emptyTree, type TreeDirectory, treeOf, withEntry } from '../src/file-tree.js'
import { Overlay, type OverlayLimits } from '../src/overlay.js'
import type { OverlayDirectory, OverlayFile } from '../src/overlay-node.js'
import { childOf, namesIn, type Place, walk } from '../src/overlay-walk.js'
import { settledTree } from '../src/settled-tree.js'
import { writabilityOf } from '../src/system-tree.js'
import { filesOf, textOf, utf8 } from './sites.js'
import { listTree } from './trees.js'

const base = treeOf(filesOf({ a: 'one', 'b/a': 'two', 'b/c/a': 'three', 'b/c/b': 'four', 'c/a': 'five' }), [{ path: 'd', mode: 0o700 }])
const anyPath = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }).map((names) => `/site/${names.join('/')}`)
const anyStep = fc.record({
  call: fc.constantFrom('write', 'mkdir', 'unlink', 'rmdir', 'rename', 'chmod', 'symlink'),
  path: anyPath,
  to: anyPath,
  text: fc.string({ maxLength: 6 }),
})
const rules = writabilityOf(usualConfiguration)
const overSite = (site: TreeDirectory, limits?: OverlayLimits) => new Overlay(withEntry(emptyTree, 'site', site), rules, limits)
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

function perform(files: Overlay, { call, path, to, text }: Step, nowS: number): void {
  if (call === 'mkdir') files.makeDirectory(path, 0o750, nowS)
  else if (call === 'unlink') files.unlink(path, nowS)
  else if (call === 'rmdir') files.removeDirectory(path, nowS)
  else if (call === 'rename') files.rename(path, to, nowS)
  else if (call === 'chmod') files.changeMode(path, 0o700 + text.length)
  else if (call === 'symlink') files.makeLink(path, to, nowS)
  else {
    const place = files.place(path)
    if (place.node !== undefined && place.node.kind !== 'file') return
    const file = place.node ?? files.create(place, 0o644, nowS)
    files.resize(file, 0)
    files.write(file, utf8(text), 0, nowS)
  }
}

function countedRightBelow(folder: OverlayDirectory): void {
  const names = namesIn(folder)
  expect(folder.count).toBe(names.length)
  for (const name of names) {
    const child = childOf(folder, name)
    if (child?.kind === 'directory') countedRightBelow(child)
  }
}

test('the changes of any sequence of calls, applied to the base, give what the script saw; the base is never altered', () => {
  const before = listTree(base)
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
      const files = overSite(base)
      for (const [i, step] of steps.entries()) {
        try {
          perform(files, step, 1_800_000_000 + i)
        } catch (error) {
          expect(error).toBeInstanceOf(SyscallFailure)
        }
      }
      const top = files.get('/site') as OverlayDirectory
      const changes = changesBelow(top) ?? []
      const derived = deriveTree(base, changes)
      expect(listTree(derived).sort()).toEqual(listTree(settledTree(top) as TreeDirectory).sort())
      expect(changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path).sort())
      expect(listTree(base)).toEqual(before)
      countedRightBelow(top)
      const again = overSite(derived)
      expect(changesBelow(again.get('/site') as OverlayDirectory)).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('whatever was looked for before, each path leads where the whole way does, with the same links', () => {
  const anyText = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', 'c', 'd', '.', '..', ''), { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
    .map(([names, slash]) => `/site/${names.join('/')}${slash}`)
  const outcome = (find: () => Place | number) => {
    try {
      return find()
    } catch (error) {
      return error
    }
  }
  fc.assert(
    fc.property(fc.array(fc.tuple(anyStep, anyText, fc.constantFrom('target' as const, 'entry' as const)), { maxLength: 25 }), (steps) => {
      const files = overSite(base)
      for (const [i, [step]] of steps.entries()) {
        try {
          perform(files, step, 1_800_000_000 + i)
        } catch (error) {
          expect(error).toBeInstanceOf(SyscallFailure)
        }
        for (const [, text, to] of steps) {
          let [units, wholeUnits] = [0, 0]
          const whole = outcome(() =>
            walk(files.root, text, to, (one) => {
              wholeUnits += one
            }),
          )
          files.onLink = (one) => {
            units += one
          }
          const told = outcome(() => files.find(text, to))
          if (typeof told === 'number') {
            expect(whole).toMatchObject({ errno: told })
            expect(units).toBe(wholeUnits)
          }
          units = 0
          const found = outcome(() => files.place(text, to))
          // a slash behind what is no folder only place() refuses
          if (text.endsWith('/') && found instanceof SyscallFailure && !(whole instanceof SyscallFailure)) continue
          expect(found).toEqual(whole)
          if ('node' in (found as Place)) expect((found as Place).node).toBe((whole as Place).node)
          expect(units).toBe(wholeUnits)
        }
      }
    }),
    { numRuns: 300 },
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
  const files = overSite(base, { ownedBytesMax: 1000, madeNodesMax: 3 })
  const file = files.create(files.place('/site/x'), 0o644, 1)
  expect(() => files.resize(file, 1001)).toThrow(expect.objectContaining({ errno: 51 }))
  files.resize(file, 1000)
  expect(() => files.write(files.create(files.place('/site/y'), 0o644, 1), utf8('z'), 0, 1)).toThrow(expect.objectContaining({ errno: 51 }))
  files.resize(file, 0)
  files.create(files.place('/site/z'), 0o644, 1)
  expect(() => files.create(files.place('/site/w'), 0o644, 1)).toThrow(expect.objectContaining({ errno: 51 }))
})

test('an open file stays itself when its name goes to another', () => {
  const files = overSite(base)
  const [old, other] = [files.get('/site/a'), files.get('/site/b/a')]
  files.rename('/site/b/a', '/site/a', 1)
  expect(files.get('/site/a')).toBe(other)
  expect(other.inode).not.toBe(old.inode)
  expect(textOf(bytesOf((other as OverlayFile).content.settle()))).toBe('two')
})

test('what nothing leads to any more is given back: the share of a deleted file, when the last descriptor closes; its place at once', () => {
  const files = overSite(base, { ownedBytesMax: 1000, madeNodesMax: 3 })
  for (let i = 0; i < 10; i++) {
    const file = files.create(files.place(`/site/x${i}`), 0o644, 1)
    files.opened(file)
    files.write(file, new Uint8Array(1000), 0, 1)
    files.unlink(`/site/x${i}`, 1)
    const next = files.create(files.place('/site/y'), 0o644, 1)
    expect(() => files.write(next, utf8('z'), 0, 1)).toThrow(expect.objectContaining({ errno: 51 }))
    files.closed(file)
    files.write(next, utf8('z'), 0, 1)
    files.rename('/site/y', '/site/a', 1)
    files.unlink('/site/a', 1)
  }
})

test('whether a folder is empty is known without a look through it', () => {
  const files = overSite(treeOf(filesOf({ 'full/a': '', 'full/b': '', 'other/a': '' })))
  const full = files.get('/site/full') as OverlayDirectory
  files.create(files.place('/site/full/c'), 0o644, 1)
  files.unlink('/site/full/a', 1)
  let looks = 0
  for (const names of [full.children, full.base?.entries as Map<string, unknown>])
    for (const way of ['keys', 'values', 'entries', 'forEach', Symbol.iterator] as const)
      Object.defineProperty(names, way, {
        value: (...args: never[]) => {
          looks++
          return (Map.prototype[way] as (...args: never[]) => unknown).apply(names, args)
        },
      })
  expect(() => files.removeDirectory('/site/full', 1)).toThrow(expect.objectContaining({ errno: 55 }))
  expect(() => files.rename('/site/other', '/site/full', 1)).toThrow(expect.objectContaining({ errno: 55 }))
  files.unlink('/site/full/b', 1)
  expect(() => files.removeDirectory('/site/full', 1)).toThrow(expect.objectContaining({ errno: 55 }))
  files.unlink('/site/full/c', 1)
  files.rename('/site/other', '/site/full', 1)
  expect(looks).toBe(0)
  expect(namesIn(files.get('/site/full') as OverlayDirectory)).toEqual(['a'])
})
