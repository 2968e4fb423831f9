import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createMapCache,
  diffMaps,
  editHeldMap,
  emptyHeldMap,
  type MapEdit,
  reachableBlocks,
  readAt,
  readEntry,
  readRange,
} from '../src/index.js'
import { byKey, dice, hex, Shelf } from './map-model.js'
import { type Entry, naiveBlocks, naiveRoot } from './map-rule.js'
import { noise, whole } from './trees.js'

const OPERATIONS = 10_000

/** Keys that are prefixes of each other, that are long and alike, and that are random. */
function someKey(roll: (below: number) => number): Uint8Array {
  const kind = roll(10)
  if (kind < 5) return Uint8Array.from({ length: roll(5) }, () => [0, 1, 127, 128, 255][roll(5)] as number)
  if (kind < 6) return Uint8Array.from({ length: 256 - roll(2) }, (_, i) => (i > 250 ? roll(3) : 7))
  return noise(32, 1 + roll(2000))
}
function someValue(roll: (below: number) => number): Uint8Array {
  const kind = roll(100)
  return noise(kind === 0 ? 513 + roll(2000) : kind < 5 ? 500 + roll(13) : roll(40), 1 + roll(50))
}
const someSum = (roll: (below: number) => number): bigint => {
  const kind = roll(4)
  return kind === 0 ? BigInt(roll(2 ** 32)) ** 3n : kind === 1 ? 0n : BigInt(roll(300))
}

test(`${OPERATIONS} edits give what they give in a plain Map: reads, ranges, sums, differences, root and blocks`, () => {
  const roll = dice(7)
  const shelf = new Shelf(createMapCache(2 * 1024 * 1024))
  let held = emptyHeldMap()
  const model = new Map<string, Entry>()
  const sorted = (): Entry[] => [...model.values()].sort(byKey)
  let done = 0
  for (let round = 0; done < OPERATIONS; round++) {
    const before = { root: shelf.root, model: new Map(model) }
    const shrinks = round % 20 > 14
    const edits = Array.from({ length: 1 + roll(roll(5) === 0 ? 200 : 20) }, (): MapEdit => {
      const known = shrinks ? [...model.values()][roll(model.size)] : undefined
      const key = known?.key ?? someKey(roll)
      if (roll(10) < (shrinks ? 9 : 2)) return { type: 'delete', key }
      return { type: 'put', key, value: someValue(roll), sum: someSum(roll) }
    })
    shelf.edit(edits)
    held = editHeldMap(held, edits, shelf.cache)
    expect(held.root).toEqual(shelf.root)
    for (const edit of edits) {
      if (edit.type === 'delete') model.delete(hex(edit.key))
      else model.set(hex(edit.key), { key: edit.key, value: edit.value, sum: edit.sum ?? 0n })
    }
    done += edits.length

    for (const { key } of edits.slice(0, 20)) {
      const { entry } = whole(readEntry(shelf.get, shelf.root, key, shelf.cache))
      expect(shown(entry)).toBe(shown(model.get(hex(key))))
    }
    const { changes } = whole(diffMaps(shelf.get, before.root, shelf.root, {}, shelf.cache))
    expect(changes.map(({ key, before, after }) => [hex(key), shown(before), shown(after)])).toEqual(modelDiff(before.model, model))
    if (round % 40 !== 0) continue
    const entries = sorted()
    expect(whole(readRange(shelf.get, shelf.root, { limit: 5000 })).entries.map(shown)).toEqual(entries.map(shown))
    expect(hex(shelf.root.hash)).toBe(naiveRoot(entries).toString('hex'))
    expect(new Set(held.blocks.keys())).toEqual(new Set(naiveBlocks(entries).keys()))
    if (shelf.root.block === null) continue
    const reachable = reachableBlocks(shelf.get, shelf.root.block)
    expect(new Set(whole(reachable).blocks)).toEqual(new Set(naiveBlocks(entries).keys()))
    checkUnits(shelf, entries, roll)
  }
  expect(model.size).toBeGreaterThan(100)
})

/** As text: comparing arrays byte by byte would take most of the time. */
const shown = (entry: Entry | undefined): string | undefined => entry && `${hex(entry.key)} ${hex(entry.value)} ${entry.sum}`

function modelDiff(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>) {
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort()
  return keys.map((key) => [key, shown(before.get(key)), shown(after.get(key))]).filter(([, old, young]) => old !== young)
}
function checkUnits(shelf: Shelf, entries: readonly Entry[], roll: (below: number) => number): void {
  let before = 0n
  for (const { key, sum } of entries) {
    if (sum > 0n && roll(10) === 0) {
      for (const unit of [before, before + sum - 1n]) {
        expect(whole(readAt(shelf.get, shelf.root, unit, shelf.cache)).entry).toMatchObject({ key, sum, before })
      }
    }
    before += sum
  }
}

const anyEdit: fc.Arbitrary<MapEdit> = fc
  .record({ key: fc.uint8Array({ maxLength: 4 }), length: fc.nat(600), put: fc.boolean() })
  .map(({ key, length, put }): MapEdit => (put ? { type: 'put', key, value: noise(length), sum: BigInt(length) } : { type: 'delete', key }))
test('one root and one set of blocks for every order of the same edits, one by one, in one batch, or by detours', () => {
  fc.assert(
    fc.property(
      fc
        .uniqueArray(anyEdit, { selector: ({ key }) => hex(key), minLength: 1, maxLength: 60 })
        .chain((edits) =>
          fc.tuple(fc.constant(edits), fc.shuffledSubarray(edits, { minLength: edits.length }), fc.array(anyEdit, { maxLength: 40 })),
        ),
      ([edits, shuffled, others]) => {
        const [inOne, oneByOne, byDetour] = [new Shelf(), new Shelf(createMapCache()), new Shelf()]
        inOne.edit(edits)
        for (const edit of shuffled) oneByOne.edit([edit])
        byDetour.edit(others)
        byDetour.edit(shuffled)
        const wanted = new Set(edits.map(({ key }) => hex(key)))
        byDetour.delete(...others.map(({ key }) => key).filter((key) => !wanted.has(hex(key))))
        expect(oneByOne.root).toEqual(inOne.root)
        expect(byDetour.root).toEqual(inOne.root)
        for (const { root, get } of [oneByOne, byDetour]) {
          if (root.block !== null)
            for (const cid of whole(reachableBlocks(get, root.block)).blocks) expect(inOne.blocks.has(cid)).toBe(true)
        }
      },
    ),
    { numRuns: 150 },
  )
})
