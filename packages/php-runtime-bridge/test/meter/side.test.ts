import { expect, test } from 'vitest'
import { meter } from '../../src/meter/meter.js'
import { assemble, body, brIf, call, exportOf, get, global, i32, importOf, int, loop, tee, type } from './assembler.js'
import { instantiate } from './metered.js'

const [ADD, SUB] = [0x6a, 0x6b]
/** Where in memory the side module counts. */
const COUNTER = 128
const downOne = [...get(0), ...int(1), SUB]

/** The main module: its stack, a table, fuel, and a function that calls what is in the table. */
const main = assemble({
  types: [type([i32], [i32]), type([], [])],
  imports: [importOf.function('env', 'more', 1)],
  functions: [0],
  tables: [[0x70, 0, 8]],
  memories: [[0, 1]],
  globals: [global(i32, true, int(65_536))],
  exports: [
    exportOf('__stack_pointer', 'global', 0),
    exportOf('table', 'table', 0),
    exportOf('memory', 'memory', 0),
    exportOf('through', 'function', 1),
  ],
  bodies: [body([], [...get(0), ...int(3), 0x11, 0, 0])],
})

/** A side module as a linker sees it: everything that has a number is used, in code, tables, globals, elements, data and exports. */
const side = assemble({
  types: [type([i32], [i32]), type([], [])],
  imports: [
    importOf.function('env', 'through', 0),
    importOf.memory('env', 'memory'),
    importOf.table('env', 'table'),
    importOf.global('env', '__stack_pointer', i32),
    importOf.global('env', '__memory_base', i32, 0),
    importOf.global('GOT.mem', 'shared', i32),
  ],
  functions: [0, 0, 0, 1, 0],
  tables: [[0x40, 0, 0x70, 0, 2, 0xd2, 1, 0x0b]],
  globals: [global(i32, false, int(40)), global(i32, false, [0x23, 1]), global(0x70, false, [0xd2, 2])],
  exports: [
    exportOf('countdown', 'function', 1),
    exportOf('deep', 'function', 3),
    exportOf('run', 'function', 2),
    exportOf('forty', 'global', 3),
    exportOf('base', 'global', 4),
    exportOf('globals', 'function', 5),
  ],
  start: 4,
  elements: [
    [0, ...int(3), 0x0b, 2, 2, 1],
    [4, ...int(5), 0x0b, 2, 0xd2, 3, 0x0b, 0xd0, 0x70, 0x0b],
  ],
  bodies: [
    body([], [...loop([...downOne, ...tee(0), ...brIf(0)]), ...get(0)]),
    body([], [...get(0), ...call(1), ...int(7), ADD]),
    body([], [...get(0), 0x04, i32, ...downOne, ...call(3), 0x05, ...int(0), 0x0b]),
    body([], [...int(COUNTER), 0x23, 3, ...int(2), ADD, 0x36, 2, 0]),
    body(
      [],
      [
        ...[...int(COUNTER), ...int(COUNTER), 0x28, 2, 0, 0x23, 2, ADD, 0x23, 4, ADD, 0x36, 2, 0],
        ...[0xd2, 2, 0x1a, ...get(0), ...int(COUNTER), 0x28, 2, 0, ADD],
      ],
    ),
  ],
  data: [[0, 0x23, 1, 0x0b, 2, 0x68, 0x69]],
})

interface Linked {
  readonly exports: Readonly<Record<string, (n: number) => number>>
  readonly memory: Uint8Array
  readonly fuel: { value: bigint }
}

function linked(metered: boolean, more = () => {}): Linked {
  const first = metered ? meter(main, { exhausted: 'more', stack: 1600, slack: 0 }) : { bytes: main, stack: undefined }
  const one = instantiate(first.bytes, { env: { more } })
  const bytes = metered && first.stack ? meter(side, { kind: 'side', stack: first.stack, slack: 0 }).bytes : side
  const other = instantiate(bytes, {
    env: { ...one.exports, __memory_base: 64 },
    'GOT.mem': {
      shared: new (globalThis as unknown as { WebAssembly: { Global: new (...args: unknown[]) => unknown } }).WebAssembly.Global(
        { value: 'i32', mutable: true },
        900,
      ),
    },
  })
  const exports = { ...one.exports, ...other.exports } as Linked['exports']
  return { exports, memory: one.memory, fuel: one.exports.__fuel as never }
}

test('it does what it did, with its own numbers moved by one', () => {
  const [plain, metered] = [linked(false), linked(true)]
  for (const { exports, memory } of [plain, metered]) {
    expect([memory[COUNTER], (exports.forty as unknown as { value: number }).value]).toEqual([42, 40]) // by its start
    expect([exports.countdown?.(5), exports.run?.(3), exports.through?.(4), exports.deep?.(20)]).toEqual([0, 7, 7, 0])
    expect(exports.globals?.(1)).toBe(42 + 900 + 64 + 1)
    expect(Buffer.from(memory.subarray(64, 66)).toString()).toBe('hi')
  }
  const { Module } = (
    globalThis as unknown as { WebAssembly: { Module: { new (bytes: Uint8Array): unknown; imports(module: unknown): { name: string }[] } } }
  ).WebAssembly
  const names = (bytes: Uint8Array) => Module.imports(new Module(bytes)).map(({ name }) => name)
  expect(names(meter(side, { kind: 'side' }).bytes)).toEqual([...names(side), '__fuel', '__fuel_check'])
})

test('it pays from the fuel of the main module, and the host is asked for more in its midst', () => {
  const { exports, fuel } = linked(true)
  const before = fuel.value
  exports.countdown?.(10)
  expect(before - fuel.value).toBe(51n) // ten turns of five, and one
  let asked = 0
  const other = linked(true, () => {
    asked++
    if (asked === 1) other.fuel.value += 200n
  })
  other.fuel.value = 100n
  expect(() => other.exports.deep?.(60)).toThrow(/unreachable/)
  expect(asked).toBe(2)
})

test('its recursion ends where that of the main module does', () => {
  const { exports } = linked(true)
  expect(exports.deep?.(100)).toBe(0)
  expect(() => linked(true).exports.deep?.(101)).toThrow(/unreachable/)
})

test('so does that by way of what it imports though it has it: its linker leads such calls back to it', () => {
  const [stack, own] = [{ floor: 65_536 - 1600, top: 65_536 }, [0, 1]]
  // `one` calls `two`, `two` calls `one`, each by its import
  const code = (other: number) => [...get(0), 0x04, i32, ...downOne, ...call(other), ...int(1), ADD, 0x05, ...int(0), 0x0b]
  const bytes = assemble({
    types: [type([i32], [i32])],
    imports: [importOf.function('env', 'one', 0), importOf.function('env', 'two', 0), importOf.global('env', '__stack_pointer', i32)],
    functions: [0, 0],
    exports: ['one', 'two'].map((name, i) => exportOf(name, 'function', 2 + i)),
    bodies: own.map((i) => body([], code(1 - i))),
  })
  const { exports } = instantiate(meter(main, { exhausted: 'more', stack: 1600 }).bytes, { env: { more: () => undefined } })
  const linkedTo: Record<string, (n: number) => number> = {}
  const led = { one: (n: number) => linkedTo.one?.(n), two: (n: number) => linkedTo.two?.(n) }
  Object.assign(linkedTo, instantiate(meter(bytes, { kind: 'side', stack }).bytes, { env: { ...exports, ...led } }).exports)
  expect(linkedTo.one?.(200)).toBe(200) // one frame for both
  expect(() => linkedTo.one?.(202)).toThrow(/unreachable/)
})
