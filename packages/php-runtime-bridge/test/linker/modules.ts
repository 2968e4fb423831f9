import { sideShapeOf } from '../../src/linker/side-shape.js'
import { trampolinesOf } from '../../src/linker/trampolines.js'
import type { LinkHost, SideModule } from '../../src/node/linker/linker.js'
import type { Exports, GuestFunction } from '../../src/node/linker/wasm-linking.js'
import { type WasmModule, wasm } from '../../src/node/wasm-api.js'
import {
  assemble,
  body,
  type Code,
  call,
  custom,
  exportOf,
  get,
  global,
  i32,
  importOf,
  int,
  type Parts,
  type as signature,
  u,
} from '../meter/assembler.js'

export interface MemoryInfo {
  readonly bytes?: number
  /** Powers of two. */
  readonly align?: number
  readonly slots?: number
  readonly slotAlign?: number
}
export const memoryInfo = ({ bytes = 16, align = 4, slots = 1, slotAlign = 0 }: MemoryInfo = {}): number[] => {
  const info = [...u(bytes), ...u(align), ...u(slots), ...u(slotAlign)]
  return [1, ...u(info.length), ...info]
}
export const dylink = (...parts: readonly Code[]): number[] => custom('dylink.0', parts.flat())

/** PHP's part: memory, a table whose first places are taken, a function `double` in it, one that is not, and two bytes of data. */
export const mainModule = assemble({
  types: [signature([i32], [i32])],
  functions: [0, 0],
  tables: [[0x70, 0, 3]],
  memories: [[0, 1]],
  globals: [global(i32, true, int(60_000)), global(i32, false, int(512))],
  exports: [
    exportOf('memory', 'memory', 0),
    exportOf('__indirect_function_table', 'table', 0),
    exportOf('__stack_pointer', 'global', 0),
    exportOf('main_data', 'global', 1),
    exportOf('double', 'function', 0),
    exportOf('negate', 'function', 1),
  ],
  elements: [[0, ...int(1), 0x0b, ...u(1), ...u(0)]],
  bodies: [body([], [...get(0), ...int(2), 0x6c]), body([], [...int(0), ...get(0), 0x6b])],
})

const [fnI32, fnNone] = [0, 1]
const [MEMORY_BASE, TABLE_BASE] = [0, 1]
/** Numbers of the imported globals that are its global offset table. */
const GOT = [2, 3, 4, 5, 6, 7]
/**
 * A side module. It imports `own`, which it has; `viaOwn(n)` is own(double(n)). What its global offset table holds goes to its data when it is linked:
 * `word(i)` reads it. `through(slot)` calls what the table has there with 21. `inTable` lies in the table before anybody asks.
 */
export const sideParts: Parts = {
  before: dylink(memoryInfo({ bytes: 32, slots: 1 })),
  types: [signature([i32], [i32]), signature([], [])],
  imports: [
    importOf.memory('env', 'memory'),
    importOf.table('env', '__indirect_function_table'),
    importOf.global('env', '__memory_base', i32, 0),
    importOf.global('env', '__table_base', i32, 0),
    importOf.global('GOT.mem', 'main_data', i32),
    importOf.global('GOT.mem', 'side_data', i32),
    importOf.global('GOT.func', 'double', i32),
    importOf.global('GOT.func', 'negate', i32),
    importOf.global('GOT.func', 'own', i32),
    importOf.global('GOT.func', 'inTable', i32),
    importOf.function('env', 'own', fnI32),
    importOf.function('env', 'double', fnI32),
    importOf.function('env', 'nobody', fnI32),
  ],
  functions: [fnI32, fnI32, fnI32, fnI32, fnNone, fnI32, fnI32, fnNone],
  globals: [global(i32, false, int(28))],
  exports: [
    exportOf('own', 'function', 3),
    exportOf('viaOwn', 'function', 4),
    exportOf('word', 'function', 5),
    exportOf('through', 'function', 6),
    exportOf('__wasm_apply_data_relocs', 'function', 7),
    exportOf('inTable', 'function', 8),
    exportOf('callNobody', 'function', 9),
    exportOf('__wasm_call_ctors', 'function', 10),
    exportOf('side_data', 'global', 8),
  ],
  elements: [[0, 0x23, TABLE_BASE, 0x0b, ...u(1), ...u(8)]],
  bodies: [
    body([], [...get(0), ...int(100), 0x6a]),
    body([], [...get(0), ...call(1), ...call(0)]),
    body([], [0x23, MEMORY_BASE, ...get(0), ...int(4), 0x6c, 0x6a, 0x28, 2, 0]),
    body([], [...int(21), ...get(0), 0x11, fnI32, 0]),
    body(
      [],
      GOT.flatMap((number, i) => [0x23, MEMORY_BASE, 0x23, number, 0x36, 2, 4 * i]),
    ),
    body([], [...get(0), ...int(7), 0x6a]),
    body([], [...get(0), ...call(2)]),
    // the constructor counts how often it ran
    body([], [0x23, MEMORY_BASE, 0x23, MEMORY_BASE, 0x28, 2, 24, ...int(1), 0x6a, 0x36, 2, 24]),
  ],
}

export async function sideModuleOf(parts: Parts, name = 'side'): Promise<SideModule> {
  const bytes = assemble(parts)
  const { needs, ownImports } = sideShapeOf(bytes, name)
  const own = ownImports.map((one) => one.name)
  return { name, module: await wasm.compile(bytes), needs, own, trampolines: await wasm.compile(trampolinesOf(ownImports)) }
}

export interface Host extends LinkHost {
  readonly bytes: Uint8Array
  readonly call: (of: Exports | undefined, name: string, ...args: number[]) => number
}

/** An instance of the main module, with room from 1024 on. */
export function newHost(main: WasmModule): Host {
  const { exports } = new wasm.Instance(main, {})
  const bytes = new Uint8Array((exports.memory as { buffer: ArrayBuffer }).buffer)
  let next = 1024 + 8
  return {
    exports,
    calls: {},
    bytes,
    allocate: (alignment, length) => {
      const at = Math.ceil(next / alignment) * alignment
      next = at + length
      return at
    },
    trap: () => {
      throw new Error('trapped')
    },
    call: (of, name, ...args) => (of as Record<string, GuestFunction>)[name]?.(...args) as number,
  }
}
