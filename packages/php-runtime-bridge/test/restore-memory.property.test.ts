import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillMemory, restoreMemory, sharedCopy } from '../src/node/restore-memory.js'

const SIZE = 80_000
const places = fc.array(fc.record({ at: fc.nat(SIZE - 1), length: fc.integer({ min: 1, max: 20_000 }), byte: fc.nat(255) }), {
  maxLength: 8,
})
type Places = typeof places extends fc.Arbitrary<infer T> ? T : never
function write(memory: Uint8Array, all: Places, end = memory.length): void {
  for (const { at, length, byte } of all) memory.fill(byte, Math.min(at, end), Math.min(at + length, end))
}

test('whatever was written below the end, memory is as it was kept, and zero above that', () => {
  fc.assert(
    fc.property(places, places, fc.integer({ min: 1, max: SIZE }), fc.nat(SIZE), (kept, written, length, grown) => {
      const memory = new Uint8Array(SIZE)
      write(memory, kept, length)
      const before = memory.slice()
      const image = sharedCopy(memory.subarray(0, length))
      const end = Math.min(SIZE, length + grown)
      write(memory, written, end)
      restoreMemory(memory, image, end)
      expect(Buffer.compare(memory, before)).toBe(0)
      const empty = new Uint8Array(SIZE)
      fillMemory(empty, image)
      expect(Buffer.compare(empty, before)).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('a kept copy is not changed by what happens to the memory it was made of, nor by restoring from it', () => {
  const memory = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251)
  const image = sharedCopy(memory)
  const before = image.memory.slice()
  memory.fill(1)
  restoreMemory(memory, image, memory.length)
  memory.fill(2)
  expect(Buffer.compare(image.memory, before)).toBe(0)
  expect(image.memory.buffer).toBeInstanceOf(SharedArrayBuffer)
})
