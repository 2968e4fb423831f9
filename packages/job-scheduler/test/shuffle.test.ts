import { unshuffleList } from '@chainsafe/swap-or-not-shuffle'
import { sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHUFFLE_ROUNDS, shuffledIndex, unshuffledIndex } from '../src/index.js'

const anySeed = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('it is the shuffle of Ethereum’s beacon chain', () => {
  for (const count of [1, 2, 3, 7, 255, 256, 257, 1000]) {
    const seed = sha256(Uint8Array.of(count & 0xff, count >> 8))
    const theirs = unshuffleList(
      Uint32Array.from({ length: count }, (_, i) => i),
      seed,
      SHUFFLE_ROUNDS,
    )
    const ours = Array.from({ length: count }, (_, i) => shuffledIndex(i, count, seed))
    expect(ours).toEqual([...theirs])
  }
})

test('it is a permutation, and the way back leads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), anySeed, (count, seed) => {
      const all = Array.from({ length: count }, (_, i) => shuffledIndex(i, count, seed))
      expect(new Set(all).size).toBe(count)
      expect(all.every((to, from) => to >= 0 && to < count && unshuffledIndex(to, count, seed) === from)).toBe(true)
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
    [0, 2 ** 32],
  ] as const) {
    expect(() => shuffledIndex(index, count, seed)).toThrow(RangeError)
  }
})
