import { beforeAll, expect, test } from 'vitest'
import { sideShapeOf } from '../../src/linker/side-shape.js'
import { trampolinesOf } from '../../src/linker/trampolines.js'
import { cxxRuntime } from '../../src/node/linker/cxx-runtime.js'
import { Linker } from '../../src/node/linker/linker.js'
import type { Exports, Table } from '../../src/node/linker/wasm-linking.js'
import { type WasmModule, wasm } from '../../src/node/wasm-api.js'
import { assemble, body, exportOf, f64, get, global, i32, i64, importOf, type Parts, type as signature, u } from '../meter/assembler.js'
import { dylink, type Host, mainModule, memoryInfo, newHost, sideModuleOf, sideParts } from './modules.js'

let main: WasmModule
beforeAll(async () => {
  main = await wasm.compile(mainModule)
})
const tableOf = (host: Host) => host.exports.__indirect_function_table as Table
const failure = (detail: unknown) => expect.objectContaining({ failure: { code: 'LINK_FAILED', side: 'side', detail } })

test('what a side module wants is read from its section dylink.0', () => {
  const shape = sideShapeOf(assemble(sideParts), 'side')
  expect(shape.needs).toEqual({ memoryBytes: 32, memoryAlignment: 16, tableSlots: 1, tableAlignment: 1 })
  expect(shape.ownImports.map(({ name, params }) => [name, params])).toEqual([['own', 1]])
  expect([...shape.importNames].sort()).toEqual([
    '__indirect_function_table',
    '__memory_base',
    '__table_base',
    'double',
    'inTable',
    'main_data',
    'memory',
    'negate',
    'nobody',
    'own',
    'side_data',
  ])
})

test.each<[string, Parts, string]>([
  ['none', {}, 'no section dylink.0'],
  ['an empty one', { before: dylink() }, 'no memory info in dylink.0'],
  ['only of other kinds', { before: dylink([7, 2, 1, 2]) }, 'no memory info in dylink.0'],
  ['another module needed', { before: dylink(memoryInfo(), [2, 3, 1, 1, 0x61]) }, 'needs another side module'],
  ['an alignment that cannot be', { before: dylink(memoryInfo({ align: 40 })) }, 'an alignment of 2^40'],
])('a section dylink.0 that will not do: %s', (_, parts, detail) => {
  expect(() => sideShapeOf(assemble(parts), 'side')).toThrow(failure(detail))
})

test.each<[string, Parts]>([
  ['a part that is cut short', { before: dylink([1, 9, 1]) }],
  ['memory info that is longer than it is', { before: dylink([1, 5, 16, 4, 1, 0, 0]) }],
])('malformed: %s', (_, parts) => {
  expect(() => sideShapeOf(assemble(parts), 'side')).toThrow(expect.objectContaining({ code: 'METER_MALFORMED' }))
})

test('trampolines pass every kind of argument and result on, in any number', async () => {
  const types = [signature([i64, f64, i32], [f64]), signature([], []), signature([i32, i32], [i32])]
  const parts: Parts = {
    before: dylink(memoryInfo()),
    types,
    imports: ['mixed', 'none', 'sub', 'again'].map((name, i) => importOf.function('env', name, [0, 1, 2, 2][i] as number)),
    functions: [0, 1, 2, 2],
    exports: ['mixed', 'none', 'sub', 'again'].map((name, i) => exportOf(name, 'function', 4 + i)),
    bodies: [
      body([], [...get(0), 0xb9, ...get(1), 0xa2, ...get(2), 0xb7, 0xa0]),
      body([], []),
      body([], [...get(0), ...get(1), 0x6b]),
      body([], [...get(0), ...get(1), 0x6a]),
    ],
  }
  const { ownImports } = sideShapeOf(assemble(parts), 'side')
  const host = newHost(main)
  const table = tableOf(host)
  const first = table.grow(4)
  const linking = (globalThis as unknown as { WebAssembly: { Global: new (type: object, value: number) => never } }).WebAssembly
  const env = { __indirect_function_table: table as never, first_slot: new linking.Global({ value: 'i32', mutable: false }, first) }
  const trampolines = new wasm.Instance(await wasm.compile(trampolinesOf(ownImports)), { env }).exports as Record<
    string,
    (...a: never[]) => unknown
  >
  const real = new wasm.Instance(await wasm.compile(assemble(parts)), { env: trampolines as never }).exports
  for (const [i, { name }] of ownImports.entries()) table.set(first + i, real[name] as never)
  const call = (name: string, ...args: unknown[]) => (trampolines[name] as (...a: unknown[]) => unknown)(...args)
  expect([call('mixed', 3n, 0.5, -1), call('none'), call('sub', 9, 4), call('again', 9, 4)]).toEqual([0.5, undefined, 5, 13])
})

test('data and functions get addresses, one each, and calls find what they name', async () => {
  const host = newHost(main)
  const linker = new Linker(host, [await sideModuleOf(sideParts)])
  const library = linker.open('side')
  const [linked] = linker.linked
  expect(linked).toMatchObject({ name: 'side', memoryBase: 1040, tableBase: 3 })
  // in the table: 1 double, 3 inTable, 4 the trampoline's own; behind them what was asked for and lay nowhere
  expect([...(linked?.addresses ?? [])]).toEqual([512, 1040 + 28, 1, 5, 4, 3])
  expect(linked?.pointers).toEqual([{ slot: 5, of: 'main', name: 'negate' }])
  const side = library?.exports
  expect([0, 1, 2, 3, 4, 5].map((i) => host.call(side, 'word', i))).toEqual([...(linked?.addresses ?? [])])
  expect([1, 3, 4, 5].map((slot) => host.call(side, 'through', slot))).toEqual([42, 28, 121, -21])
  expect(host.call(side, 'viaOwn', 5)).toBe(110)
  expect(host.call(side, 'word', 6), 'constructors ran').toBe(1)
  expect(linker.open('side')).toBe(library)
  expect([linker.open('other'), linker.symbol('other', 'own')]).toEqual([undefined, undefined])
})

test('a function that nobody has can be linked; calling it traps', async () => {
  const host = newHost(main)
  const linker = new Linker(host, [await sideModuleOf(sideParts)])
  const side = linker.open('side')?.exports
  expect(linker.absent).toEqual(['nobody'])
  expect(() => host.call(side, 'callNobody', 1)).toThrow('trapped')
})

test('symbols are found as dlsym finds them', async () => {
  const host = newHost(main)
  const linker = new Linker(host, [await sideModuleOf(sideParts)])
  const side = linker.open('side')?.exports
  const symbols = ['own', 'inTable', 'viaOwn', 'viaOwn', 'side_data', 'double', 'nothing'].map((name) => linker.symbol('side', name))
  expect(symbols).toEqual([4, 3, 6, 6, 1040 + 28, undefined, undefined])
  expect(host.call(side, 'through', 6)).toBe(142)
  expect(linker.linked[0]?.pointers).toHaveLength(2)
})

test('linked again to another instance, it is the same: places, table, and what was asked for later', async () => {
  const first = newHost(main)
  const sides = [await sideModuleOf(sideParts)]
  const linker = new Linker(first, sides)
  linker.open('side')
  linker.symbol('side', 'viaOwn')
  const memory = first.bytes.slice()
  const linked = structuredClone(linker.linked)

  const second = newHost(main)
  const again = new Linker(second, sides)
  again.replay(linked)
  again.replay(linked)
  second.bytes.set(memory)
  expect(again.linked).toEqual(linker.linked)
  const [one, two] = [tableOf(first), tableOf(second)]
  expect(two.length).toBe(one.length)
  const side = again.open('side')?.exports as Exports
  for (let slot = 0; slot < one.length; slot++) {
    expect(two.get(slot) === null, `slot ${slot}`).toBe(one.get(slot) === null)
    if (one.get(slot)) expect(second.call(side, 'through', slot)).toBe(first.call(linker.open('side')?.exports, 'through', slot))
  }
  expect([second.call(side, 'viaOwn', 5), second.call(side, 'word', 6)]).toEqual([110, 1])
})

test('an instance whose table grew otherwise is linked at the recorded places all the same', async () => {
  const sides = [await sideModuleOf(sideParts)]
  const linker = new Linker(newHost(main), sides)
  linker.open('side')
  const host = newHost(main)
  tableOf(host).grow(9)
  const again = new Linker(host, sides)
  again.replay(linker.linked)
  expect(host.call(again.open('side')?.exports, 'through', 4)).toBe(121)
})

test.each<[string, Parts, string]>([
  ['data that nobody has', { imports: [importOf.global('GOT.mem', 'lost', i32)] }, 'nobody has lost'],
  ['an address of a function that nobody has', { imports: [importOf.global('GOT.func', 'lost', i32)] }, 'nobody has lost'],
  ['a global that nobody has', { imports: [importOf.global('env', 'lost', i32)] }, 'nobody has the global lost'],
  ['another module', { types: [signature([], [])], imports: [importOf.function('wasi', 'exit', 0)] }, 'imports from wasi'],
  ['data asked for as a function', { imports: [importOf.global('GOT.func', 'main_data', i32)] }, 'nobody has main_data'],
])('not linked: %s', async (_, parts, detail) => {
  const linker = new Linker(newHost(main), [await sideModuleOf({ before: dylink(memoryInfo()), ...parts })])
  expect(() => linker.open('side')).toThrow(failure(detail))
})

test('a module that was linked and is not at hand', async () => {
  const linker = new Linker(newHost(main), [await sideModuleOf(sideParts)])
  linker.open('side')
  expect(() => new Linker(newHost(main), []).replay(linker.linked)).toThrow(failure('not at hand'))
})

test('tables and memory are aligned as wanted', async () => {
  const parts: Parts = {
    before: dylink(memoryInfo({ bytes: 8, align: 6, slots: 2, slotAlign: 4 })),
    imports: [importOf.global('env', '__memory_base', i32, 0)],
    globals: [global(i32, false, [0x23, ...u(0)])],
    exports: [exportOf('where', 'global', 1)],
  }
  const linker = new Linker(newHost(main), [await sideModuleOf(parts)])
  linker.open('side')
  expect(linker.linked[0]).toMatchObject({ memoryBase: 1088, tableBase: 16 })
})

test('new and delete of C++ are the C library’s, and new never answers 0', () => {
  const calls: string[] = []
  const runtime = cxxRuntime(
    (bytes = 0) => (bytes > 100 ? 0 : bytes + 1),
    (at) => calls.push(`free ${at}`),
    () => {
      throw new Error('no memory')
    },
  )
  expect([runtime._Znwm?.(4), runtime._Znam?.(8)]).toEqual([5, 9])
  expect(() => runtime._Znwm?.(101)).toThrow('no memory')
  runtime._ZdlPv?.(5)
  runtime._ZdaPv?.(9)
  expect(calls).toEqual(['free 5', 'free 9'])
})
