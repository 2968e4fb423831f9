import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkAt,
  checkEntry,
  createMapCache,
  diffMaps,
  editMap,
  emptyMap,
  type MapEdit,
  proveAt,
  proveEntry,
  readEntry,
  readRange,
  readTotal,
} from '../src/index.js'
import { type Entry, fetching, naiveRoot, Shelf } from './map-model.js'
import { coded, noise, whole } from './trees.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
/** Short keys over few letters: many prefixes of one another, many edits of one key. */
const anyKey = fc.array(fc.constantFrom(0, 1, 0x80, 0xff), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes))
const anyEntry = fc.record({ key: anyKey, value: fc.uint8Array({ maxLength: 12 }), sum: fc.bigInt(0n, 1_000n) })
const sorted = (entries: Iterable<Entry>): Entry[] => [...entries].sort((a, b) => Buffer.compare(a.key, b.key))
const random = (count: number, seed = 1): Entry[] =>
  Array.from({ length: count }, (_, i) => ({
    key: noise(1 + ((i * seed) % 40), i * 977 + seed),
    value: noise(i % 60, i + seed),
    sum: BigInt(i % 7),
  }))

describe('authenticated map', () => {
  test('10,000 operations leave what they leave in a Map, under the root that the rule gives', () => {
    const [model, shelf] = [new Map<string, Entry>(), new Shelf(createMapCache(32 << 20))]
    for (let batch = 0; batch < 50; batch++) {
      const edits = Array.from({ length: 200 }, (_, i): MapEdit => {
        const seed = batch * 200 + i
        const one = key(...noise((seed * 7) % 4, seed % 211), (seed * 31) % 5)
        return seed % 3 === 0
          ? { type: 'delete', key: one }
          : { type: 'put', key: one, value: noise(seed % 700, seed), sum: BigInt(seed % 5) }
      })
      shelf.edit(edits)
      for (const edit of edits) {
        if (edit.type === 'delete') model.delete(hex(edit.key))
        else model.set(hex(edit.key), { key: edit.key, value: edit.value, sum: edit.sum ?? 0n })
      }
      if (batch % 10 === 9) expect(hex(shelf.root.hash)).toBe(hex(naiveRoot([...model.values()])))
    }
    expect(model.size).toBeGreaterThan(100)
    expect(whole(readRange(shelf.get, shelf.root, { limit: 10_000 })).entries).toEqual(sorted(model.values()))
    expect(whole(readTotal(shelf.get, shelf.root)).total).toBe([...model.values()].reduce((all, { sum }) => all + sum, 0n))
  })

  test('one root and the same blocks for every order of the same edits, one by one or in one batch', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyEntry, { selector: (one) => hex(one.key), maxLength: 30 }),
        fc.array(anyEntry, { maxLength: 10 }),
        fc.nat(),
        (entries, gone, turn) => {
          const [inOne, oneByOne] = [new Shelf(), new Shelf()]
          inOne.put(entries)
          oneByOne.put(gone)
          for (const entry of entries.map((_, i) => entries[(i + turn) % entries.length] as Entry)) oneByOne.put([entry])
          const kept = new Set(entries.map((one) => hex(one.key)))
          oneByOne.delete(...gone.map((one) => one.key).filter((one) => !kept.has(hex(one))))
          expect(oneByOne.root).toEqual(inOne.root)
          expect(hex(inOne.root.hash)).toBe(hex(naiveRoot(entries)))
          for (const [cid, bytes] of inOne.blocks) expect(oneByOne.blocks.get(cid)).toEqual(bytes)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('every entry and every absence can be proven; the same proof shows nothing else', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), anyKey, anyKey, (entries, asked, other) => {
        const shelf = new Shelf()
        shelf.put(entries)
        const expected = entries.findLast((one) => hex(one.key) === hex(asked))
        const { proof } = whole(proveEntry(shelf.get, shelf.root, asked))
        const shown = checkEntry(shelf.root.hash, asked, proof)
        expect(shown.entry === undefined).toBe(expected === undefined)
        if (expected !== undefined) expect(shown.entry).toMatchObject(expected)
        expect(whole(readEntry(shelf.get, shelf.root, asked)).entry).toEqual(shown.entry)
        const truth = whole(readEntry(shelf.get, shelf.root, other)).entry
        try {
          expect(checkEntry(shelf.root.hash, other, proof).entry?.value).toEqual(truth?.value)
        } catch (error) {
          expect(error).toMatchObject({ code: 'MAP_PROOF_WRONG' })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a proof with any one byte altered, cut or lengthened shows nothing', () => {
    const shelf = new Shelf()
    const entries = random(300)
    shelf.put(entries)
    const absent = noise(33, 4_242)
    for (const asked of [(entries[7] as Entry).key, (entries[123] as Entry).key, absent]) {
      const { proof } = whole(proveEntry(shelf.get, shelf.root, asked))
      checkEntry(shelf.root.hash, asked, proof)
      for (let at = 0; at < proof.length; at++) {
        for (const change of [1, 0x80, 0xff]) {
          const altered = Uint8Array.from(proof)
          altered[at] = (altered[at] as number) ^ change
          expect(() => checkEntry(shelf.root.hash, asked, altered), `byte ${at}`).toThrow(
            coded(expect.stringMatching(/^MAP_PROOF_/) as never),
          )
        }
      }
      expect(() => checkEntry(shelf.root.hash, asked, proof.subarray(0, -1))).toThrow(coded('MAP_PROOF_MALFORMED'))
      expect(() => checkEntry(shelf.root.hash, asked, key(...proof, 0))).toThrow(coded('MAP_PROOF_MALFORMED'))
      expect(() => checkEntry(noise(32), asked, proof)).toThrow(coded('MAP_PROOF_WRONG'))
    }
  })

  test('every unit of the sum belongs to one entry, and anyone can check whose it is', () => {
    const shelf = new Shelf()
    const entries = sorted(new Map(random(60).map((one) => [hex(one.key), one])).values())
    shelf.put(entries)
    let before = 0n
    for (const entry of entries) {
      for (let unit = before; unit < before + entry.sum; unit++) {
        const { proof } = whole(proveAt(shelf.get, shelf.root, unit))
        expect(checkAt(shelf.root.hash, unit, proof).entry).toEqual({ ...entry, before })
        expect(() => checkAt(shelf.root.hash, unit + entry.sum, proof)).toThrow(coded('MAP_PROOF_WRONG'))
      }
      before += entry.sum
    }
    expect(() => proveAt(shelf.get, shelf.root, before)).toThrow(coded('MAP_UNIT'))
  })

  test('sums beyond 128 bits, keys beyond 256 bytes and values beyond 1 MiB are refused', () => {
    const shelf = new Shelf()
    const most = 2n ** 128n - 1n
    shelf.put([{ key: key(1), value: key(), sum: most }])
    expect(whole(readTotal(shelf.get, shelf.root)).total).toBe(most)
    const put = (one: Entry) => () => editMap(shelf.get, shelf.root, [{ type: 'put', ...one }])
    expect(put({ key: key(2), value: key(), sum: 1n })).toThrow(coded('MAP_SUM'))
    expect(put({ key: key(2), value: key(), sum: -1n })).toThrow(coded('MAP_SUM'))
    expect(put({ key: new Uint8Array(257), value: key(), sum: 0n })).toThrow(coded('MAP_KEY'))
    expect(put({ key: key(2), value: new Uint8Array(2 ** 20 + 1), sum: 0n })).toThrow(coded('MAP_VALUE'))
    shelf.put([{ key: new Uint8Array(256), value: new Uint8Array(2 ** 20) }])
    expect(whole(readEntry(shelf.get, shelf.root, new Uint8Array(256))).entry?.value.length).toBe(2 ** 20)
  })

  test('who has none of the blocks is told which to fetch, and comes to the same result', () => {
    const shelf = new Shelf()
    const entries = random(2_000)
    shelf.put(entries)
    const asked = (entries[1_500] as Entry).key
    expect(fetching(shelf.get, (get) => proveEntry(get, shelf.root, asked)).result).toEqual(proveEntry(shelf.get, shelf.root, asked))
    const edits: MapEdit[] = [
      { type: 'put', key: noise(9, 9), value: noise(3) },
      { type: 'delete', key: asked },
    ]
    const { result, fetched } = fetching(shelf.get, (get) => editMap(get, shelf.root, edits))
    expect(result).toEqual(editMap(shelf.get, shelf.root, edits))
    expect(fetched).toBeLessThan(shelf.blocks.size / 4) // one edit touches few blocks
  })

  test('what differs between two maps is what differs between their models', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 25 }), fc.array(anyEntry, { maxLength: 25 }), (first, second) => {
        const shelf = new Shelf()
        const models = [first, second].map((entries) => new Map(entries.map((one) => [hex(one.key), one])))
        const [a, b] = [first, second].map((entries) => {
          shelf.root = emptyMap()
          shelf.put(entries)
          return shelf.root
        }) as [typeof shelf.root, typeof shelf.root]
        const all = new Map([...(models[0] as Map<string, Entry>), ...(models[1] as Map<string, Entry>)])
        const expected = sorted(all.values())
          .map((one) => ({ key: one.key, before: models[0]?.get(hex(one.key)), after: models[1]?.get(hex(one.key)) }))
          .filter(
            ({ before, after }) =>
              before === undefined || after === undefined || hex(before.value) !== hex(after.value) || before.sum !== after.sum,
          )
        expect(whole(diffMaps(shelf.get, a, b, { limit: 100 })).changes).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })
})
