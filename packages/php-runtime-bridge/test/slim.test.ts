import { expect, test } from 'vitest'
import { slim } from '../src/slim.js'

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly two?: () => number
}
interface Wasm {
  Module: { new (bytes: Uint8Array): object; customSections(module: object, name: string): ArrayBuffer[] }
  Instance: new (module: object) => { readonly exports: Exports }
}
const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly
const uint = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uint(value >>> 7)])
const section = (id: number, ...content: number[]): number[] => [id, ...uint(content.length), ...content]
const text = (value: string): number[] => [value.length, ...value].map((part) => (typeof part === 'string' ? part.charCodeAt(0) : part))

/** Memory of one page; functions 'one' and 'two' that return 1 and 2; a function that copies segments, if asked for. */
function moduleOf(data: number[], { copies = false } = {}): Uint8Array {
  return Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, 2, 0x60, 0, 1, 0x7f, 0x60, 0, 0),
    ...section(3, copies ? 3 : 2, 0, 0, ...(copies ? [1] : [])),
    ...section(5, 1, 0, 1),
    ...section(7, 3, ...text('memory'), 2, 0, ...text('one'), 0, 0, ...text('two'), 0, 1),
    ...(copies ? section(12, data[0] as number) : []),
    ...section(
      10,
      copies ? 3 : 2,
      4,
      0,
      0x41,
      1,
      0x0b,
      4,
      0,
      0x41,
      2,
      0x0b,
      ...(copies ? [12, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 0, 0x0b] : []),
    ),
    ...section(11, ...data),
    ...section(0, ...text('note'), 1, 2, 3),
  ])
}
const segment = (at: number[], ...bytes: number[]): number[] => [0, 0x41, ...at, 0x0b, bytes.length, ...bytes]
const start = (bytes: Uint8Array): Exports => new wasm.Instance(new wasm.Module(bytes)).exports

test('data becomes memory from address 0 on, later segments over earlier ones; what is not wanted is not exported', () => {
  // 256, and 64, whose second byte only says that it is not below 0
  const full = moduleOf([4, ...segment([4], 1, 2, 3), ...segment([0x80, 0x02], 9), ...segment([0xc0, 0x00], 8), ...segment([5], 7)])
  const { bytes, memory } = slim(full, (name) => name !== 'one')
  const before = new Uint8Array(start(full).memory.buffer)
  const exports = start(bytes)
  expect(Object.keys(exports)).toEqual(['memory', 'two'])
  expect(exports.two?.()).toBe(2)
  expect(memory).toEqual(before.slice(0, 257))
  expect(new Uint8Array(exports.memory.buffer).every((byte) => byte === 0)).toBe(true)
  expect(wasm.Module.customSections(new wasm.Module(bytes), 'note')).toHaveLength(1)
})

test.each([
  ['a segment that code copies', moduleOf([1, 1, 2, 8, 9], { copies: true })],
  ['a segment at -1, the last address', moduleOf([1, ...segment([0x7f], 5)])],
  ['a segment at -1, written at length', moduleOf([1, ...segment([0xff, 0xff, 0xff, 0xff, 0x7f], 5)])],
  ['a segment of a named memory', moduleOf([1, 2, 0, 0x41, 4, 0x0b, 1, 5])],
])('%s: data stays where it is', (_, full) => {
  const { bytes, memory } = slim(full, () => true)
  expect(memory).toBeUndefined()
  expect(bytes).toEqual(full)
})

test('a module without data has none', () => {
  expect(slim(moduleOf([0]), () => true).memory).toEqual(new Uint8Array(0))
})
