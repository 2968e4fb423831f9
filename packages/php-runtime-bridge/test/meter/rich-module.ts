import {
  assemble,
  block,
  body,
  br,
  brIf,
  type Code,
  call,
  custom,
  exportOf,
  f32,
  f64,
  float32,
  float64,
  get,
  global,
  i32,
  i64,
  importOf,
  int,
  loop,
  s,
  set,
  tee,
  text,
  type,
  u,
  v128,
  when,
} from './assembler.js'

const ADD = 0x6a
const SUB = 0x6b
const DROP = 0x1a
const simd = (opcode: number, ...immediates: number[]): number[] => [0xfd, ...u(opcode), ...immediates]
const bulk = (opcode: number, ...immediates: number[]): number[] => [0xfc, ...u(opcode), ...immediates]

/** What a function with one integer for parameter and result does, by what of WebAssembly it shows. It may use locals 1 to 3, and memory. */
export const shapes: Readonly<Record<string, Code>> = {
  'a block left by a branch': [...block([...get(0), ...brIf(0), ...int(5), ...set(0)]), ...get(0)],
  'a block with a result': block([...get(0), ...get(0), ...brIf(0), DROP, ...int(9)], i32),
  'a loop': [...loop([...get(1), ...get(0), ADD, ...set(1), ...get(0), ...int(1), SUB, ...tee(0), ...brIf(0)]), ...get(1)],
  'loops in a loop': [
    ...loop([
      ...int(3),
      ...set(2),
      ...loop([...get(1), ...int(1), ADD, ...set(1), ...get(2), ...int(1), SUB, ...tee(2), ...brIf(0)]),
      ...[...get(0), ...int(1), SUB, ...tee(0), ...brIf(0)],
    ]),
    ...get(1),
  ],
  'if and else': [...get(0), ...when([...get(0), ...int(2), 0x6c], int(-1), i32)],
  'an if alone': [...get(0), ...when([...int(77), ...set(1)]), ...get(1)],
  'a table of branches': [
    ...block([...block([...block([...get(0), 0x0e, 2, 0, 1, 2]), ...int(10), ...set(1), ...br(1)]), ...int(20), ...set(1)]),
    ...[...get(1), ...get(0), ADD],
  ],
  'a return from the midst': [
    ...block(loop([...get(0), ...int(3), 0x4a, ...when([...get(0), 0x0f]), ...get(0), ...int(1), ADD, ...set(0), ...br(0)])),
    0x00,
  ],
  'code after what never goes on': [...get(0), 0x0f, ...loop([...int(1), DROP, ...br(0)]), 0x00],
  'more values than one': [0x10, 1, ADD],
  'a block that takes a value': [...get(0), 0x02, 3, ...int(4), ADD, 0x0b],
  'a loop that takes a value': [
    ...get(0),
    0x03,
    3,
    ...tee(1),
    ...int(7),
    0x4e,
    ...when([...get(1), 0x0f]),
    ...get(1),
    ...int(1),
    ADD,
    ...br(0),
    0x0b,
  ],
  'calls by way of the table': [...get(0), ...int(1), 0x11, ...u(0), 0],
  'a call at the end': [...get(0), 0x12, 2],
  'a call at the end, by way of the table': [...get(0), ...int(1), 0x13, 0, 0],
  'a call of the host': [...get(0), ...call(0)],
  'an exception that is caught': [0x06, i32, ...get(0), 0x08, 0, 0x07, 0, ...int(1), ADD, 0x0b],
  'an exception of any kind, caught, and one let go': [0x06, i32, 0x06, i32, ...get(0), 0x08, 0, 0x19, 0x09, 0, 0x0b, 0x07, 0, 0x0b],
  'an exception that a block around it is given': [0x06, i32, 0x06, i32, ...get(0), 0x08, 0, 0x18, 0, 0x07, 0, ...int(3), ADD, 0x0b],
  'memory filled, copied and given': [
    ...[...int(0), ...int(7), ...get(0), ...bulk(11, 0)],
    ...[...int(100), ...int(0), ...int(16), ...bulk(10, 0, 0)],
    ...[...int(200), ...int(1), ...int(3), ...bulk(8, 1, 0), ...bulk(9, 1)],
    ...[...int(100), 0x2d, 0, 0, ...int(200), 0x2d, 0, 0, ADD],
  ],
  'memory that grows': [...int(1), 0x40, 0, DROP, 0x3f, 0],
  'tables: size, growth, filling, copies and elements': [
    ...[0xd2, 2, ...int(2), ...bulk(15, 0), DROP, ...int(4), 0xd2, 2, ...int(1), ...bulk(17, 0)],
    ...[...int(5), ...int(0), ...int(1), ...bulk(14, 0, 0), ...int(6), ...int(0), ...int(1), ...bulk(12, 1, 0), ...bulk(13, 1)],
    ...[...int(4), 0x25, 0, 0xd1, ...int(0), 0xd0, 0x70, 0x26, 0, ...bulk(16, 0), ADD],
  ],
  'conversions that saturate': [...get(0), 0xb7, ...bulk(2), ...get(0), 0xac, 0xb9, ...bulk(6), 0xa7, ADD],
  'sign extension and 64 bits': [...get(0), 0xc0, 0xac, 0x42, ...s(-(2n ** 40n)), 0x7c, 0xa7],
  'a choice between references': [...get(0), 0xd2, 2, 0xd0, 0x70, ...get(0), 0x1c, 1, 0x70, 0xd1, ADD],
  'global variables': [...get(0), 0x24, 0, 0x23, 0, 0x23, 1, ADD],
  'vectors: arithmetic, lanes, memory, constants, shuffles': [
    ...[...get(0), ...simd(17), ...simd(12, ...Array.from({ length: 16 }, (_, i) => i)), ...simd(174), 0x21, 4],
    ...[...int(0), 0x20, 4, ...simd(11, 4, 0), ...int(0), ...simd(0, 4, 16), 0x20, 4],
    ...[...simd(13, ...Array.from({ length: 16 }, (_, i) => 31 - i)), 0x21, 4],
    ...[
      ...int(64),
      0x20,
      4,
      ...simd(88, 0, 0, 3),
      ...int(0),
      ...simd(92, 2, 0),
      0x20,
      4,
      ...simd(78),
      ...simd(27, 1),
      ...int(64),
      0x2d,
      0,
      0,
      ADD,
    ],
  ],
  'atomic operations': [...int(0), ...get(0), 0xfe, 0x1e, 2, 0, 0xfe, 3, 0, ...int(0), 0xfe, 0x10, 2, 0, ADD],
  floats: [...get(0), 0xb2, ...float32(1.5), 0x92, 0xbb, ...float64(2.25), 0xa2, 0xaa],
}

const customBefore = custom('dylink.0', [1, 4, 0, 0, 0, 0])
const customAfter = [...custom('name', [1, 2, 3]), ...custom('producers', [0])]

/** All of them in one module, each exported by its name; and with sections of every kind. A side module has a stack pointer, and no state of its own. */
export function richModule({ customSections = true, side = false } = {}): Uint8Array {
  const names = Object.keys(shapes)
  const twoValues = body([], [...int(30), ...int(12)])
  const leaf = body([], [...get(0), ...int(100), ADD])
  const functions = [twoValues, leaf, ...Object.values(shapes).map((one) => body([i32, i32, i32, v128, f32, f64], one))]
  return assemble({
    ...(customSections ? { before: customBefore, after: customAfter } : {}),
    types: [type([i32], [i32]), type([], [i32, i32]), type([], []), type([i32], [i32]), type([i32], [])],
    imports: [importOf.function('host', 'double', 0), ...(side ? [importOf.global('env', '__stack_pointer', i32)] : [])],
    functions: [1, 0, ...names.map(() => 0)],
    tables: [[0x70, 1, 8, 32]],
    memories: [[1, 1, 8]],
    tags: [[0, 4]],
    globals: [
      ...(side ? [] : [global(i32, true, int(11))]),
      global(i32, false, int(31)),
      global(i64, !side, [0x42, 5]),
      global(f64, !side, float64(1)),
    ],
    exports: [
      ...names.map((name, i) => exportOf(name, 'function', i + 3)),
      exportOf('memory', 'memory', 0),
      exportOf('counter', 'global', 0),
      exportOf('__stack_pointer', 'global', 0),
      exportOf('table', 'table', 0),
      exportOf('tag', 'tag', 0),
    ],
    elements: [
      [0, ...int(0), 0x0b, 3, 2, 2, 1],
      [1, 0, 1, 2],
      [3, 0, 1, 2],
      [4, ...int(3), 0x0b, 1, 0xd2, 2, 0x0b],
      [7, 0x70, 1, 0xd0, 0x70, 0x0b],
    ],
    dataCount: 2,
    bodies: functions,
    data: [
      [0, ...int(32), 0x0b, ...text('given')],
      [1, ...text('passive')],
    ],
  })
}
