import { contentIdOfBytes, parseContentId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { emptyMap, type GetBlock, type MapRoot, readEntry, readTotal } from '../src/index.js'
import { blockVectors } from './map-block-cases.js'
import { key, Shelf } from './map-model.js'
import { bytesOfHexes, ruleApart, ruleLeaf } from './map-rule.js'
import { coded } from './trees.js'

const found = (name: string): { readonly root: MapRoot; readonly get: GetBlock } => {
  const { root, block, blocks } = blockVectors().find((one) => one.name === name) as ReturnType<typeof blockVectors>[number]
  const byCid = new Map(blocks.map(({ cid, bytes }) => [cid, Uint8Array.from(bytesOfHexes(bytes))]))
  return { root: { hash: Uint8Array.from(bytesOfHexes(root)), block: parseContentId(block) }, get: (cid) => byCid.get(cid) }
}

test('one key is enough to see that blocks do not fit together, where its way crosses the fault', () => {
  const wrongSide = found('a block with keys on the wrong side')
  expect(() => readEntry(wrongSide.get, wrongSide.root, key('a00'))).toThrow(coded('MAP_MALFORMED'))
  const disorder = found('a block with bits that do not grow')
  expect(() => readEntry(disorder.get, disorder.root, key('a01'))).toThrow(coded('MAP_MALFORMED'))
})

test('a root is no map if its hash and its block do not belong together', () => {
  const shelf = new Shelf()
  shelf.put([{ key: key('a'), value: key('1') }])
  const { hash, block } = shelf.root
  expect(() => readTotal(shelf.get, { hash, block: null })).toThrow(coded('MAP_MALFORMED'))
  expect(() => readTotal(shelf.get, { hash: emptyMap().hash, block })).toThrow(coded('MAP_MALFORMED'))
  expect(() => readTotal(shelf.get, { hash: hash.subarray(1), block })).toThrow(coded('MAP_MALFORMED'))
})

test('a value block beyond 1 MiB is none of a map', () => {
  const leaf = ruleLeaf({ key: key('a'), value: new Uint8Array(1024 * 1024 + 1), sum: 0n })
  const stored = ruleApart(leaf)
  const root = { hash: Uint8Array.from(leaf.hash), block: contentIdOfBytes(stored.links[0] as Buffer) }
  const get: GetBlock = (cid) => stored.blocks.get(cid)
  expect(readTotal(get, root)).toEqual({ total: 0n })
  expect(() => readEntry(get, root, key('a'))).toThrow(coded('MAP_MALFORMED'))
})
