import { expect, test } from 'vitest'
import {
  createMapCache,
  diffMaps,
  editMap,
  emptyMap,
  KEY_MAX_BYTES,
  type MapRoot,
  memoryBlockStore,
  readAt,
  readEntry,
  readRange,
  readTotal,
} from '../src/index.js'
import { byKey, fetching, hex, key, Shelf } from './map-model.js'
import { type Entry, naiveBlocks, naiveRoot } from './map-rule.js'
import { coded, noise, whole } from './trees.js'

const entry = (name: string | Uint8Array, value: string | Uint8Array = 'v', sum = 0n): Entry => ({
  key: typeof name === 'string' ? key(name) : name,
  value: typeof value === 'string' ? key(value) : value,
  sum,
})
const many = (count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => entry(noise(32, i + 1), noise(20, i), BigInt(i % 3))).sort(byKey)
const keysOf = (entries: readonly { readonly key: Uint8Array }[]): string[] => entries.map((one) => Buffer.from(one.key).toString('latin1'))
const SUM_MAX = 2n ** 128n - 1n

test('the empty map has a root and no block', () => {
  const nothing = () => undefined
  expect(emptyMap().block).toBeNull()
  expect(hex(emptyMap().hash)).toBe(naiveRoot([]).toString('hex'))
  expect(whole(readEntry(nothing, emptyMap(), key('a')))).toEqual({ entry: undefined })
  expect(whole(readRange(nothing, emptyMap(), { from: key('a') }))).toEqual({ entries: [], next: undefined })
  expect(whole(readTotal(nothing, emptyMap()))).toEqual({ total: 0n })
  expect(whole(diffMaps(nothing, emptyMap(), emptyMap()))).toEqual({ changes: [], next: undefined })
  expect(whole(editMap(nothing, emptyMap(), [{ type: 'delete', key: key('a') }]))).toEqual({ root: emptyMap(), blocks: [] })
  expect(() => readAt(nothing, emptyMap(), 0n)).toThrow(coded('MAP_UNIT'))
})

test('a map from which all is deleted is the empty map', () => {
  const shelf = new Shelf()
  shelf.put(many(200))
  shelf.delete(...many(200).map((one) => one.key))
  expect(shelf.root).toEqual(emptyMap())
})

test('keys that begin alike are kept apart, the shorter first; the empty key is one', () => {
  const names = ['', '\0', '\0\0', '\0\x01', '\x01', 'a', 'a\0', 'aa', 'ab', 'b', 'ÿ'].map((name) => Buffer.from(name, 'latin1'))
  const shelf = new Shelf()
  shelf.put(names.map((name, i) => entry(name, `${i}`)).reverse())
  expect(keysOf(whole(readRange(shelf.get, shelf.root)).entries)).toEqual(names.map((name) => name.toString('latin1')))
  for (const [i, name] of names.entries())
    expect(whole(readEntry(shelf.get, shelf.root, name)).entry).toMatchObject(entry(Uint8Array.from(name), `${i}`))
  expect(whole(readEntry(shelf.get, shelf.root, key('\0\0\0'))).entry).toBeUndefined()
})

test('keys of 256 bytes are taken, longer ones refused', () => {
  const [longest, tooLong] = [noise(KEY_MAX_BYTES), noise(KEY_MAX_BYTES + 1)]
  const shelf = new Shelf()
  shelf.put([entry(longest), entry(longest.subarray(0, 255))])
  expect(whole(readEntry(shelf.get, shelf.root, longest)).entry?.key).toEqual(longest)
  const { get, root } = shelf
  expect(() => editMap(get, root, [{ type: 'put', ...entry(tooLong) }])).toThrow(coded('MAP_KEY'))
  expect(() => editMap(get, root, [{ type: 'delete', key: tooLong }])).toThrow(coded('MAP_KEY'))
  expect(() => readEntry(get, root, tooLong)).toThrow(coded('MAP_KEY'))
  expect(() => readRange(get, root, { to: tooLong })).toThrow(coded('MAP_KEY'))
  expect(() => diffMaps(get, root, root, { from: tooLong })).toThrow(coded('MAP_KEY'))
})

test('values above 512 bytes are blocks of their own, up to 1 MiB', () => {
  const shelf = new Shelf()
  const blocks = shelf.put([entry('a', noise(512)), entry('b', noise(513)), entry('c', noise(1024 * 1024))])
  expect(blocks.map(({ bytes }) => bytes.length).sort((a, b) => a - b)).toEqual([513, expect.any(Number), 1024 * 1024])
  expect(whole(readEntry(shelf.get, shelf.root, key('c'))).entry?.value).toEqual(noise(1024 * 1024))
  expect(shelf.put([entry('b', noise(513))])).toEqual([])
  expect(() => shelf.put([entry('d', noise(1024 * 1024 + 1))])).toThrow(coded('MAP_VALUE'))
})

test('sums add up to 2^128 - 1 and are refused beyond, wherever that shows', () => {
  const shelf = new Shelf()
  shelf.put([entry('a', 'v', SUM_MAX - 2n), entry('b', 'v', 2n)])
  expect(whole(readTotal(shelf.get, shelf.root)).total).toBe(SUM_MAX)
  expect(whole(readAt(shelf.get, shelf.root, SUM_MAX - 1n)).entry).toMatchObject({ key: key('b'), before: SUM_MAX - 2n })
  expect(() => readAt(shelf.get, shelf.root, SUM_MAX)).toThrow(coded('MAP_UNIT'))
  expect(() => readAt(shelf.get, shelf.root, -1n)).toThrow(coded('MAP_UNIT'))
  for (const sum of [-1n, SUM_MAX + 1n]) expect(() => new Shelf().put([entry('c', 'v', sum)])).toThrow(coded('MAP_SUM'))
  expect(() => shelf.put([entry('c', 'v', 1n)])).toThrow(coded('MAP_SUM'))
  shelf.edit([
    { type: 'delete', key: key('b') },
    { type: 'put', ...entry('c', 'v', 2n) },
  ])
  expect(hex(shelf.root.hash)).toBe(naiveRoot([entry('a', 'v', SUM_MAX - 2n), entry('c', 'v', 2n)]).toString('hex'))
})

test('a unit is held by the entry that its number falls to; entries without a sum hold none', () => {
  const shelf = new Shelf()
  shelf.put([entry('a', 'v', 3n), entry('b'), entry('c', 'v', 1n), entry('d'), entry('e', 'v', 2n)])
  const holders = [0n, 1n, 2n, 3n, 4n, 5n].map((unit) => whole(readAt(shelf.get, shelf.root, unit)).entry)
  expect(keysOf(holders)).toEqual(['a', 'a', 'a', 'c', 'e', 'e'])
  expect(holders.map(({ before }) => before)).toEqual([0n, 0n, 0n, 3n, 4n, 4n])
  expect(whole(readEntry(shelf.get, shelf.root, key('d'))).entry?.before).toBe(4n)
})

test('of several edits of one key the last counts, and an edit that changes nothing makes no block', () => {
  const shelf = new Shelf()
  shelf.put([entry('a', '1'), entry('b', '1'), entry('a', '2')])
  expect(whole(readEntry(shelf.get, shelf.root, key('a'))).entry?.value).toEqual(key('2'))
  const { root } = shelf
  expect(
    shelf.edit([
      { type: 'delete', key: key('a') },
      { type: 'put', ...entry('a', '2') },
      { type: 'delete', key: key('c') },
    ]),
  ).toEqual([])
  expect(shelf.root).toBe(root)
  shelf.edit([
    { type: 'put', ...entry('b', '3') },
    { type: 'delete', key: key('b') },
  ])
  expect(keysOf(whole(readRange(shelf.get, shelf.root)).entries)).toEqual(['a'])
})

test('ranges: from, to, pages by number and by size', () => {
  const shelf = new Shelf()
  const entries = many(500)
  shelf.put(entries)
  const range = (options: Parameters<typeof readRange>[2]) => whole(readRange(shelf.get, shelf.root, options))
  const [from, to] = [entries[100]?.key as Uint8Array, entries[200]?.key as Uint8Array]
  expect(range({ from, to })).toEqual({ entries: entries.slice(100, 200), next: undefined })
  expect(range({ from: Uint8Array.of(...from, 0), to }).entries).toHaveLength(99)
  expect(range({ from, limit: 7 })).toEqual({ entries: entries.slice(100, 107), next: entries[107]?.key })
  expect(range({ limit: 500 }).next).toBeUndefined()
  expect(range({ maxBytes: 100 })).toEqual({ entries: entries.slice(0, 5), next: entries[5]?.key })
  expect(range({ maxBytes: 1, limit: 0 }).entries).toHaveLength(1)
  expect(range({ from: new Uint8Array(256).fill(255) }).entries).toEqual([])
  expect(range({ from: to, to: from }).entries).toEqual([])
  const paged: Entry[] = []
  for (let next: Uint8Array | undefined = new Uint8Array(); next !== undefined; ) {
    const page = range({ from: next, limit: 33 })
    paged.push(...page.entries)
    next = page.next
  }
  expect(paged).toEqual(entries)
})

test('differences come in pages too', () => {
  const shelf = new Shelf()
  const entries = many(500)
  shelf.put(entries)
  const before = shelf.root
  shelf.delete(...entries.slice(50, 150).map((one) => one.key))
  const first = whole(diffMaps(shelf.get, before, shelf.root, { limit: 60 }))
  const second = whole(diffMaps(shelf.get, before, shelf.root, { from: first.next as Uint8Array }))
  expect([...first.changes, ...second.changes].map((change) => change.before)).toEqual(entries.slice(50, 150))
  expect(whole(diffMaps(shelf.get, shelf.root, before, { to: entries[51]?.key as Uint8Array })).changes).toEqual([
    { key: entries[50]?.key, before: undefined, after: entries[50] },
  ])
  expect(whole(diffMaps(shelf.get, emptyMap(), shelf.root)).changes).toHaveLength(400)
})

test('an edit costs what it changes: one in 20,000 rewrites one way down, and reading, proving and comparing take few blocks', () => {
  const shelf = new Shelf()
  shelf.put(many(20_000))
  const [before, all] = [shelf.root, shelf.blocks.size]
  expect(all).toBeGreaterThan(400)
  expect(shelf.put([entry(noise(32, 20_001))]).length).toBeLessThanOrEqual(6)
  expect(shelf.delete(noise(32, 5)).length).toBeLessThanOrEqual(6)
  const cost = (run: Parameters<typeof fetching>[1]) => fetching(shelf.get, run).fetched
  expect(cost((get) => readEntry(get, shelf.root, noise(32, 7)))).toBeLessThanOrEqual(5)
  expect(cost((get) => editMap(get, shelf.root, [{ type: 'put', ...entry(noise(32, 20_002)) }]))).toBeLessThanOrEqual(6)
  expect(cost((get) => diffMaps(get, before, shelf.root))).toBeLessThanOrEqual(16)
})

test('what stays as it was keeps its block, the top too', () => {
  const shelf = new Shelf()
  shelf.put(Array.from({ length: 7 }, (_, i) => entry(`a${i}`, noise(500, i))))
  const before = shelf.root
  expect(shelf.put([entry('b', noise(500)), entry('c', noise(500))])).toHaveLength(1)
  expect(shelf.delete(key('b'), key('c'))).toEqual([])
  expect(shelf.root).toEqual(before)
})

test('a peer that has nothing is told what to fetch, by every walk, and gets the same result in few rounds', () => {
  const shelf = new Shelf()
  const entries = [...many(3000), entry('large', noise(5000))]
  shelf.put(entries)
  const before = shelf.root
  const edits = [
    ...many(3200)
      .filter((_, i) => i % 7 === 0)
      .map((one) => ({ type: 'put', ...one, sum: 9n }) as const),
    { type: 'delete', key: key('large') } as const,
  ]
  const expected = whole(editMap(shelf.get, before, edits))
  const edited = fetching(shelf.get, (get) => editMap(get, before, edits))
  expect(edited.result).toEqual(expected)
  expect(edited.rounds).toBeLessThanOrEqual(6)
  const removal = entries.slice(10, 1500).map((one) => ({ type: 'delete', key: one.key }) as const)
  const removed = fetching(shelf.get, (get) => editMap(get, before, removal))
  expect(removed.result).toEqual(whole(editMap(shelf.get, before, removal)))
  expect(removed.rounds).toBeLessThanOrEqual(8)

  shelf.edit(edits)
  const range = { limit: 2000 }
  expect(fetching(shelf.get, (get) => readRange(get, before, range)).result).toEqual(whole(readRange(shelf.get, before, range)))
  const compared = fetching(shelf.get, (get) => diffMaps(get, before, shelf.root))
  expect(compared.result).toEqual(whole(diffMaps(shelf.get, before, shelf.root)))
  expect(compared.rounds).toBeLessThanOrEqual(8)
  expect(fetching(shelf.get, (get) => readEntry(get, before, key('large'))).result.entry?.value).toEqual(noise(5000))
  expect(fetching(shelf.get, (get) => readAt(get, before, 1000n)).result).toEqual(whole(readAt(shelf.get, before, 1000n)))
  expect(fetching(shelf.get, (get) => readTotal(get, before)).fetched).toBe(1)
})

test('what an edit made and nobody stored is made again by the next one, cache or not', () => {
  const shelf = new Shelf(createMapCache())
  shelf.put(many(300))
  const edits = many(400).map((one) => ({ type: 'put', ...one }) as const)
  const first = whole(editMap(shelf.get, shelf.root, edits, shelf.cache))
  const second = whole(editMap(shelf.get, shelf.root, edits, shelf.cache))
  expect(new Set(second.blocks.map(({ cid }) => cid))).toEqual(new Set(first.blocks.map(({ cid }) => cid)))
})

test('a block that was collected after its node moved into another is made again when it is needed again', () => {
  const shelf = new Shelf(createMapCache())
  const entries = many(60)
  shelf.put(entries)
  const [before, extra] = [shelf.root, many(120).filter((one) => !keysOf(entries).includes(keysOf([one])[0] as string))]
  shelf.put(extra)
  shelf.delete(...extra.map((one) => one.key))
  expect(shelf.root).toEqual(before)
  const kept = new Set(naiveBlocks(entries).keys())
  for (const name of shelf.blocks.keys()) if (!kept.has(name)) shelf.blocks.delete(name)
  shelf.put(extra)
  expect([...shelf.blocks.keys()]).toEqual(expect.arrayContaining([...naiveBlocks([...entries, ...extra]).keys()]))
})

test('what the caller does with its bytes later changes nothing, nor with those it got', () => {
  const shelf = new Shelf(createMapCache())
  const given = { key: key('k'), value: key('value') }
  shelf.put([given, entry('l')])
  given.key.fill(0)
  given.value.fill(0)
  whole(readEntry(shelf.get, shelf.root, key('k'), shelf.cache)).entry?.value.fill(0)
  whole(readRange(shelf.get, shelf.root, {}, shelf.cache)).entries[0]?.key.fill(0)
  expect(whole(readRange(shelf.get, shelf.root, {}, shelf.cache)).entries).toEqual([entry('k', 'value'), entry('l')])
})

test('the deepest map there is: 2,304 inner nodes one below the other', () => {
  const base = new Uint8Array(KEY_MAX_BYTES)
  const keys = [base]
  for (let i = 0; i < KEY_MAX_BYTES; i++) {
    keys.push(base.subarray(0, i))
    for (let bit = 0; bit < 8; bit++) keys.push(Uint8Array.from(base.subarray(0, i + 1), (_, at) => (at === i ? 1 << bit : 0)))
  }
  const shelf = new Shelf(createMapCache())
  const half = keys.map((one) => entry(one, '', 1n))
  shelf.put(half.filter((_, i) => i % 2 === 0))
  shelf.put(half.filter((_, i) => i % 2 === 1))
  const fresh = new Shelf()
  fresh.put(half)
  expect(shelf.root).toEqual(fresh.root)
  expect(whole(readRange(shelf.get, shelf.root, { limit: 3000 })).entries).toEqual(half.toSorted(byKey))
  expect(whole(readTotal(shelf.get, shelf.root)).total).toBe(2305n)
  expect(whole(readAt(shelf.get, shelf.root, 256n)).entry.key).toEqual(base)
  shelf.delete(base)
  expect(whole(readTotal(shelf.get, shelf.root)).total).toBe(2304n)
})

test('a cache keeps to its size and is of no consequence', () => {
  const [cache, none] = [createMapCache(300_000), createMapCache(0)]
  const [small, without] = [new Shelf(cache), new Shelf(none)]
  for (let i = 0; i < 1000; i += 100) {
    small.put(many(1000).slice(i, i + 100))
    without.put(many(1000).slice(i, i + 100))
    expect(cache.bytes).toBeLessThanOrEqual(300_000)
  }
  expect(small.root).toEqual(without.root)
  expect(hex(small.root.hash)).toBe(naiveRoot(many(1000)).toString('hex'))
})

test('a map in a block store', async () => {
  const { blocks: store } = { blocks: memoryBlockStore() }
  let root: MapRoot = emptyMap()
  for (const part of [many(100), many(200)]) {
    const { root: after, blocks } = whole(
      editMap(
        store.get,
        root,
        part.map((one) => ({ type: 'put', ...one }) as const),
      ),
    )
    await store.put(blocks)
    root = after
  }
  expect(whole(readRange(store.get, root)).entries).toEqual(many(200))
})
