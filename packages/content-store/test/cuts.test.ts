import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { chunkCount, chunkStart } from '../src/chunks.js'
import { applyChanges, buildTree, CHUNK_BYTES, LARGE_CHUNK_BYTES, readFile } from '../src/index.js'
import { cutsOf } from './tree-rule.js'
import { database, fileAt, getFrom, noise, whole, writeAt } from './trees.js'

/** What a change of one file costs: blocks and bytes that the tree before did not have. */
function costOf(path: string, before: Uint8Array, after: Uint8Array): { blocks: number; bytes: number } {
  const tree = buildTree([fileAt(path, before), fileAt('index.php')])
  const { root, blocks } = whole(applyChanges(getFrom(tree), tree.root, [writeAt(path, after)]))
  expect(root).toBe(buildTree([fileAt(path, after), fileAt('index.php')]).root)
  return { blocks: blocks.length, bytes: blocks.reduce((sum, { bytes }) => sum + bytes.length, 0) }
}

test('one page of a 50 MB database is 5 blocks, 77 kB', () => {
  const before = database(50_000_000)
  const after = before.slice()
  after.set(noise(4096, 7), 20_000 * 1024)
  const { blocks, bytes } = costOf('data/wiki.sqlite', before, after)
  expect(blocks).toBe(5) // the chunk, two lists, data, the top
  expect(bytes).toBeLessThan(77_500)
})

test('one row of a real database of 50 MB is at most 6 chunks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-cuts-'))
  const file = join(folder, 'wiki.sqlite')
  const db = new DatabaseSync(file)
  try {
    db.exec('pragma synchronous = off; create table revision (id integer primary key, page int, at text, body text)')
    db.exec('create index by_page on revision (page, at)')
    const insert = db.prepare('insert into revision (page, at, body) values (?, ?, ?)')
    db.exec('begin')
    for (let i = 0; i < 15_600; i++) insert.run(i * 7919, `${i}`, `${i} `.repeat(550))
    db.exec('commit')
    const before = readFileSync(file)
    expect(before.length).toBeGreaterThan(50_000_000)
    insert.run(77, 'now', 'a new revision '.repeat(200))
    const { blocks, bytes } = costOf('data/wiki.sqlite', before, readFileSync(file))
    expect(blocks).toBeLessThanOrEqual(6 + 6) // and as many lists, above them the top list and two directories
    expect(bytes).toBeLessThan(6 * CHUNK_BYTES + 60_000)
  } finally {
    db.close()
    rmSync(folder, { recursive: true })
  }
})

test('a line at the end of a long log is one small chunk', () => {
  const before = noise(5_300_000)
  const after = new Uint8Array(before.length + 100)
  after.set(before)
  after.set(noise(100, 5), before.length)
  const { blocks, bytes } = costOf('data/log', before, after)
  expect(blocks).toBe(4) // the chunk, the list, data, the top
  expect(bytes).toBeLessThan(CHUNK_BYTES + 1000)
})

test('a file is cut the same however it came to be so large', () => {
  const end = database(3 * LARGE_CHUNK_BYTES + 5)
  let tree = buildTree([fileAt('f', '')])
  const blocks = new Map(tree.blocks.map(({ cid, bytes }) => [cid, bytes]))
  // small, large, no longer a database, one again
  for (const bytes of [end.subarray(0, 15), end.subarray(0, 16), end.subarray(0, 70_000), end.subarray(1), end]) {
    tree = whole(applyChanges((cid) => blocks.get(cid), tree.root, [writeAt('f', bytes)]))
    for (const block of tree.blocks) blocks.set(block.cid, block.bytes)
    expect(tree.root).toBe(buildTree([fileAt('f', bytes)]).root)
    const read = whole(readFile((cid) => blocks.get(cid), tree.root, 'f')).file?.bytes
    expect(Buffer.compare(read ?? new Uint8Array(), bytes)).toBe(0)
  }
})

test.each([false, true])('chunks follow one another without a gap (paged: %s)', (paged) => {
  const [small, large] = [CHUNK_BYTES, LARGE_CHUNK_BYTES]
  for (const size of [
    0,
    1,
    small - 1,
    small,
    small + 1,
    large - 1,
    large,
    large + 1,
    large + small,
    300 * large + 3 * small + 1,
    2 ** 32,
  ]) {
    const shape = { size, paged }
    const lengths = cutsOf(size, paged)
    expect(chunkCount(shape)).toBe(lengths.length)
    let at = 0
    for (const [i, length] of lengths.entries()) {
      if (chunkStart(shape, i) !== at) expect([i, chunkStart(shape, i)]).toEqual([i, at])
      at += length
    }
    expect(chunkStart(shape, lengths.length)).toBe(size)
  }
})
