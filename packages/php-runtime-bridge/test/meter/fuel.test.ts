import { expect, test } from 'vitest'
import { LOOP_FUEL_MIN } from '../../src/meter/function-writer.js'
import {
  assemble,
  block,
  body,
  br,
  brIf,
  call,
  exportOf,
  get,
  i32,
  importOf,
  int,
  loop,
  oneFunction,
  set,
  type,
  u,
  when,
} from './assembler.js'
import { fuelOf, instantiate, instantiateMetered } from './metered.js'

const ADD = 0x6a
const SUB = 0x6b

/** Sums 1 to n in a loop. */
const sum = oneFunction(
  [i32],
  [i32],
  [i32],
  [
    ...block([
      ...loop([...get(0), 0x45, ...brIf(1), ...get(1), ...get(0), ADD, ...set(1), ...get(0), ...int(1), SUB, ...set(0), ...br(0)]),
    ]),
    ...get(1),
  ],
)

test('a loop is paid for by its turns', () => {
  const exact = instantiateMetered(sum, { slack: 0 })
  // each turn: 3 that look at the end and 9; at the end 3; after it 1
  for (const turns of [0, 1, 10, 1000]) {
    expect(fuelOf(exact, turns)).toEqual({ result: (turns * (turns + 1)) / 2, fuel: 12 * turns + 3 + 1 })
  }
  // the last turn is paid in advance
  expect(fuelOf(instantiateMetered(sum), 10).fuel).toBe(12 * 11 + 1)
})

test('a loop that does not end, and calls, traps when there is no fuel, after the host was asked for more', () => {
  const endless = oneFunction([], [], [], loop([...call(2), ...br(0)]), {
    imports: [importOf.function('env', 'more', 0)],
    functions: [0],
    exports: [exportOf('go', 'function', 1)],
    bodies: [body([], [])],
  })
  let asked = 0
  const more = () => {
    asked++
    if (asked < 3) instance.fuel += 100n
  }
  const instance = instantiateMetered(endless, { exhausted: 'more' }, { env: { more } })
  instance.fuel = 1000n
  expect(() => (instance.exports.go as () => void)()).toThrow(/unreachable/)
  expect([asked, instance.fuel]).toEqual([3, -5n])
})

test('a loop that does not end, and calls nothing, traps far below 0, and asks nobody', () => {
  const endless = oneFunction([], [], [], [...loop([...loop([0x01, ...br(1)]), 0x00]), 0x00])
  const instance = instantiateMetered(endless)
  instance.fuel = BigInt(LOOP_FUEL_MIN) + 100n
  expect(() => instance.run()).toThrow(/unreachable/)
  expect(instance.fuel).toBe(BigInt(LOOP_FUEL_MIN) - 1n)
})

test('a recursion that does not end is stopped', () => {
  const instance = instantiateMetered(
    oneFunction([i32], [i32], [], [...get(0), ...when([...get(0), ...int(1), SUB, ...call(0)], int(0), i32)]),
    { slack: 0 },
  )
  instance.fuel = 200n
  expect(fuelOf(instance, 5)).toEqual({ result: 0, fuel: 6 * 2 + 5 * 7 + 1 })
  expect(fuelOf(instance, 500).result).toMatch(/unreachable/)
})

test('a function without calls and loops takes fuel, and asks at the next', () => {
  const bytes = assemble({
    types: [type([], [])],
    functions: [0, 0],
    exports: [exportOf('run', 'function', 0), exportOf('leaf', 'function', 1)],
    bodies: [body([], call(1)), body([], [...int(1), 0x1a])],
  })
  const instance = instantiateMetered(bytes)
  instance.fuel = 1n
  ;(instance.exports.leaf as () => void)()
  expect(instance.fuel).toBe(-1n)
  expect(fuelOf(instance).result).toMatch(/unreachable/)
})

test('memory is paid for by its length, also where the length is known when it is written', () => {
  const length = 4096
  const fill = [...int(0), ...int(7), ...get(0), 0xfc, ...u(11), 0]
  const fixed = [...int(0), ...int(7), ...int(length), 0xfc, ...u(11), 0]
  const moving = instantiateMetered(oneFunction([i32], [], [], fill), { slack: 0 })
  const still = instantiateMetered(oneFunction([i32], [], [], fixed), { slack: 0 })
  expect(fuelOf(moving, 0).fuel).toBe(19)
  expect(fuelOf(moving, length).fuel).toBe(19 + length)
  expect(fuelOf(still, 0).fuel).toBe(19 + length)
  expect(moving.memory.subarray(0, length + 1)).toEqual(still.memory.subarray(0, length + 1))
})

test('a metered module answers as the one that it was made of', () => {
  const [plain, metered] = [instantiate(sum), instantiateMetered(sum)]
  for (const n of [0, 1, 7, 100]) expect(metered.run(n)).toBe(plain.run(n))
})

test('memory that grows by more than there can be costs no more than the largest memory, and fuel never wraps around', () => {
  const asks = oneFunction([], [i32], [], [...Array.from({ length: 40_000 }, () => [...int(-1), 0x40, 0, 0x1a]).flat(), ...int(1)])
  const one = instantiateMetered(asks, {})
  one.fuel = 15_000_000_000n
  expect(() => one.run()).not.toThrow()
  expect(one.fuel).toBeLessThan(0n)
})
