import { contentIdOf } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMapCache, editHeldMap, emptyHeldMap, type HeldMap, type MapEdit, proveEntry, readHeldMap, readRange } from '../src/index.js'
import { hex, key } from './map-model.js'
import { type Entry, naiveBlocks, naiveRoot } from './map-rule.js'
import { noise } from './trees.js'

// Few long values, so that entries share them; enough keys, so that there are several blocks.
const anyEdit: fc.Arbitrary<MapEdit> = fc
  .record({ at: fc.nat(150), value: fc.oneof(fc.nat(40), fc.integer({ min: 511, max: 515 }), fc.constant(600)), put: fc.nat(9) })
  .map(({ at, value, put }): MapEdit => {
    const key = noise(1 + (at % 40), at)
    return put > 2 ? { type: 'put', key, value: noise(value), sum: BigInt(value * at) } : { type: 'delete', key }
  })
const anyBatches = fc.array(fc.array(anyEdit, { maxLength: 60 }), { maxLength: 8 })

function expectExactly(map: HeldMap, model: ReadonlyMap<string, Entry>): void {
  const entries = [...model.values()].sort((a, b) => Buffer.compare(a.key, b.key))
  expect(hex(map.root.hash)).toBe(naiveRoot(entries).toString('hex'))
  const wanted = new Map([...naiveBlocks(entries)].map(([cid, bytes]) => [cid, bytes.toString('hex')]))
  expect(new Map([...map.blocks].map(([cid, bytes]) => [cid, hex(bytes)]))).toEqual(wanted)
  const counts = new Map<string, number>()
  for (const { value } of entries) {
    const cid = contentIdOf(value, 'raw')
    if (value.length > 512) counts.set(cid, (counts.get(cid) ?? 0) + 1)
  }
  expect(map.shared).toEqual(new Map([...counts].filter(([, count]) => count > 1)))
}
function modelAfter(before: ReadonlyMap<string, Entry>, edits: readonly MapEdit[]): ReadonlyMap<string, Entry> {
  const model = new Map(before)
  for (const edit of edits) {
    if (edit.type === 'delete') model.delete(hex(edit.key))
    else model.set(hex(edit.key), { key: edit.key, value: edit.value, sum: edit.sum ?? 0n })
  }
  return model
}

test('a held map has the blocks of its entries and no others, after every edit, with a cache or without', () => {
  fc.assert(
    fc.property(anyBatches, fc.boolean(), (batches, cached) => {
      const cache = cached ? createMapCache() : undefined
      let [map, model]: [HeldMap, ReadonlyMap<string, Entry>] = [emptyHeldMap(), new Map()]
      for (const edits of batches) {
        ;[map, model] = [editHeldMap(map, edits, cache), modelAfter(model, edits)]
        expectExactly(map, model)
      }
      const nothing = editHeldMap(
        map,
        [...model.values()].map(({ key }) => ({ type: 'delete', key })),
        cache,
      )
      expect(nothing).toEqual(emptyHeldMap())
    }),
    { numRuns: 60 },
  )
})

test('two maps made of one disturb neither it nor each other', () => {
  fc.assert(
    fc.property(anyBatches, fc.array(anyEdit, { maxLength: 40 }), fc.array(anyEdit, { maxLength: 40 }), (batches, one, other) => {
      const cache = createMapCache()
      const edits = batches.flat()
      const map = editHeldMap(emptyHeldMap(), edits, cache)
      const model = modelAfter(new Map(), edits)
      const [a, b] = [editHeldMap(map, one, cache), editHeldMap(map, other, cache)]
      expectExactly(a, modelAfter(model, one))
      expectExactly(b, modelAfter(model, other))
      expectExactly(map, model)
    }),
    { numRuns: 60 },
  )
})

test('an edit that changes nothing gives the same map', () => {
  const put: MapEdit = { type: 'put', key: key('ada'), value: noise(700), sum: 3n }
  const map = editHeldMap(emptyHeldMap(), [put])
  expect(editHeldMap(map, [put, { type: 'delete', key: key('bob') }])).toBe(map)
})

test('what is asked of a held map needs no fetching; one without its blocks is refused', () => {
  const map = editHeldMap(emptyHeldMap(), [{ type: 'put', key: key('ada'), value: noise(700), sum: 3n }])
  expect(readHeldMap(map, (get, root) => readRange(get, root)).entries).toHaveLength(1)
  const robbed = { ...map, blocks: new Map() }
  expect(() => readHeldMap(robbed, (get, root) => proveEntry(get, root, key('ada')))).toThrow(
    expect.objectContaining({ code: 'MAP_MALFORMED' }),
  )
})
