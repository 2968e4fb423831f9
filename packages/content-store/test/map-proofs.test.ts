import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkAt, checkEntry, createMapCache, emptyMap, proveAt, proveEntry, readAt, readEntry, readTotal } from '../src/index.js'
import { byKey, dice, fetching, key, Shelf } from './map-model.js'
import type { Entry } from './map-rule.js'
import { coded, noise, whole } from './trees.js'

const shelfOf = (entries: readonly Entry[]): Shelf => {
  const shelf = new Shelf(createMapCache())
  shelf.put(entries)
  return shelf
}
const proofOf = (shelf: Shelf, wanted: Uint8Array): Uint8Array => whole(proveEntry(shelf.get, shelf.root, wanted, shelf.cache)).proof
const proofAt = (shelf: Shelf, unit: bigint): Uint8Array => whole(proveAt(shelf.get, shelf.root, unit, shelf.cache)).proof
const many = (count: number): Entry[] =>
  Array.from({ length: count }, (_, i) => ({ key: noise(32, i + 1), value: noise(i % 40, i), sum: BigInt(i % 5) })).sort(byKey)
const named = (...names: string[]): Entry[] =>
  names.map((name, i) => ({ key: key(name), value: key(`value of ${name}`), sum: BigInt(i + 1) }))

const entries = many(2000)
const shelf = shelfOf(entries)
const { hash } = shelf.root
const total = whole(readTotal(shelf.get, shelf.root)).total

test('a proof shows an entry, its place and the sum of all', () => {
  for (const entry of entries.filter((_, i) => i % 40 === 0)) {
    const { entry: read } = whole(readEntry(shelf.get, shelf.root, entry.key))
    expect(read).toMatchObject(entry)
    expect(checkEntry(hash, entry.key, proofOf(shelf, entry.key))).toEqual({ entry: read, total })
  }
})
test('and that there is none: between others, before the first, after the last, for prefixes and longer keys', () => {
  const [first, middle] = [entries[0], entries[1000]] as [Entry, Entry]
  const absent = [
    key(''),
    new Uint8Array(256).fill(255),
    middle.key.subarray(0, 31),
    Uint8Array.of(...middle.key, 0),
    first.key.subarray(0, 1),
  ]
  const beside = middle.key.map((byte, i) => (i === 31 ? byte ^ 1 : byte))
  for (const one of [...absent, beside]) expect(checkEntry(hash, one, proofOf(shelf, one))).toEqual({ entry: undefined, total })
})
test('the empty map lacks every key; a map of one entry has one and lacks the others', () => {
  const empty = new Shelf()
  expect(checkEntry(emptyMap().hash, key('a'), proofOf(empty, key('a')))).toEqual({ entry: undefined, total: 0n })
  const [entry] = named('a') as [Entry]
  const one = shelfOf([entry])
  expect(checkEntry(one.root.hash, key('a'), proofOf(one, key('a')))).toEqual({ entry: { ...entry, before: 0n }, total: 1n })
  for (const other of ['', 'a\0', 'b']) expect(checkEntry(one.root.hash, key(other), proofOf(one, key(other))).entry).toBeUndefined()
})
test('a proof says who holds a unit', () => {
  const roll = dice(3)
  for (const unit of [0n, 1n, total - 1n, ...Array.from({ length: 60 }, () => BigInt(roll(Number(total))))]) {
    expect(checkAt(hash, unit, proofAt(shelf, unit))).toEqual({ ...whole(readAt(shelf.get, shelf.root, unit)), total })
  }
  expect(() => proveAt(shelf.get, shelf.root, total)).toThrow(coded('MAP_UNIT'))
  expect(() => proveAt(shelf.get, emptyMap(), 0n)).toThrow(coded('MAP_UNIT'))
  const { entry, ...rest } = checkAt(hash, 10n, proofAt(shelf, 10n))
  expect(rest).toEqual({ total })
  for (const unit of [entry.before - 1n, entry.before + entry.sum, -1n]) {
    expect(() => checkAt(hash, unit, proofAt(shelf, 10n))).toThrow(coded('MAP_PROOF_WRONG'))
  }
})
test('values of their own block are in the proof; what is missing is named', () => {
  const large = shelfOf([...named('a', 'b'), { key: key('c'), value: noise(100_000), sum: 0n }])
  const proof = proofOf(large, key('c'))
  expect(checkEntry(large.root.hash, key('c'), proof).entry?.value).toEqual(noise(100_000))
  expect(proofOf(large, key('cc')).length).toBeLessThan(300)
  expect(fetching(large.get, (get) => proveEntry(get, large.root, key('c'))).result.proof).toEqual(proof)
  expect(fetching(shelf.get, (get) => proveAt(get, shelf.root, 9n)).result.proof).toEqual(proofAt(shelf, 9n))
})

/** Every byte of a proof, changed in `ways` ways, and cut off there. */
function* alterations(proof: Uint8Array, ways: readonly number[]): Generator<Uint8Array> {
  for (let at = 0; at < proof.length; at++) {
    for (const way of ways) {
      const altered = Uint8Array.from(proof)
      altered[at] = (proof[at] as number) ^ way
      yield altered
    }
    yield proof.slice(0, at)
  }
  yield Uint8Array.of(...proof, 0)
}
const isRefusal = expect.objectContaining({ code: expect.stringMatching(/^MAP_PROOF_(MALFORMED|WRONG)$/) })
function expectAllRefused(check: (proof: Uint8Array) => unknown, proof: Uint8Array, ways: readonly number[]): void {
  check(proof)
  for (const altered of alterations(proof, ways)) {
    let shown: unknown
    try {
      shown = check(altered)
    } catch (error) {
      if (!isRefusal.asymmetricMatch(error)) throw error
      continue
    }
    expect.fail(`it shows ${JSON.stringify(shown, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`)
  }
}
const everyWay = Array.from({ length: 255 }, (_, i) => i + 1)
const everyBit = [1, 2, 4, 8, 16, 32, 64, 128, 255]
const someWays = [1, 128]

const small = shelfOf(named('a', 'ab', 'b', 'c', 'd'))
test('a proof with any byte altered in any way is refused', () => {
  const least = shelfOf(named('a'))
  expectAllRefused((proof) => checkEntry(least.root.hash, key('a'), proof), proofOf(least, key('a')), everyWay)
})
test.each([
  ['an entry', key('ab')],
  ['an absence', key('abc')],
  ['an absence before all', key('')],
  ['an absence after all', key('e')],
])('a proof of %s with any bit altered is refused', (_, wanted) => {
  expectAllRefused((proof) => checkEntry(small.root.hash, wanted, proof), proofOf(small, wanted), everyBit)
})
test('so is one of the empty map, and one of a unit', () => {
  expectAllRefused((proof) => checkEntry(emptyMap().hash, key('a'), proof), proofOf(new Shelf(), key('a')), everyWay)
  expectAllRefused((proof) => checkAt(small.root.hash, 5n, proof), proofAt(small, 5n), everyBit)
})
test('so are those of a large map', () => {
  const [there, lacking] = [(entries[700] as Entry).key, noise(32, 99_999)]
  expectAllRefused((proof) => checkEntry(hash, there, proof), proofOf(shelf, there), someWays)
  expectAllRefused((proof) => checkEntry(hash, lacking, proof), proofOf(shelf, lacking), someWays)
  expectAllRefused((proof) => checkAt(hash, 1234n, proof), proofAt(shelf, 1234n), someWays)
})

test('a proof is good for its key and its root only', () => {
  const names = ['', 'a', 'ab', 'abc', 'b', 'c', 'd', 'e']
  const other = shelfOf(named('a', 'ab', 'b', 'c'))
  for (const name of names) {
    const proof = proofOf(small, key(name))
    expect(() => checkEntry(other.root.hash, key(name), proof)).toThrow(coded('MAP_PROOF_WRONG'))
    expect(() => checkEntry(emptyMap().hash, key(name), proof)).toThrow(coded('MAP_PROOF_WRONG'))
    for (const asked of names) {
      const honest = checkEntry(small.root.hash, key(asked), proofOf(small, key(asked)))
      // Another key's proof may show the same, where both ways lead to one leaf, but never anything else.
      try {
        expect(checkEntry(small.root.hash, key(asked), proof)).toEqual(honest)
      } catch (error) {
        expect(error).toEqual(coded('MAP_PROOF_WRONG'))
      }
    }
  }
  expect(() => checkEntry(small.root.hash.subarray(0, 31), key('a'), proofOf(small, key('a')))).toThrow(coded('MAP_PROOF_WRONG'))
  expect(() => checkEntry(small.root.hash, new Uint8Array(257), proofOf(small, key('a')))).toThrow(coded('MAP_KEY'))
})

test('no bytes end a check in any other way than a refusal', () => {
  const start = proofOf(shelf, key('x'))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(start.length - 1), (bytes, at) => {
      for (const proof of [bytes, Uint8Array.of(...start.subarray(0, at), ...bytes)]) {
        expect(() => checkEntry(hash, key('y'), proof)).toThrow(isRefusal)
        expect(() => checkAt(hash, 1n, proof)).toThrow(isRefusal)
      }
    }),
    { numRuns: 300 },
  )
})
