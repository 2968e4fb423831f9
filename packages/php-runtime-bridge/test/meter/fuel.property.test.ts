import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fuelOf, instantiate, instantiateMetered } from './metered.js'
import { anyProgram, assembleProgram } from './random-modules.js'
import { runReference } from './reference.js'

const SLACK = 48

test('any program does, metered, what it did, for exactly the fuel of the instructions that it runs; with slack for a little more, and always alike', () => {
  let ran = 0
  fc.assert(
    fc.property(anyProgram, fc.integer({ min: -2, max: 9 }), (program, argument) => {
      const reference = runReference(program, argument)
      if (!reference) return
      ran++
      const bytes = assembleProgram(program)
      const plain = instantiate(bytes)
      expect(plain.run(argument)).toBe(reference.result)
      const exact = instantiateMetered(bytes, { slack: 0, stack: 4096 })
      expect(fuelOf(exact, argument)).toEqual({ result: reference.result, fuel: reference.fuel })
      expect(Buffer.compare(exact.memory, reference.memory)).toBe(0)
      const loose = fuelOf(instantiateMetered(bytes, { slack: SLACK }), argument)
      expect(fuelOf(instantiateMetered(bytes, { slack: SLACK, canonicalNaNs: false }), argument)).toEqual(loose)
      expect(loose.result).toBe(reference.result)
      expect(loose.fuel).toBeGreaterThanOrEqual(reference.fuel)
      // each piece that is paid for by itself runs an instruction at least
      expect(loose.fuel).toBeLessThanOrEqual((reference.fuel + 1) * (SLACK + 1))
    }),
    { numRuns: 400, seed: 5 },
  )
  expect(ran).toBeGreaterThan(300)
})

test('with less fuel than it takes any program traps, and has not done more than it paid for', () => {
  fc.assert(
    fc.property(anyProgram, fc.integer({ min: -2, max: 9 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (program, argument, share) => {
      const reference = runReference(program, argument)
      // one function that is a straight line is never asked
      if (!reference || reference.fuel < 200) return
      const instance = instantiateMetered(assembleProgram(program), { slack: 0 })
      const given = Math.floor(reference.fuel * share)
      instance.fuel = BigInt(given)
      const { result, fuel } = fuelOf(instance, argument)
      if (!`${result}`.includes('unreachable')) expect(fuel).toBe(reference.fuel)
      expect(fuel).toBeLessThanOrEqual(reference.fuel)
    }),
    { numRuns: 200, seed: 6 },
  )
})
