import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileChange } from '@interpeer/php-runtime-bridge'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { KeptChanges } from '../src/dev/kept-changes.js'
import { listingChanges } from '../src/folder/listing-changes.js'
import { putChanges } from '../src/folder/put-changes.js'
import { readFolder } from '../src/folder/read-folder.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-changes-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
let folder = ''
let folders = 0
beforeEach(() => {
  folder = join(work, String(folders++))
  mkdirSync(folder)
})
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const write = (path: string, text: string): FileChange => ({ type: 'write', path, mode: 0o644, mtimeS: 1_000, bytes: utf8(text) })
const at = (path: string): string => join(folder, path)
const textAt = (path: string): string => readFileSync(at(path), 'utf8')

test('what was done between two looks, done to a copy of the first, makes the second', async () => {
  const copy = join(work, String(folders++))
  const before: FileChange[] = [
    write('a/b', 'one'),
    write('a/c', 'two'),
    write('turns', 'file'),
    { type: 'symlink', path: 'l', target: 'a/b' },
  ]
  for (const one of [folder, copy]) putChanges(one, before)
  const first = await readFolder(folder)
  rmSync(at('a/b'))
  rmSync(at('turns'))
  mkdirSync(at('turns/into'), { recursive: true })
  writeFileSync(at('turns/into/folder'), 'three')
  writeFileSync(at('a/c'), 'changed')
  rmSync(at('l'))
  symlinkSync('a/c', at('l'))
  const second = await readFolder(folder)
  const changes = listingChanges(first.listing, second.listing, second.file)
  expect(changes.filter(({ type }) => type === 'delete').map(({ path }) => path)).toEqual(['a/b', 'turns'])
  putChanges(copy, changes)
  expect(listingChanges((await readFolder(copy)).listing, second.listing, second.file)).toEqual([])
})

test('a file that was only touched is no change', async () => {
  putChanges(folder, [write('a', 'same')])
  const before = await readFolder(folder)
  putChanges(folder, [{ ...write('a', 'same'), mtimeS: 2_000 } as FileChange])
  const after = await readFolder(folder)
  expect(after.root).not.toBe(before.root)
  expect(listingChanges(before.listing, after.listing, after.file)).toEqual([])
})

test('no change is written through a link, wherever it leads', () => {
  const outside = join(work, 'outside')
  mkdirSync(outside, { recursive: true })
  writeFileSync(join(outside, 'x'), 'not ours')
  symlinkSync(outside, at('out'))
  symlinkSync(join(outside, 'x'), at('file'))
  putChanges(folder, [write('out/x', 'ours'), write('file', 'ours'), { type: 'delete', path: 'none/x' }])
  symlinkSync(join(outside, 'x'), at('patched'))
  putChanges(folder, [{ type: 'patch', path: 'patched', mode: 0o644, mtimeS: 1, size: 3, parts: [{ at: 0, bytes: utf8('abc') }] }])
  symlinkSync(outside, at('gone'))
  putChanges(folder, [{ type: 'delete', path: 'gone/x' }])
  expect([readFileSync(join(outside, 'x'), 'utf8'), textAt('out/x'), textAt('file'), textAt('patched')]).toEqual([
    'not ours',
    'ours',
    'ours',
    'abc',
  ])
})

test('what scripts did is kept beside the folder, and forgotten where the folder itself was saved', async () => {
  const kept = join(work, String(folders++))
  writeFileSync(at('large'), 'abcdef')
  const first = new KeptChanges(folder, kept)
  first.put([
    { type: 'patch', path: 'large', mode: 0o600, mtimeS: 1, size: 6, parts: [{ at: 2, bytes: utf8('XY') }] },
    { type: 'delete', path: 'old' },
    { type: 'symlink', path: 'link', target: 'large' },
    write('new/file', 'made'),
  ])
  expect([readFileSync(join(kept, 'files/large'), 'utf8'), readlinkSync(join(kept, 'files/link')), textAt('large')]).toEqual([
    'abXYef',
    'large',
    'abcdef',
  ])
  const again = new KeptChanges(folder, kept)
  expect((await again.changes()).map(({ type, path }) => `${type} ${path}`)).toEqual([
    'delete old',
    'directory new',
    'symlink link',
    'write large',
    'write new/file',
  ])
  again.put([write('old', 'back'), { type: 'delete', path: 'new' }])
  again.forget([write('large', 'saved'), { type: 'delete', path: 'new' }])
  expect((await new KeptChanges(folder, kept).changes()).map(({ type, path }) => `${type} ${path}`)).toEqual(['symlink link', 'write old'])
  expect(existsSync(join(kept, 'files/large'))).toBe(false)
})

test('a folder that was saved takes nothing from what scripts wrote in it, and the place of what was no folder', async () => {
  const kept = join(work, String(folders++))
  const changes = new KeptChanges(folder, kept)
  changes.put([write('data/deep/page', 'written'), write('turns', 'file')])
  changes.forget([
    { type: 'directory', path: 'data', mode: 0o750 },
    { type: 'directory', path: 'data/deep', mode: 0o755 },
    { type: 'directory', path: 'turns', mode: 0o755 },
    { type: 'directory', path: 'turns/deep', mode: 0o755 },
  ])
  expect((await new KeptChanges(folder, kept).changes()).map(({ type, path }) => `${type} ${path}`)).toEqual([
    'directory data',
    'directory data/deep',
    'write data/deep/page',
  ])
  expect(statSync(join(kept, 'files/data')).mode & 0o777).toBe(0o750)
})

test('what is forgotten is forgotten where it lies, not where a link leads', () => {
  const kept = join(work, String(folders++))
  const changes = new KeptChanges(folder, kept)
  changes.put([write('pages/one', 'written'), { type: 'symlink', path: 'link', target: 'pages' }])
  changes.forget([write('link/one', 'saved')])
  expect(readFileSync(join(kept, 'files/pages/one'), 'utf8')).toBe('written')
})

test("what a write that was broken off left is in no later one's way, and one that fails leaves nothing", () => {
  writeFileSync(at(`.interpeer-${process.pid}`), 'half')
  putChanges(folder, [write('page', 'whole')])
  expect([textAt('page'), readdirSync(folder)]).toEqual(['whole', ['page']])
  expect(() => putChanges(folder, [{ ...write('other', 'whole'), mtimeS: Number.NaN } as FileChange])).toThrow('time')
  expect(readdirSync(folder)).toEqual(['page'])
})

test('what scripts removed stays removed when a folder that it lay in is saved, or another file of that', async () => {
  const kept = join(work, String(folders++))
  putChanges(
    folder,
    ['d/x', 'd/y', 'd/in/a', 'd/in/b', 'e/x'].map((path) => write(path, path)),
  )
  /** What there is after a restart. */
  const restarted = async (): Promise<string[]> => {
    const copy = join(work, String(folders++))
    const { files, directories } = (await readFolder(folder)).files()
    putChanges(copy, [
      ...directories.map((entry) => ({ type: 'directory', ...entry }) as const),
      ...files.map((entry) => ({ type: 'write', ...entry }) as const),
    ])
    putChanges(copy, await new KeptChanges(folder, kept).changes())
    const { listing } = await readFolder(copy)
    return [...listing.directories, ...listing.files].map(({ path }) => path).sort()
  }
  const changes = new KeptChanges(folder, kept)
  changes.put([
    { type: 'delete', path: 'd' },
    { type: 'delete', path: 'e' },
  ])
  expect(await restarted()).toEqual([])
  changes.forget([{ type: 'directory', path: 'd', mode: 0o750 }])
  expect(await restarted()).toEqual(['d'])
  putChanges(folder, [write('d/in/a', 'saved')])
  changes.forget([write('d/in/a', 'saved')])
  expect(await restarted()).toEqual(['d', 'd/in', 'd/in/a'])
  changes.put([write('d/y', 'made by a script'), { type: 'delete', path: 'd/in/a' }])
  changes.forget([{ type: 'directory', path: 'd', mode: 0o755 }])
  expect(await restarted()).toEqual(['d', 'd/in', 'd/y'])
  // what is gone from the folder itself too is nothing to remember
  rmSync(at('d'), { recursive: true })
  rmSync(at('e'), { recursive: true })
  changes.forget([
    { type: 'delete', path: 'd' },
    { type: 'delete', path: 'e' },
  ])
  expect(readFileSync(join(kept, 'deleted.json'), 'utf8')).toBe('[]')
})
