import { createHash } from 'node:crypto'
import { ftruncateSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bytesOf, FILE_PAGE_BYTES, type Page, type Pages } from '../src/file-pages.js'
import { PIECE_BYTES } from '../src/file-pieces.js'
import { deriveTree, findNode, type TreeDirectory, type TreeFile, treeOf } from '../src/file-tree.js'
import type { FileEntry, FileStream } from '../src/files.js'
import { contentTagOf, pieceDigestsOf, wholeDigestOf } from '../src/node/content-hash.js'
import { type FilePage, PageFile } from '../src/node/page-file.js'
import { received, SiteMemory } from '../src/node/site-memory.js'
import { memoryOf } from '../src/tree-memory.js'

const PAGE = FILE_PAGE_BYTES
let folder: string
let pages: PageFile
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'site-memory-'))
  pages = new PageFile(folder)
})
afterEach(() => {
  pages.close()
  rmSync(folder, { recursive: true })
})

/** No page of it like another. */
const content = (length: number, salt = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i + (i >> 16) * 7 + salt) & 255)
const entry = (path: string, bytes: Uint8Array): FileEntry => ({ path, mode: 0o644, mtimeS: 1, bytes })
const stream = (path: string, bytes: Uint8Array, pieceBytes: number, size = bytes.length): FileStream => ({
  ...{ path, mode: 0o644, mtimeS: 1, size },
  *read() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  },
})
const isStored = ({ pages }: Pages) => pages.every((page) => !(page instanceof Uint8Array))
const at = (tree: TreeDirectory, path: string) => findNode(tree, path) as Pages

test('the smallest files stay in memory, the others are read from the disk, and a tree holds what it was given', async () => {
  const memory = new SiteMemory(pages, 3 * PAGE)
  const large = content(5 * PAGE + 17)
  const taken = await memory.take([
    stream('large', large, 1000),
    entry('a', content(PAGE, 3)),
    entry('empty', new Uint8Array()),
    entry('b', content(PAGE + 1, 9)),
  ])
  expect(taken.map(({ path }) => path)).toEqual(['large', 'a', 'empty', 'b'])
  expect(taken.filter(isStored).map(({ path }) => path)).toEqual(['large', 'empty'])
  const tree = treeOf(taken)
  expect(Buffer.compare(bytesOf(at(tree, 'large')), large)).toBe(0)
  expect(Buffer.compare(bytesOf(at(tree, 'b')), content(PAGE + 1, 9))).toBe(0)
  expect(memoryOf(tree)).toBe(2 * PAGE + 1)
  expect(pages.bytes).toBe(6 * PAGE)
})

const UNREAD: Page = {
  length: PAGE,
  read: () => {
    throw new Error('nobody has to read this page')
  },
}

test('a file that is served in pieces is hashed as it passes, and its first visitor finds the digests; after a change only what it touched is read', async () => {
  const sizes = [PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 2 * PIECE_BYTES + 70_000]
  const contents = sizes.map((size) => content(size))
  const taken = await new SiteMemory(pages, 2 * PIECE_BYTES).take(contents.map((bytes, i) => stream(`f${i}`, bytes, 100_000)))
  expect(taken.map(({ digests }) => digests !== undefined)).toEqual([false, true, true, true])
  const tree = received(treeOf(taken))
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const expected = (bytes: Uint8Array) => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, i) =>
      bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
    )
    return { whole: sha256(bytes), pieces: pieces.map(sha256).join('') }
  }
  const found = (file: TreeFile) => ({ whole: hex(wholeDigestOf(file)), pieces: hex(pieceDigestsOf(file)) })
  for (const [i, bytes] of contents.entries()) {
    const file = findNode(tree, `f${i}`) as TreeFile
    expect(found(file)).toEqual(expected(bytes))
    // nothing is read for it
    if (file.digests !== undefined) expect(found({ ...file, pages: [] })).toEqual(expected(bytes))
  }
  const part = { at: PIECE_BYTES + 5, bytes: Uint8Array.of(1, 2, 3) }
  const pieceOf = (file: TreeFile, index: number) => file.pages.slice(index * 16, (index + 1) * 16)
  const changed = deriveTree(tree, [{ type: 'patch', path: 'f3', mode: 0o644, mtimeS: 2, size: sizes[3] as number, parts: [part] }])
  const now = (contents[3] as Uint8Array).slice()
  now.set(part.bytes, part.at)
  const after = findNode(changed, 'f3') as TreeFile
  const touched = { ...after, pages: [...Array<Page>(16).fill(UNREAD), ...pieceOf(after, 1), ...pieceOf(after, 2).fill(UNREAD)] }
  expect(hex(pieceDigestsOf(touched))).toBe(expected(now).pieces)
  expect(hex(contentTagOf({ ...after, pages: [] }))).toBe(sha256(pieceDigestsOf(after)))
  expect(found(after)).toEqual(expected(now))
  // what was found stays found, and what is cut off or put behind it is not
  const shorter = deriveTree(changed, [{ type: 'patch', path: 'f3', mode: 0o644, mtimeS: 3, size: PIECE_BYTES + 9, parts: [] }])
  const cut = findNode(shorter, 'f3') as TreeFile
  expect(hex(pieceDigestsOf({ ...cut, pages: [...Array<Page>(16).fill(UNREAD), ...pieceOf(cut, 1)] }))).toBe(
    expected(now.subarray(0, PIECE_BYTES + 9)).pieces,
  )
  const grown = deriveTree(shorter, [{ type: 'patch', path: 'f3', mode: 0o644, mtimeS: 4, size: 3 * PIECE_BYTES, parts: [] }])
  const zeros = new Uint8Array(3 * PIECE_BYTES)
  zeros.set(now.subarray(0, PIECE_BYTES + 9))
  expect(found(findNode(grown, 'f3') as TreeFile)).toEqual(expected(zeros))
})

test.each([1, 7, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])('pieces of %i bytes make the same pages', async (pieceBytes) => {
  const bytes = content(2 * PAGE + 100)
  const [file] = await new SiteMemory(pages, 0).take([stream('f', bytes, pieceBytes)])
  expect(file?.pages.map(({ length }) => length)).toEqual([PAGE, PAGE, 100])
  expect(Buffer.compare(bytesOf(file as Pages), bytes)).toBe(0)
})

test.each([
  ['shorter than it says', stream('f', content(10), 4, 11)],
  ['longer', stream('f', content(10), 4, 9)],
  ['of no size', stream('f', content(10), 4, Number.NaN)],
  ['too long', stream('f', new Uint8Array(), 1, 2 ** 31)],
])('a file that is %s is refused', async (_, file) => {
  await expect(new SiteMemory(pages, 0).take([file])).rejects.toMatchObject({ code: 'FILE_INVALID', failure: { path: 'f' } })
})

test('one content is written once, wherever a site has it', async () => {
  const zeros = new Uint8Array(8 * PAGE)
  await new SiteMemory(pages, 0).take([entry('a', zeros), entry('b', zeros), entry('c', zeros.subarray(0, PAGE))])
  expect(pages.bytes).toBe(PAGE)
})

test('what changes pile up in memory goes to the disk once it is too much, the largest first', async () => {
  const memory = new SiteMemory(pages, 8 * PAGE)
  let tree = treeOf(await memory.take([entry('db', content(20 * PAGE)), entry('small', content(PAGE, 5))]))
  const before = pages.bytes
  const expected = content(20 * PAGE)
  for (let page = 0; page < 8; page++) {
    const bytes = content(PAGE, 50 + page)
    expected.set(bytes, page * PAGE)
    const parts = [{ at: page * PAGE, bytes }]
    const derived = deriveTree(tree, [{ type: 'patch', path: 'db', mode: 0o644, mtimeS: 2, size: 20 * PAGE, parts }])
    tree = await memory.relieve(derived)
    expect(tree === derived).toBe(page < 7)
  }
  expect(isStored(at(tree, 'db'))).toBe(true)
  expect(isStored(at(tree, 'small'))).toBe(false)
  expect(pages.bytes - before).toBe(8 * PAGE)
  expect(Buffer.compare(bytesOf(at(tree, 'db')), expected)).toBe(0)
})

test('another thread reads the same', async () => {
  const tree = treeOf(await new SiteMemory(pages, PAGE).take([entry('deep/large', content(3 * PAGE)), entry('small', content(9))]))
  const other = received(structuredClone(tree))
  expect(Buffer.compare(bytesOf(at(other, 'deep/large')), content(3 * PAGE))).toBe(0)
  expect(isStored(at(other, 'deep/large'))).toBe(true)
  expect(Buffer.compare(bytesOf(at(other, 'small')), content(9))).toBe(0)
})

/** In a function of its own, of which nothing is left when it has ended. */
async function forgotten(memory: SiteMemory): Promise<void> {
  await memory.take([entry('gone', content(4 * PAGE, 2))])
}

test('a place in the file is used again once nothing names its page, and not before; nothing shows in the folder', async () => {
  const memory = new SiteMemory(pages, 0)
  const kept = await memory.take([entry('kept', content(2 * PAGE, 1))])
  await forgotten(memory)
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  // collection comes when it comes: what finds no place yet makes the file longer, and is forgotten in its turn
  const findsPlace = async () => {
    gc()
    const before = pages.bytes
    await forgotten(memory)
    return pages.bytes === before
  }
  await expect.poll(findsPlace, { interval: 10 }).toBe(true)
  expect(Buffer.compare(bytesOf(kept[0] as Pages), content(2 * PAGE, 1))).toBe(0)
  expect(readdirSync(folder)).toEqual([])
})

test('a disk that takes nothing is said so', async () => {
  const nowhere = new PageFile(join(folder, 'is', 'no'.repeat(200)))
  await expect(new SiteMemory(nowhere, 0).take([entry('f', content(9))])).rejects.toMatchObject({ code: 'PAGE_UNWRITTEN' })
})

test('once it is closed nothing is written: what a site that is still being read would make anew nobody closes', async () => {
  const memory = new SiteMemory(pages, 0)
  const read = memory.take([entry('large', content(80 * PAGE)), entry('last', content(9))])
  pages.close()
  await expect(read).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' })
  await expect(memory.take([entry('f', content(9))])).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' })
})

test('a page that cannot be read is said so', async () => {
  const [file] = await new SiteMemory(pages, 0).take([entry('f', content(PAGE, 77))])
  const page = file?.pages[0] as FilePage
  ftruncateSync(page.descriptor, 9)
  expect(() => bytesOf(file as Pages)).toThrow(expect.objectContaining({ code: 'PAGE_UNREAD' }))
})

test('others work while very many small files are read', async () => {
  let turns = 0
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  await new SiteMemory(pages, PAGE).take(Array.from({ length: 5000 }, (_, i) => entry(`${i}`, content(1))))
  clearImmediate(next)
  expect(turns).toBeGreaterThanOrEqual(4)
})
