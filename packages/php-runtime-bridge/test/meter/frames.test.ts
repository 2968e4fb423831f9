import { expect, test } from 'vitest'
import type { MeterOptions } from '../../src/meter/meter.js'
import { assemble, block, body, br, brIf, type Code, call, exportOf, get, global, i32, int, loop, set, tee, type } from './assembler.js'
import { instantiate, instantiateMetered } from './metered.js'

const TOP = 65_536
const STACK = 1600
const [ADD, SUB] = [0x6a, 0x6b]
const [getStack, setStack] = [
  [0x23, 0],
  [0x24, 0],
]
const enter = (bytes: number, local: number) => [...getStack, ...int(bytes), SUB, ...tee(local), ...setStack]
const leave = (bytes: number, local: number) => [...get(local), ...int(bytes), ADD, ...setStack]
const downOne = (local = 0) => [...get(local), ...int(1), SUB]
const stop = [...get(0), 0x45]

/** Functions of one number, with a second local, that answer a number; `run` is the first. */
function recursive(...codes: readonly Code[]): Uint8Array {
  return assemble({
    types: [type([i32], [i32]), type([i32], [])],
    functions: codes.map(() => 0),
    tables: [[0x70, 0, codes.length]],
    tags: [[0, 1]],
    globals: [global(i32, true, int(TOP))],
    exports: [exportOf('run', 'function', 0), exportOf('__stack_pointer', 'global', 0)],
    elements: [[0, ...int(0), 0x0b, codes.length, ...codes.keys()]],
    bodies: codes.map((code) => body([i32, i32], code)),
  })
}

/** How deep a recursion goes: the greatest n that `run(n)` answers as it does unmetered; that one more traps, and what the stack pointer is after. */
function depthOf(bytes: Uint8Array, options: MeterOptions = { stack: STACK }): number {
  const plain = instantiate(bytes)
  for (let n = 1; n < 500; n++) {
    const instance = instantiateMetered(bytes, options)
    const pointer = instance.exports.__stack_pointer as { value: number }
    try {
      expect(instance.run(n)).toBe(plain.run(n))
      expect(pointer.value).toBe(TOP)
    } catch (error) {
      expect(`${error}`).toMatch(/unreachable/)
      expect(pointer.value).toBeLessThan(TOP - STACK)
      return n - 1
    }
  }
  return Number.POSITIVE_INFINITY
}

const ended = (code: Code) => [...stop, 0x04, i32, ...int(0), 0x05, ...code, 0x0b]
const tableCall = (code: Code, index: number) => [...code, ...int(index), 0x11, 0, 0]

test.each<[string, Uint8Array, number]>([
  ['a function that calls itself', recursive(ended([...downOne(), ...call(0), ...int(1), ADD])), STACK / 16],
  [
    'two that call each other: one frame for both',
    recursive(ended([...downOne(), ...call(1)]), ended([...get(0), ...call(0)])),
    STACK / 16 + 1,
  ],
  ['by way of the table', recursive(ended(tableCall(downOne(), 0))), STACK / 16],
  ['by way of the table and back', recursive(ended(tableCall(downOne(), 1)), ended([...get(0), ...call(0)])), STACK / 16],
  [
    'one with a frame of its own: no other',
    recursive([...enter(32, 1), ...ended([...downOne(), ...call(0)]), ...leave(32, 1)]),
    STACK / 32 - 1,
  ],
  [
    'one with a frame, and one without',
    recursive(ended([...downOne(), ...call(1)]), [...enter(48, 1), ...get(0), ...call(0), ...leave(48, 1)]),
    33,
  ],
  // what was a function of its own, with a frame, has been written into this one
  [
    'one whose frame is gone before it calls',
    recursive([...enter(32, 1), ...leave(32, 1), ...ended([...downOne(), ...call(0)])]),
    (STACK - 32) / 16,
  ],
  [
    'one whose frame is there on one way only',
    recursive([...get(0), 0x04, 0x40, ...enter(32, 1), 0x0b, ...ended([...downOne(), ...call(0)]), ...int(TOP), ...setStack]),
    33,
  ],
  [
    'calls in a loop: one frame around all',
    recursive([
      ...int(2),
      ...set(1),
      ...stop,
      0x04,
      0x40,
      ...int(7),
      0x0f,
      0x0b,
      ...block(
        loop([
          ...downOne(),
          ...call(0),
          0x1a,
          ...downOne(1),
          ...tee(1),
          0x45,
          ...brIf(1),
          ...get(0),
          ...int(2),
          0x4a,
          ...brIf(1),
          ...br(0),
        ]),
      ),
      ...int(3),
    ]),
    STACK / 16 - 1,
  ],
  [
    'calls in a loop by way of the table, left by a branch to the end',
    recursive([...get(0), ...stop, ...brIf(0), 0x1a, ...loop([...int(5), ...tableCall(downOne(), 0), 0x1a, ...br(1)]), 0x00]),
    STACK / 16 - 1,
  ],
])('%s', (_, bytes, depth) => {
  expect(depthOf(bytes)).toBe(depth)
})

test('a call at the end leaves no frame behind: it may go on for ever', () => {
  expect(depthOf(recursive(ended([...downOne(), 0x12, 0])))).toBe(Number.POSITIVE_INFINITY)
  const framed = recursive(
    [...stop, 0x04, 0x40, ...int(7), 0x0f, 0x0b, ...loop([...get(0), ...call(1), 0x1a, ...downOne(), 0x12, 0]), 0x00],
    [...get(0), ...int(1), 0x4a, 0x04, i32, ...int(0), ...call(0), 0x05, ...int(1), 0x0b],
  )
  expect(depthOf(framed)).toBe(Number.POSITIVE_INFINITY)
})

test('frames that an exception leaves behind are gone where it is caught', () => {
  // 0 catches what 1 throws at the bottom of its recursion, as compilers write it
  const thrown = recursive(
    [...enter(16, 1), 0x06, i32, ...get(0), ...call(1), 0x07, 0, ...get(1), ...setStack, 0x0b, ...leave(16, 1)],
    [...stop, 0x04, i32, ...int(42), 0x08, 0, 0x05, ...downOne(), ...call(1), 0x0b],
  )
  expect(depthOf(thrown)).toBe(STACK / 16 - 1)
})

test('without a stack pointer, or bounds, nothing is added', () => {
  const bytes = recursive(ended([...downOne(), ...call(0)]))
  const instance = instantiateMetered(bytes)
  expect(instance.run(400)).toBe(0)
  expect((instance.exports.__stack_pointer as { value: number }).value).toBe(TOP)
})

test('a stack pointer beyond its top is out of bounds too', () => {
  const raised = recursive([...int(TOP + 16), ...setStack, ...get(0)])
  expect(() => instantiateMetered(raised, { stack: STACK }).run(1)).toThrow(/unreachable/)
})
