import { unshuffleList } from '@chainsafe/swap-or-not-shuffle'
import { sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHUFFLE_ROUNDS, shuffleOf } from '../src/index.js'

const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('it is the shuffle of Ethereum’s beacon chain', () => {
  for (const count of [1, 2, 3, 7, 255, 256, 257, 1000]) {
    const seed = sha256(Uint8Array.of(count & 0xff, count >> 8))
    const theirs = unshuffleList(
      Uint32Array.from({ length: count }, (_, i) => i),
      seed,
      SHUFFLE_ROUNDS,
    )
    const shuffle = shuffleOf(count, seed)
    const ours = Array.from({ length: count }, (_, i) => shuffle.at(i))
    expect(ours).toEqual([...theirs])
  }
})

test('it is a permutation, and the way back leads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), anySeed, (count, seed) => {
      const shuffle = shuffleOf(count, seed)
      const all = Array.from({ length: count }, (_, i) => shuffle.at(i))
      expect(new Set(all).size).toBe(count)
      expect(all.every((to, from) => to >= 0 && to < count && shuffle.placeOf(to) === from)).toBe(true)
    }),
    { numRuns: 40 },
  )
})

test('a place that is none is refused', () => {
  const seed = new Uint8Array(32)
  for (const [index, count] of [
    [0, 0],
    [-1, 3],
    [3, 3],
    [0.5, 3],
  ] as const) {
    expect(() => shuffleOf(count, seed).at(index)).toThrow(RangeError)
    expect(() => shuffleOf(count, seed).placeOf(index)).toThrow(RangeError)
  }
  for (const count of [-1, 2 ** 32, 0.5]) expect(() => shuffleOf(count, seed)).toThrow(RangeError)
})

test('each ticket comes to each place about as often as any other (chi-square, a fixed set of seeds)', () => {
  const [count, draws] = [10, 4_000]
  const seen = Array.from({ length: count }, () => Array<number>(count).fill(0))
  for (let i = 0; i < draws; i++) {
    const shuffle = shuffleOf(count, sha256(Uint8Array.of(77, i & 0xff, i >> 8)))
    for (const [place, row] of seen.entries()) {
      const ticket = shuffle.at(place)
      row[ticket] = (row[ticket] as number) + 1
    }
  }
  const expected = draws / count
  for (const row of seen) {
    const chiSquare = row.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
    expect(chiSquare).toBeLessThan(27.88) // 9 degrees of freedom: p = 0.001
  }
})
