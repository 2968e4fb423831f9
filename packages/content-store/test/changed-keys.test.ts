import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changedKeys } from '../src/index.js'

const anyMap = fc.array(fc.tuple(fc.nat(12), fc.constantFrom(1, 2, undefined))).map((entries) => new Map(entries))

test('changed keys are those that two Maps do not have alike', () => {
  fc.assert(
    fc.property(anyMap, anyMap, (before, after) => {
      const keys = new Set([...before.keys(), ...after.keys()])
      const differ = [...keys].filter((key) => before.get(key) !== after.get(key) || before.has(key) !== after.has(key))
      expect([...changedKeys(before, after)].sort()).toEqual(differ.sort())
      expect(changedKeys(before, new Map(before))).toEqual([])
    }),
  )
})
