import { describe, expect, test } from 'vitest'
import { CARD_BYTES, cardTableAbove, heapBaseOf } from '../../src/meter/cards.js'
import { meter } from '../../src/meter/meter.js'
import {
  assemble,
  block,
  brIf,
  type Code,
  exportOf,
  float32,
  float64,
  get,
  global,
  i32,
  int,
  loop,
  oneFunction,
  s,
  set,
  u,
  vec,
} from './assembler.js'
import { type Instance, instantiate, instantiateMetered } from './metered.js'

const cards = cardTableAbove(5 * CARD_BYTES - 100)
const PAGES = Math.ceil((cards.end + 10 * CARD_BYTES) / 65_536)
const memories = [[0, ...u(PAGES)]]
const long = (value: number): number[] => [0x42, ...s(value)]
const access = (opcode: number, offset: number): number[] => [opcode, 0, ...u(offset)]
const simd = (opcode: number, ...rest: number[]): number[] => [0xfd, ...u(opcode), ...rest]
function noted({ memory }: Instance): number[] {
  const found: number[] = []
  const table = Buffer.from(memory.buffer as ArrayBuffer, cards.at, 2 ** 20)
  for (let card = table.indexOf(1); card >= 0; card = table.indexOf(1, card + 1)) found.push(card)
  return found
}
const withoutTable = (memory: Uint8Array): Buffer => Buffer.concat([memory.subarray(0, cards.at), memory.subarray(cards.end)])
const isZero = (bytes: Uint8Array): boolean => Buffer.compare(bytes, new Uint8Array(bytes.length)) === 0

/** By name: what is stored, and by which instruction. */
const stores: Record<string, { value: Code; store: (offset: number) => Code }> = {
  'i32.store': { value: int(-1), store: (offset) => access(0x36, offset) },
  'i64.store': { value: long(-1), store: (offset) => access(0x37, offset) },
  'f32.store': { value: float32(Number.NaN), store: (offset) => access(0x38, offset) },
  'f32.store of a sum': { value: [...float32(1), ...float32(2), 0x92], store: (offset) => access(0x38, offset) },
  'f64.store': { value: float64(1.5), store: (offset) => access(0x39, offset) },
  'f64.store of a sum': { value: [...float64(1), ...float64(2), 0xa0], store: (offset) => access(0x39, offset) },
  'i32.store8': { value: int(-1), store: (offset) => access(0x3a, offset) },
  'i32.store16': { value: int(-1), store: (offset) => access(0x3b, offset) },
  'i64.store8': { value: long(-1), store: (offset) => access(0x3c, offset) },
  'i64.store16': { value: long(-1), store: (offset) => access(0x3d, offset) },
  'i64.store32': { value: long(-1), store: (offset) => access(0x3e, offset) },
  'v128.store': { value: [...int(-1), ...simd(17)], store: (offset) => simd(11, 0, ...u(offset)) },
  'v128.store8_lane': { value: [...int(-1), ...simd(17)], store: (offset) => simd(88, 0, ...u(offset), 3) },
  'v128.store64_lane': { value: [...int(-1), ...simd(17)], store: (offset) => simd(91, 0, ...u(offset), 1) },
}

describe.each(Object.entries(stores))('%s', (_, { value, store }) => {
  const storing = (offset: number) => oneFunction([i32], [], [], [...get(0), ...value, ...store(offset)], { memories })
  test.each([0, 1, 999, 4095, 5000])('with an offset of %i writes the same, and notes its card', (offset) => {
    for (const at of [0, 4000, 4096 - 2, 8192, cards.end]) {
      const [bare, metered] = [instantiate(storing(offset)), instantiateMetered(storing(offset), { cards })]
      bare.run(at)
      metered.run(at)
      expect(Buffer.compare(withoutTable(metered.memory), withoutTable(bare.memory))).toBe(0)
      expect(noted(metered)).toEqual([Math.floor((at + offset) / CARD_BYTES)])
    }
  })
  test('to the table, or to the cards beside it, traps and writes nothing', () => {
    for (const at of [cards.first * CARD_BYTES, cards.at, cards.at + 700, cards.end - CARD_BYTES, cards.end - 1]) {
      const metered = instantiateMetered(storing(500), { cards })
      expect(() => metered.run(at - 500)).toThrow('unreachable')
      expect(isZero(metered.memory)).toBe(true)
    }
  })
  test('an address beyond all memory traps as it did', () => {
    expect(() => instantiateMetered(storing(8), { cards }).run(-4)).toThrow('out of bounds')
  })
})

describe('a piece of memory', () => {
  const pieces = {
    fill: [...get(0), ...int(7), ...get(1), 0xfc, ...u(11), 0],
    copy: [...get(0), ...int(cards.end + 100), ...get(1), 0xfc, ...u(10), 0, 0],
    init: [...get(0), ...int(0), ...get(1), 0xfc, ...u(8), 0, 0],
  }
  const module = (code: Code) =>
    oneFunction([i32, i32], [], [], code, {
      memories,
      dataCount: 1,
      data: [[1, ...vec(Array.from({ length: 3 * CARD_BYTES }, () => [9]))]],
    })
  test.each(Object.entries(pieces))('%s: all its cards are noted', (_, code) => {
    for (const [at, length, expected] of [
      [100, 10, [0]],
      [4090, 6, [0]],
      [4090, 7, [0, 1]],
      [4090, 4096, [0, 1]],
      [4095, 4098, [0, 1, 2]],
      [0, 3 * CARD_BYTES, [0, 1, 2]],
      [50, 0, []],
      [cards.at, 0, []],
    ] as const) {
      const [bare, metered] = [instantiate(module(code)), instantiateMetered(module(code), { cards })]
      for (const one of [bare, metered]) {
        one.memory.fill(5, cards.end + 100, cards.end + 4 * CARD_BYTES)
        one.run(at, length)
      }
      expect(Buffer.compare(withoutTable(metered.memory), withoutTable(bare.memory))).toBe(0)
      expect(noted(metered)).toEqual(expected)
    }
  })
  test.each(Object.entries(pieces))('%s: where it would touch the table, or go beyond memory, it traps and writes nothing', (_, code) => {
    const around = cards.first * CARD_BYTES
    for (const [at, length] of [
      [around - 1, 2],
      [around, 1],
      [cards.at + 5, 10],
      [cards.end - 1, 2],
      [around - 10, 3 * CARD_BYTES],
      [PAGES * 65_536 - 1, 2],
      [-5, 4],
      [-5, 10],
      [-5, 2 * CARD_BYTES],
    ] as const) {
      const metered = instantiateMetered(module(code), { cards })
      expect(() => metered.run(at, length)).toThrow()
      expect(isZero(withoutTable(metered.memory))).toBe(true)
    }
    expect(() => instantiateMetered(module(pieces.fill), { cards }).run(1000, -1)).toThrow()
  })
})

describe('what needs no note of its own', () => {
  const store = (local: number, offset: number): number[] => [...get(local), ...int(1), ...access(0x36, offset)]
  const bytesOf = (code: Code, more = {}) => meter(oneFunction([i32, i32], [], [i32], code, { memories, ...more }), { cards }).bytes.length
  const plain = (code: Code) => oneFunction([i32, i32], [], [i32], code, { memories }).length
  const price = (code: Code) => bytesOf(code) - plain(code)
  const one = price(store(0, 0))
  test('a store close to one above the same local', () => {
    expect(price([...store(0, 0), ...store(0, 8), ...store(0, 240)])).toBeLessThan(one + 8)
    expect(price([...store(0, 300), ...store(0, 60)])).toBeLessThan(one + 8)
    expect(price([...store(0, 0), ...store(0, 248)])).toBeLessThan(one + 8)
    // its last byte would lie beyond what a card is restored with
    expect(price([...store(0, 0), ...store(0, 249)])).toBeGreaterThan(one + 12)
    expect(price([...store(0, 249), ...store(0, 0)])).toBeGreaterThan(one + 12)
    expect(price([...store(0, 0), ...store(0, 1000)])).toBeGreaterThan(one + 12)
    expect(price([...store(0, 0), ...store(1, 8)])).toBeGreaterThan(one + 12)
    expect(price([...store(0, 0), ...int(5), ...set(0), ...store(0, 8)])).toBeGreaterThan(one + 12)
  })
  test('a store to a card whose number is known', () => {
    const to = (at: number) => [...int(at), ...int(1), ...access(0x36, 0)]
    expect(price([...to(9000), ...to(9500)])).toBeLessThan(price(to(9000)) + 8)
    expect(price([...to(9000), ...to(13_000)])).toBeGreaterThan(price(to(9000)) + 12)
  })
})

describe('a local that was a frame, and is not where the stack pointer is set to it', () => {
  const STACK_TOP = 3 * CARD_BYTES
  const FRAME = 6000
  const frame = [0x23, 0, ...int(FRAME), 0x6b, ...set(0)]
  const storeInFrame = [...get(0), 0x24, 0, ...get(0), ...int(-1), ...access(0x36, FRAME - 8)]
  const notedBy = (code: Code) => {
    const stackPointer = { globals: [global(i32, true, int(STACK_TOP))], exports: [exportOf('__stack_pointer', 'global', 0)] }
    const module = oneFunction([i32, i32], [], [i32], code, { memories, ...stackPointer })
    const metered = instantiateMetered(module, { cards, stack: 2 * CARD_BYTES })
    metered.run(STACK_TOP - 8, 1)
    expect(metered.memory[STACK_TOP - 8 + FRAME - 8]).toBe(255)
    return noted(metered)
  }
  const written = Math.floor((STACK_TOP - 8 + FRAME - 8) / CARD_BYTES)
  test('since a branch went past where it became one', () => {
    expect(notedBy([...block([...get(1), ...brIf(0), ...frame]), ...storeInFrame])).toContain(written)
  })
  test('since a loop changed it', () => {
    const turn = [...storeInFrame, ...int(STACK_TOP - 8), ...set(0), ...get(2), 0x45, ...int(1), ...set(2), ...brIf(0)]
    expect(notedBy([...frame, ...loop(turn)])).toContain(written)
  })
})

test('no atomic stores, of which nothing is noted', () => {
  const module = oneFunction([i32], [], [], [...get(0), ...int(1), 0xfe, 0x17, 2, 0], { memories })
  expect(() => meter(module, { cards })).toThrow(expect.objectContaining({ code: 'METER_UNSUPPORTED' }))
})

test('the table lies above the heap base, with a card before it and one behind', () => {
  const based = assemble({ globals: [global(i32, false, int(70_000))], exports: [exportOf('__heap_base', 'global', 0)] })
  const table = cardTableAbove(heapBaseOf(based))
  expect(table).toEqual({ first: 18, at: 19 * CARD_BYTES, count: 258, end: 276 * CARD_BYTES })
  expect(() => heapBaseOf(assemble({}))).toThrow(expect.objectContaining({ code: 'METER_UNSUPPORTED' }))
})
