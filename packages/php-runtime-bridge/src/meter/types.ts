import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import { malformed, unsupported } from './fault.js'
import { Op, Simd } from './instructions.js'

export const Type = {
  function: 0x60,
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  /** a block without parameters or results */
  empty: 0x40,
} as const

/** @returns the first byte of the type */
export function skipValueType(reader: ByteReader): number {
  const type = reader.byte()
  // (ref null heap), (ref heap)
  if (type === 0x63 || type === 0x64) reader.skipInteger()
  // numbers, vectors, and the short forms of references
  else if (!((type >= 0x69 && type <= 0x74) || (type >= Type.v128 && type <= Type.i32))) unsupported(`a value of type ${type}`, reader.at)
  return type
}

export function skipBlockType(reader: ByteReader): void {
  const first = reader.bytes[reader.at] as number
  if (reader.at >= reader.end) malformed('ends too early', reader.at)
  if (first === Type.empty) reader.at++
  else if (first > 0x40 && first < 0x80) skipValueType(reader)
  else reader.skipInteger()
}

/** How numbers of functions and globals change by what the meter puts before them. */
export interface Renumbering {
  function(index: number): number
  global(index: number): number
}

const unchanged: Renumbering = { function: (index) => index, global: (index) => index }

/** Passes over a constant expression. @returns its value where it is one i32.const */
export function skipConstant(reader: ByteReader, functions: number, globals: number): number | undefined {
  return copyConstant(reader, functions, globals, undefined, unchanged)
}

/** The same, and writes it with new numbers. */
export function copyConstant(
  reader: ByteReader,
  functions: number,
  globals: number,
  to: ByteWriter | undefined,
  renumbering: Renumbering,
): number | undefined {
  let value: number | undefined
  for (let instructions = 0; ; instructions++) {
    const from = reader.at
    const opcode = reader.byte()
    to?.byte(opcode)
    if (opcode === Op.end) return instructions === 1 ? value : undefined
    if (opcode === Op.globalGet) {
      const index = renumbering.global(indexBelow(reader, globals))
      to?.u32(index)
    } else if (opcode === Op.refFunc) {
      const index = renumbering.function(indexBelow(reader, functions))
      to?.u32(index)
    } else {
      const constant = skipImmediates(reader, opcode, from)
      if (instructions === 0) value = constant
      to?.copy(reader.bytes, from + 1, reader.at)
    }
  }
}

function skipImmediates(reader: ByteReader, opcode: number, from: number): number | undefined {
  if (opcode === Op.i32Const) return reader.s32()
  if (opcode === Op.i64Const || opcode === Op.refNull) reader.skipInteger()
  else if (opcode === Op.f32Const) reader.skip(4)
  else if (opcode === Op.f64Const) reader.skip(8)
  else if (opcode === Op.simd && reader.u32() === Simd.const) reader.skip(16)
  else if (!arithmetic.has(opcode)) unsupported(`instruction 0x${opcode.toString(16)} in a constant`, from)
  return undefined
}
const arithmetic = new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e])

function indexBelow(reader: ByteReader, count: number): number {
  const index = reader.u32()
  if (index >= count) malformed('a function or global that is not there', reader.at)
  return index
}
