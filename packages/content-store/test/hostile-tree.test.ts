import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { encodeCbor, Link } from '@interpeer/wire-codec'
import { describe, expect, test, vi } from 'vitest'
import {
  applyChanges,
  type Block,
  blockOf,
  buildTree,
  type GetBlock,
  linksOf,
  listTree,
  missingBlocks,
  reachableBlocks,
  readFile,
  readTree,
} from '../src/index.js'
import { sealBlock, type TreeBlock, type TreeEntry } from '../src/tree-blocks.js'
import { bytesOf, coded, fileAt, getFrom, holding, noise, whole, writeAt } from './trees.js'

const chunk = blockOf(bytesOf('content'), 'raw')
const emptyLeaf = sealBlock({ type: 'leaf', entries: [] })
const file = (name: string, more: Partial<TreeEntry & { type: 'file' }> = {}): TreeEntry => ({
  ...{ type: 'file', name, mode: 0o644, mtimeS: 0, size: 7, paged: false, content: bytesOfContentId(chunk.cid) },
  ...more,
})
const directory = (name: string, node: Block, mode = 0o755): TreeEntry => ({
  type: 'directory',
  name,
  mode,
  node: bytesOfContentId(node.cid),
})
const leaf = (...entries: TreeEntry[]): TreeBlock => ({ type: 'leaf', entries })
const fan = (...children: (TreeBlock & { type: 'fan' })['children']): TreeBlock => ({ type: 'fan', children })
const child = (node: Block, count: number) => ({ count, node: bytesOfContentId(node.cid) })
const nones = (count: number): null[] => Array.from({ length: count }, () => null)

const large = buildTree(Array.from({ length: 300 }, (_, i) => fileAt(`f${i}`, 'content')))
const largeBlocks = large.blocks
const fanBlock = largeBlocks.at(-1) as Block
const part = (digit: number) => {
  const links = linksOf(fanBlock.cid, fanBlock.bytes)
  return largeBlocks.find(({ cid }) => cid === links[digit]) as Block
}

type Case = readonly [name: string, top: TreeBlock | Block, ...more: Block[]]
const hostile: readonly Case[] = [
  ['names out of order', leaf(file('b'), file('a'))],
  ['a name twice', leaf(file('a'), file('a'))],
  ['an empty name', leaf(file(''))],
  ['the name ..', leaf(file('..'))],
  ['a slash in a name', leaf(file('a/b'))],
  ['a NUL in a name', leaf(file('a\0'))],
  ['a mode with type bits', leaf(file('a', { mode: 0o100644 }))],
  ['a directory mode with type bits', leaf(directory('a', emptyLeaf, 0o40755)), emptyLeaf],
  ['content without a size', leaf(file('a', { size: 0 }))],
  ['a size without content', leaf(file('a', { content: null }))],
  ['a file too large', leaf(file('a', { size: 2 ** 32 + 1 }))],
  ['a chunk that is shorter than the size', leaf(file('a', { size: 8 }))],
  ['a chunk that is longer than the size', leaf(file('a', { size: 6 }))],
  ['a raw block where chunks are due', leaf(file('a', { size: 70_000 }))],
  ['a directory where a chunk is due', leaf(file('a', { content: bytesOfContentId(emptyLeaf.cid) }))],
  ['a directory where chunks are due', leaf(file('a', { size: 70_000, content: bytesOfContentId(emptyLeaf.cid) })), emptyLeaf],
  ['a raw block where a directory is due', leaf(directory('a', chunk))],
  ['chunks where a directory is due', { type: 'chunks', parts: [] }],
  [
    'too few parts',
    leaf(file('a', { size: 200_000, content: bytesOfContentId(sealBlock({ type: 'chunks', parts: [] }).cid) })),
    sealBlock({ type: 'chunks', parts: [] }),
  ],
  ['a fan that fits a leaf', fan(child(emptyLeaf, 3), ...nones(15)), emptyLeaf],
  ['a fan of 15', fan(...nones(15))],
  ['an empty part', fan(child(emptyLeaf, 0), child(emptyLeaf, 300), ...nones(14)), emptyLeaf],
  ['a count that is not so', fan(child(part(0), 300), ...nones(15)), part(0)],
  ['names in the wrong place', fan(null, child(part(0), 300), ...nones(14)), part(0)],
  ['not a tree at all', blockOf(encodeCbor(['hello']), 'dag-cbor')],
  ['not CBOR at all', blockOf(bytesOf('hello'), 'dag-cbor')],
  ['a link to another kind of hash', blockOf(encodeCbor([0, [[1, 'a', 0, new Link(new Uint8Array(36).fill(1))]]]), 'dag-cbor')],
]

describe('a hostile tree', () => {
  test.each(hostile.map(([name, top, ...more]) => ({ name, top, more })))('$name', async ({ top, more }) => {
    const root = 'cid' in top ? top : sealBlock(top)
    const { get } = await holding({ blocks: [chunk, root, ...more] })
    expect(() => readTree(get, root.cid)).toThrow(coded('TREE_MALFORMED'))
    for (const walk of [listTree, missingBlocks, reachableBlocks]) {
      try {
        walk(get, root.cid)
      } catch (error) {
        expect(error).toHaveProperty('name', 'ContentStoreError')
      }
    }
  })

  test('a raw block as the root', async () => {
    const { get } = await holding({ blocks: [chunk] })
    expect(() => readTree(get, chunk.cid)).toThrow(coded('TREE_MALFORMED'))
    expect(() => applyChanges(get, chunk.cid, [writeAt('a')])).toThrow(coded('TREE_MALFORMED'))
  })

  test('too deep: 33 directories, or a path of over 1,024 bytes', async () => {
    for (const [name, depth] of [
      ['d', 33],
      ['d'.repeat(250), 5],
    ] as const) {
      const blocks = [emptyLeaf]
      for (let i = 0; i < depth; i++) blocks.push(sealBlock(leaf(directory(name, blocks.at(-1) as Block))))
      const { get } = await holding({ blocks })
      expect(() => readTree(get, blocks.at(-1)?.cid as ContentId)).toThrow(coded('TREE_MALFORMED'))
    }
  })

  test('a bomb: 30 levels of 100 links to the same directory are 10^60 entries in 31 blocks', async () => {
    const blocks = [emptyLeaf]
    const names = Array.from({ length: 100 }, (_, i) => `d${String(i).padStart(2, '0')}`)
    for (let i = 0; i < 30; i++) blocks.push(sealBlock(leaf(...names.map((name) => directory(name, blocks.at(-1) as Block)))))
    const { get } = await holding({ blocks })
    const root = blocks.at(-1)?.cid as ContentId
    expect(() => listTree(get, root)).toThrow(coded('TREE_TOO_LARGE'))
    expect(() => readTree(get, root, { maxEntries: 50 })).toThrow(coded('TREE_TOO_LARGE'))
    expect(missingBlocks(get, root)).toEqual([])
    expect(reachableBlocks(get, root)).toHaveProperty('blocks.length', 31)
    expect(whole(applyChanges(get, root, [writeAt('d00/d00/x')])).blocks).toHaveLength(4)
  })

  test('a bomb: fans that promise 10^9 entries and more, each of 16 times the same part, over a leaf that is missing', async () => {
    const blocks = [sealBlock(leaf(file('missing')))]
    let count = 17
    for (let i = 0; i < 7; i++) {
      blocks.push(sealBlock(fan(...Array.from({ length: 16 }, () => child(blocks.at(-1) as Block, count)))))
      count *= 16
    }
    const { get } = await holding({ blocks: blocks.slice(1) })
    const root = blocks.at(-1)?.cid as ContentId
    let got = 0
    const counting: GetBlock = (cid) => {
      if (++got > 1000) throw new Error('more than 1,000 reads')
      return get(cid)
    }
    for (const walk of [listTree, readTree]) {
      got = 0
      expect(() => walk(counting, root, { maxEntries: 1e9 })).toThrow(coded('TREE_TOO_LARGE'))
      expect(got).toBe(1)
      got = 0
      expect(walk(counting, root, { maxEntries: Number.POSITIVE_INFINITY })).toEqual({ missing: [blocks[0]?.cid] })
      expect(got).toBe(8)
    }
  })

  test('limits of entries are met exactly where a directory is a fan', () => {
    const both = buildTree(Array.from({ length: 600 }, (_, i) => fileAt(`${i < 300 ? 'a' : 'b'}/f${i}`)))
    expect(whole(listTree(getFrom(both), both.root, { maxEntries: 602 })).files).toHaveLength(600)
    expect(() => listTree(getFrom(both), both.root, { maxEntries: 601 })).toThrow(coded('TREE_TOO_LARGE'))
  })

  test('a bomb: one chunk 4,096 times is 4 GiB', async () => {
    const full = blockOf(noise(2 ** 20), 'raw')
    const list = sealBlock({ type: 'chunks', parts: Array.from({ length: 256 }, () => bytesOfContentId(full.cid)) })
    const lists = sealBlock({ type: 'chunks', parts: Array.from({ length: 16 }, () => bytesOfContentId(list.cid)) })
    const root = sealBlock(leaf(file('bomb', { size: 2 ** 32, content: bytesOfContentId(lists.cid) })))
    const { get } = await holding({ blocks: [full, list, lists, root] })
    expect(() => readTree(get, root.cid)).toThrow(coded('TREE_TOO_LARGE'))
    expect(() => readFile(get, root.cid, 'bomb')).toThrow(coded('TREE_TOO_LARGE'))
    expect(whole(listTree(get, root.cid)).files).toHaveLength(1)
  })

  test('links: every tag 42 anywhere, none in raw blocks; nonsense is refused', () => {
    const link = new Link(bytesOfContentId(chunk.cid))
    const record = blockOf(encodeCbor([1, [null, [link, 'x']], link, new Link(bytesOfContentId(emptyLeaf.cid))]), 'dag-cbor')
    expect(linksOf(record.cid, record.bytes)).toEqual([chunk.cid, emptyLeaf.cid])
    expect(linksOf(chunk.cid, record.bytes)).toEqual([])
    const nonsense = blockOf(bytesOf('nonsense'), 'dag-cbor')
    expect(() => linksOf(nonsense.cid, nonsense.bytes)).toThrow(coded('BLOCK_MALFORMED'))
  })

  test('links: the largest state of a group is walked, a block of more than 65,536 items is refused before they are there', () => {
    const link = new Link(bytesOfContentId(chunk.cid))
    const state = [link, Array.from({ length: 8_192 }, (_, i) => [new Uint8Array(16), i, link])]
    const largest = blockOf(encodeCbor(state), 'dag-cbor')
    expect(linksOf(largest.cid, largest.bytes)).toEqual([chunk.cid])
    const full = (count: number) => blockOf(encodeCbor([Array.from({ length: count }, () => Uint8Array.of(0))]), 'dag-cbor')
    const [most, more] = [full(65_534), full(65_535)]
    expect(linksOf(most.cid, most.bytes)).toEqual([])
    const made = vi.spyOn(Uint8Array.prototype, 'slice')
    try {
      expect(() => linksOf(more.cid, more.bytes)).toThrow(coded('BLOCK_MALFORMED'))
      expect(made).not.toHaveBeenCalled()
    } finally {
      made.mockRestore()
    }
  })

  test('the honest tree these are made from is fine', () => {
    expect(whole(readTree(getFrom(large), large.root)).files).toHaveLength(300)
  })
})
