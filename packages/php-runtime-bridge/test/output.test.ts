import { expect, test } from 'vitest'
import { RequestOutput } from '../src/node/output.js'

const MIB = 1024 * 1024

test('a million single bytes take the room of a million bytes, and come back in order', () => {
  const output = new RequestOutput()
  const one = new Uint8Array(1)
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < MIB; i++) {
    one[0] = i
    output.write('output', one)
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * MIB)
  const all = output.read('output')
  expect(all.length).toBe(MIB)
  expect(all.every((byte, i) => byte === (i & 255))).toBe(true)
  expect(output.read('headers').length).toBe(0)
})

test('more than a response may hold ends the script, and what was written before is kept', () => {
  const output = new RequestOutput()
  output.write('output', new Uint8Array(16 * MIB))
  expect(() => output.write('output', new Uint8Array(1))).toThrow()
  expect(output.read('output').length).toBe(16 * MIB)
  output.write('log', new Uint8Array(64 * 1024))
  output.write('log', new Uint8Array(1))
  expect(output.read('log').length).toBe(64 * 1024)
})
