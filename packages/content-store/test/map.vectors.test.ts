import { parseContentId } from '@interpeer/crypto-ids'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { checkAt, checkEntry, type GetBlock, type MapRoot, type Proven, readRange, readTotal } from '../src/index.js'
import mapCases from '../vectors/map.json' with { type: 'json' }
import blockCases from '../vectors/map-blocks.json' with { type: 'json' }
import proofCases from '../vectors/map-proofs.json' with { type: 'json' }
import { blockVectors } from './map-block-cases.js'
import { entryOf, mapVectors } from './map-cases.js'
import { Shelf } from './map-model.js'
import { proofVectors } from './map-proof-cases.js'
import { coded, whole } from './trees.js'

test.each([
  ['map', mapVectors],
  ['map-blocks', blockVectors],
  ['map-proofs', proofVectors],
])('vectors/%s.json holds what the rules of content-store.cddl give', async (name, vectors) => {
  await expect(`${JSON.stringify(vectors(), null, 2)}\n`).toMatchFileSnapshot(`../vectors/${name}.json`)
})

const rootOf = ({ root, block }: { readonly root: string; readonly block: string | null }): MapRoot => ({
  hash: bytesOfHex(root),
  block: block === null ? null : parseContentId(block),
})
const getFrom = (blocks: readonly { readonly cid: string; readonly bytes: string }[]): GetBlock => {
  const byCid = new Map(blocks.map(({ cid, bytes }) => [cid, bytesOfHex(bytes)]))
  return (cid) => byCid.get(cid)
}

test.each(mapCases)('a map: $name', ({ entries, blocks, total, ...root }) => {
  const shelf = new Shelf()
  shelf.put(entries.map(entryOf))
  expect(shelf.root).toEqual(rootOf(root))
  expect(whole(readTotal(shelf.get, shelf.root)).total).toBe(BigInt(total))
  expect(new Set(shelf.blocks.keys())).toEqual(new Set(blocks.map(({ cid }) => cid)))
  for (const { cid, bytes } of blocks) if (bytes !== null) expect(hexOf(shelf.blocks.get(cid) as Uint8Array)).toBe(bytes)
})

test.each(blockCases)('a block: $name: $expect', ({ expect: code, blocks, ...root }) => {
  const read = () => whole(readRange(getFrom(blocks), rootOf(root)))
  if (code === 'ok') expect(read().entries.length).toBeGreaterThan(0)
  else expect(read).toThrow(coded(code))
  // What is wrong with one block shows as soon as it is opened.
  if (code !== 'ok' && blocks.length === 1) expect(() => readTotal(getFrom(blocks), rootOf(root))).toThrow(coded(code))
})

test.each(proofCases)('a proof: $name: $expect', ({ expect: code, root, ask, proof, shows }) => {
  const check = (): Proven =>
    'key' in ask && ask.key !== undefined
      ? checkEntry(bytesOfHex(root), bytesOfHex(ask.key), bytesOfHex(proof))
      : checkAt(bytesOfHex(root), BigInt(ask.unit as string), bytesOfHex(proof))
  if (code !== 'ok') return expect(check).toThrow(coded(code))
  const { entry, total } = check()
  const { key, value, sum, before } = entry ?? {}
  const text = (bytes: Uint8Array | undefined) => bytes && hexOf(bytes)
  expect({ key: text(key), value: text(value), sum: sum?.toString(), before: before?.toString(), total: `${total}` }).toEqual({
    ...{ key: undefined, value: undefined, sum: undefined, before: undefined },
    ...shows,
  })
})
