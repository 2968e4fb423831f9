/** Opcodes that the meter treats by themselves. */
export const Op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i64Load: 0x29,
  f32Load: 0x2a,
  f64Load: 0x2b,
  i32Store: 0x36,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32GeU: 0x4f,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f32Ge: 0x60,
  f64Eq: 0x61,
  f64Ge: 0x66,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Sub: 0x7d,
  i64ShrU: 0x88,
  f32Abs: 0x8b,
  f32Neg: 0x8c,
  f32Ceil: 0x8d,
  f32Copysign: 0x98,
  f64Abs: 0x99,
  f64Neg: 0x9a,
  f64Ceil: 0x9b,
  f64Copysign: 0xa6,
  i64ExtendI32U: 0xad,
  f32DemoteF64: 0xb6,
  f64PromoteF32: 0xbb,
  i32ReinterpretF32: 0xbc,
  i64ReinterpretF64: 0xbd,
  f64ReinterpretI64: 0xbf,
  refNull: 0xd0,
  refIsNull: 0xd1,
  refFunc: 0xd2,
  refEq: 0xd3,
  refAsNonNull: 0xd4,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  gc: 0xfb,
  bulk: 0xfc,
  simd: 0xfd,
  atomic: 0xfe,
} as const

/** What follows an opcode. */
export const Immediates = {
  unknown: 0,
  none: 1,
  integer: 2,
  twoIntegers: 3,
  /** alignment and offset: an access to memory */
  memory: 4,
  bytes4: 5,
  bytes8: 6,
  blockType: 7,
  labels: 8,
  valueTypes: 9,
  heapType: 10,
  catches: 11,
  function: 12,
  global: 13,
  local: 14,
  prefix: 15,
  /** memory.size and memory.grow: the number of a memory, which is 0 */
  memoryIndex: 16,
} as const

const immediates = new Uint8Array(256)
const set = (kind: number, ...opcodes: readonly number[]) => {
  for (const opcode of opcodes) immediates[opcode] = kind
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
set(Immediates.none, 0x00, 0x01, Op.else, Op.throwRef, Op.end, Op.return, Op.catchAll, Op.drop, Op.select)
set(Immediates.blockType, Op.block, Op.loop, Op.if, Op.try)
set(Immediates.catches, Op.tryTable)
set(Immediates.integer, Op.catch, Op.throw, Op.rethrow, Op.br, Op.brIf, Op.callRef, Op.returnCallRef, Op.delegate)
set(Immediates.labels, Op.brTable)
set(Immediates.function, Op.call, Op.returnCall, Op.refFunc)
set(Immediates.twoIntegers, Op.callIndirect, Op.returnCallIndirect)
set(Immediates.valueTypes, Op.selectTyped)
set(Immediates.local, Op.localGet, Op.localSet, Op.localTee)
set(Immediates.global, Op.globalGet, Op.globalSet)
set(Immediates.integer, 0x25, 0x26) // table.get, table.set
set(Immediates.memory, ...range(0x28, 0x3e))
set(Immediates.memoryIndex, Op.memorySize, Op.memoryGrow)
set(Immediates.integer, Op.i32Const, Op.i64Const)
set(Immediates.bytes4, Op.f32Const)
set(Immediates.bytes8, Op.f64Const)
set(Immediates.none, ...range(0x45, 0xc4))
set(Immediates.heapType, Op.refNull)
set(Immediates.none, Op.refIsNull, Op.refEq, Op.refAsNonNull)
set(Immediates.integer, Op.brOnNull, Op.brOnNonNull)
set(Immediates.prefix, Op.bulk, Op.simd, Op.atomic)
export const immediatesOf: Readonly<Uint8Array> = immediates

/** After 0xfc. */
export const Bulk = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17,
} as const

/** After 0xfd. */
export const Simd = {
  v128Store: 11,
  const: 12,
  shuffle: 13,
  i32x4Splat: 17,
  f32x4Splat: 19,
  f64x2Splat: 20,
  f32x4ReplaceLane: 32,
  f64x2ReplaceLane: 34,
  v128Store8Lane: 88,
  v128Store64Lane: 91,
  f32x4Eq: 65,
  f64x2Eq: 71,
  bitselect: 82,
  /** From here on results differ by machine, by design ("relaxed"). */
  relaxed: 256,
} as const

/** How a vector instruction goes on: 0 nothing, 1 a lane, 2 an access to memory, 3 that and a lane, 4 sixteen bytes. */
export function simdImmediates(opcode: number): number {
  if (opcode <= 11 || opcode === 92 || opcode === 93) return 2
  if (opcode === Simd.const || opcode === Simd.shuffle) return 4
  if (opcode >= 21 && opcode <= 34) return 1
  if (opcode >= 84 && opcode <= 91) return 3
  return 0
}

/** Arithmetic whose NaNs may have any bits: ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max and conversions. */
const vectorFloat32 = new Set([94, 103, 104, 105, 106, 227, 228, 229, 230, 231, 232, 233])
const vectorFloat64 = new Set([95, 116, 117, 122, 148, 239, 240, 241, 242, 243, 244, 245])
/** 32 or 64: a vector instruction whose result may have NaNs in such lanes. */
export function nanLanesOf(opcode: number): 0 | 32 | 64 {
  if (vectorFloat32.has(opcode)) return 32
  return vectorFloat64.has(opcode) ? 64 : 0
}

/** Not given out in the specification. */
export function simdIsKnown(opcode: number): boolean {
  return (
    opcode < Simd.relaxed &&
    ![154, 162, 165, 166, 175, 176, 178, 179, 180, 187, 194, 197, 198, 207, 208, 210, 211, 212, 226, 238].includes(opcode)
  )
}

/** Of an operation on a whole piece of memory or a table, beside what its length costs. */
export const BULK_COST = 16

/**
 * Fuel of one instruction, about in proportion to the time it takes. Marks of structure cost nothing: no machine code comes of them. What
 * calls cost beside their callee is the frame. Bulk operations cost by their length in addition, at run time.
 */
const costs = new Uint8Array(256).fill(1)
for (const opcode of [0x01, Op.block, Op.loop, Op.else, Op.try, Op.catch, Op.catchAll, Op.delegate, Op.tryTable, Op.end]) costs[opcode] = 0
for (const opcode of [Op.call, Op.returnCall]) costs[opcode] = 4
for (const opcode of [Op.callIndirect, Op.returnCallIndirect, Op.callRef, Op.returnCallRef]) costs[opcode] = 8
for (const opcode of [0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3]) costs[opcode] = 8 // division, square root
for (const opcode of [Op.throw, Op.rethrow, Op.throwRef]) costs[opcode] = 255 // the stack is unwound
costs[Op.memoryGrow] = BULK_COST
export const costOf: Readonly<Uint8Array> = costs
