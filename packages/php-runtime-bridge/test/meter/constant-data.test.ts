import { describe, expect, test } from 'vitest'
import { constantDataEnd } from '../../src/meter/constant-data.js'
import {
  assemble,
  type Code,
  custom,
  f32,
  f64,
  float32,
  float64,
  get,
  i32,
  i64,
  int,
  oneFunction,
  s,
  text,
  u,
  v128,
  vec,
} from './assembler.js'
import { instantiate, instantiateMetered } from './metered.js'

const LIMIT = 1000
const long = (value: number): number[] => [0x42, ...s(value)]
const access = (opcode: number, offset: number): number[] => [opcode, 0, ...u(offset)]
const simd = (opcode: number, ...rest: number[]): number[] => [0xfd, ...u(opcode), ...rest]

/** By name: what is stored, by which instruction, and how many bytes that writes. */
const stores: Record<string, { value: Code; store: (offset: number) => Code; bytes: number }> = {
  'i32.store': { value: int(-1), store: (offset) => access(0x36, offset), bytes: 4 },
  'i64.store': { value: long(-1), store: (offset) => access(0x37, offset), bytes: 8 },
  'f32.store': { value: float32(Number.NaN), store: (offset) => access(0x38, offset), bytes: 4 },
  'f32.store of a sum': { value: [...float32(1), ...float32(2), 0x92], store: (offset) => access(0x38, offset), bytes: 4 },
  'f64.store': { value: float64(1.5), store: (offset) => access(0x39, offset), bytes: 8 },
  'f64.store of a sum': { value: [...float64(1), ...float64(2), 0xa0], store: (offset) => access(0x39, offset), bytes: 8 },
  'i32.store8': { value: int(-1), store: (offset) => access(0x3a, offset), bytes: 1 },
  'i32.store16': { value: int(-1), store: (offset) => access(0x3b, offset), bytes: 2 },
  'i64.store8': { value: long(-1), store: (offset) => access(0x3c, offset), bytes: 1 },
  'i64.store16': { value: long(-1), store: (offset) => access(0x3d, offset), bytes: 2 },
  'i64.store32': { value: long(-1), store: (offset) => access(0x3e, offset), bytes: 4 },
  'v128.store': { value: [...int(-1), ...simd(17)], store: (offset) => simd(11, 0, ...u(offset)), bytes: 16 },
  'v128.store8_lane': { value: [...int(-1), ...simd(17)], store: (offset) => simd(88, 0, ...u(offset), 3), bytes: 1 },
  'v128.store64_lane': { value: [...int(-1), ...simd(17)], store: (offset) => simd(91, 0, ...u(offset), 1), bytes: 8 },
}

describe.each(Object.entries(stores))('%s', (_, { value, store, bytes }) => {
  const storing = (offset: number) => oneFunction([i32], [], [], [...get(0), ...value, ...store(offset)])
  test.each([0, 1, 999, 1000, 5000])('with an offset of %i writes the same, or traps below the limit', (offset) => {
    const [bare, guarded] = [instantiate(storing(offset)), instantiateMetered(storing(offset), { constantBelow: LIMIT })]
    const lowest = Math.max(0, LIMIT - offset)
    for (const at of [lowest, lowest + 1, 20_000]) {
      bare.run(at)
      guarded.run(at)
    }
    expect(Buffer.compare(guarded.memory, bare.memory)).toBe(0)
    expect(guarded.memory.slice(lowest + offset, lowest + offset + bytes).some((byte) => byte !== 0)).toBe(true)
    if (lowest === 0) return
    const before = guarded.memory.slice()
    for (const at of [0, lowest - 1]) expect(() => guarded.run(at)).toThrow('unreachable')
    expect(Buffer.compare(guarded.memory, before)).toBe(0)
  })
  test('an address beyond all memory traps as it did', () => {
    expect(() => instantiateMetered(storing(8), { constantBelow: LIMIT }).run(-4)).toThrow('out of bounds')
  })
})

test('pieces of no length write nothing, wherever: C copies nothing to NULL', () => {
  for (const code of [
    [...get(0), ...int(7), ...get(1), 0xfc, ...u(11), 0],
    [...get(0), ...int(2000), ...get(1), 0xfc, ...u(10), 0, 0],
  ]) {
    const guarded = instantiateMetered(oneFunction([i32, i32], [], [], code), { constantBelow: LIMIT })
    for (const at of [0, LIMIT - 1]) expect(() => guarded.run(at, 0)).not.toThrow()
    expect(() => guarded.run(0, 1)).toThrow('unreachable')
  }
})

test('pieces of memory: filled, copied, given', () => {
  const pieces = {
    fill: [...get(0), ...int(7), ...get(1), 0xfc, ...u(11), 0],
    'fill of a known length': [...get(0), ...int(7), ...int(10), 0xfc, ...u(11), 0],
    copy: [...get(0), ...int(2000), ...get(1), 0xfc, ...u(10), 0, 0],
    init: [...get(0), ...int(0), ...get(1), 0xfc, ...u(8), 0, 0],
  }
  for (const code of Object.values(pieces)) {
    const module = oneFunction([i32, i32], [], [], code, { dataCount: 1, data: [[1, ...vec(Array.from({ length: 10 }, () => [9]))]] })
    const [bare, guarded] = [instantiate(module), instantiateMetered(module, { constantBelow: LIMIT })]
    for (const one of [bare, guarded]) {
      one.memory.fill(5, 2000, 2010)
      one.run(LIMIT, 10)
    }
    expect(Buffer.compare(guarded.memory, bare.memory)).toBe(0)
    expect(guarded.memory[LIMIT]).not.toBe(0)
    expect(() => guarded.run(LIMIT - 1, 10)).toThrow('unreachable')
    expect(guarded.memory[LIMIT - 1]).toBe(0)
  }
})

test('what reads, and code that is never reached, is as it was', () => {
  const reading = oneFunction([i32], [i32], [i64, f32, f64, v128], [...get(0), ...access(0x28, 4)])
  const metered = instantiateMetered(reading, { constantBelow: LIMIT })
  metered.memory[104] = 3
  expect(metered.run(100)).toBe(3)
  const dead = oneFunction([i32], [i32], [], [...int(1), 0x0f, ...get(0), ...int(1), ...access(0x36, 0)])
  expect(instantiateMetered(dead, { constantBelow: LIMIT }).run(0)).toBe(1)
})

describe('where constant data ends', () => {
  const segment = (at: number, length: number): number[] => [0, 0x41, ...s(at), 0x0b, ...vec(Array.from({ length }, () => [1]))]
  const named = (segments: readonly [string, number, number][], names = true) => {
    const entries = segments.map(([name], i) => [...u(i), ...text(name)])
    const body = vec(entries)
    return assemble({
      memories: [[0, 1]],
      data: segments.map(([, at, length]) => segment(at, length)),
      after: names ? custom('name', [9, ...u(body.length), ...body]) : [],
    })
  }
  test('it is the end of the last segment that the compiler calls constant', () => {
    expect(
      constantDataEnd(
        named([
          ['.rodata', 16, 10],
          ['.rodata.str1', 40, 60],
          ['.data', 128, 4],
        ]),
      ),
    ).toBe(100)
  })
  test.each([
    ['no names', named([['.rodata', 16, 10]], false)],
    [
      'constant data above other data',
      named([
        ['.data', 8, 4],
        ['.rodata', 16, 10],
      ]),
    ],
    [
      'constant data around other data',
      named([
        ['.rodata', 16, 10],
        ['.data', 20, 4],
        ['.rodata.b', 40, 10],
      ]),
    ],
    [
      'none at all',
      named([
        ['.data', 8, 4],
        ['.rodatax', 2, 2],
      ]),
    ],
    ['no data', assemble({ memories: [[0, 1]] })],
  ])('%s: nothing is taken to be constant', (_, module) => {
    expect(constantDataEnd(module)).toBe(0)
  })
})
