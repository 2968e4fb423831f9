import type { Blocks } from './blocks.js'
import type { ByteReader } from './byte-reader.js'
import { Edit, type Edits } from './edits.js'
import { unsupported } from './fault.js'
import { BULK_COST, Bulk, nanLanesOf, Op, Simd, simdImmediates, simdIsKnown } from './instructions.js'
import type { NotedWrites } from './noted-writes.js'
import { DEAD, type Segments } from './segments.js'

export interface ValueRules {
  readonly canonicalNaNs: boolean
  /** Which writes to memory are noted anyway; none where they are not to be noted. */
  readonly writes: NotedWrites | undefined
  /** Fuel of one operation on a whole piece of memory: its bytes, shifted right so far. */
  readonly bulkShift: number
}

/** What an instruction left on top of the stack, as far as the next one asks. */
export const Top = { plain: 0, constant: 1, made32: 2, made64: 3 } as const
export interface TopValue {
  /** `made32`, `made64`: a float out of arithmetic, which may be a NaN with the machine's own bits. */
  kind: number
  /** Of a constant. */
  value: number
}

/** Finds where values need something put in: where a float out of arithmetic goes on as bits, before memory is written to, where pieces of memory are worked on. */
export class ValueScan {
  readonly #rules: ValueRules
  readonly #segments: Segments
  readonly #edits: Edits
  readonly #blocks: Blocks

  constructor(rules: ValueRules, segments: Segments, edits: Edits, blocks: Blocks) {
    this.#rules = rules
    this.#segments = segments
    this.#edits = edits
    this.#blocks = blocks
  }

  /**
   * The next instruction, `opcode`, finds what arithmetic made on top of the stack. Unless that is arithmetic too, a NaN gets its one form here, before it is kept, moved or
   * seen: further on nobody can tell it from the bits of an integer that a compiler moves as a float, which must stay as they are.
   */
  settle(reader: ByteReader, from: number, opcode: number, made: number): void {
    const saturates = opcode === Op.bulk && (reader.bytes[reader.at] as number) < Bulk.memoryInit
    if (opcode !== Op.drop && !saturates && !takesFloat(opcode, made === Top.made32))
      this.#canonical(from, made === Top.made32 ? Edit.nan32 : Edit.nan64)
  }

  #canonical(at: number, edit: number): void {
    if (this.#rules.canonicalNaNs && this.#blocks.current !== DEAD) this.#edits.add(edit, at, at, 0)
  }

  /** A load or a store. */
  access(reader: ByteReader, from: number, opcode: number): void {
    const offset = offsetOf(reader)
    if (opcode >= Op.i32Store && opcode <= Op.i64Store32) this.#note(from, storeEdits[opcode - Op.i32Store] as number, offset)
  }

  /** memory.size and memory.grow. */
  size(reader: ByteReader, from: number, opcode: number): void {
    if (reader.byte() !== 0) unsupported('more than one memory', from)
    // a page is 64 KiB of zeros
    if (opcode === Op.memoryGrow && this.#blocks.current !== DEAD) this.#edits.add(Edit.lengthLeft, from, from, 16 - this.#rules.bulkShift)
  }

  /** An instruction of two parts. `top` is what lies on the stack before it. */
  prefixed(reader: ByteReader, from: number, prefix: number, top: TopValue): void {
    const opcode = reader.u32()
    if (prefix === Op.bulk) this.#bulk(reader, from, opcode, top)
    else if (prefix === Op.atomic) this.#atomic(reader, from, opcode)
    else this.#vector(reader, from, opcode)
  }

  #atomic(reader: ByteReader, from: number, opcode: number): void {
    if (opcode >= ATOMIC_STORE && this.#rules.writes) unsupported('an atomic store where writes are noted', from)
    if (opcode === 3) reader.byte()
    else if (opcode <= 2 || (opcode >= 0x10 && opcode <= 0x4e)) offsetOf(reader)
    else unsupported(`instruction 0xfe 0x${opcode.toString(16)}`, from)
  }

  #vector(reader: ByteReader, from: number, opcode: number): void {
    if (!simdIsKnown(opcode)) unsupported(`instruction 0xfd 0x${opcode.toString(16)}`, from)
    const form = simdImmediates(opcode)
    const offset = form === 2 || form === 3 ? offsetOf(reader) : 0
    if (opcode === Simd.v128Store || (opcode >= Simd.v128Store8Lane && opcode <= Simd.v128Store64Lane))
      this.#note(from, Edit.storeV128, offset)
    if (form === 1 || form === 3) reader.byte()
    if (form === 4) reader.skip(16)
    const lanes = nanLanesOf(opcode)
    if (lanes !== 0) this.#canonical(reader.at, lanes === 32 ? Edit.nanLanes32 : Edit.nanLanes64)
  }

  /** Saturating conversions, and what works on whole pieces of memory and tables. */
  #bulk(reader: ByteReader, from: number, opcode: number, top: TopValue): void {
    if (opcode < Bulk.memoryInit) return
    if (opcode > Bulk.tableFill) unsupported(`instruction 0xfc 0x${opcode.toString(16)}`, from)
    const { current } = this.#blocks
    this.#segments.add(current, BULK_COST - 1)
    const two = opcode === Bulk.memoryInit || opcode === Bulk.memoryCopy || opcode === Bulk.tableInit || opcode === Bulk.tableCopy
    const first = reader.u32()
    const second = two ? reader.u32() : 0
    const ofMemory = opcode <= Bulk.memoryFill && opcode !== Bulk.dataDrop
    if (ofMemory && (opcode === Bulk.memoryInit ? second : first | second) !== 0) unsupported('more than one memory', from)
    if (opcode === Bulk.dataDrop || opcode === Bulk.elemDrop || opcode === Bulk.tableSize || current === DEAD) return
    const shift = ofMemory ? this.#rules.bulkShift : 0
    if (top.kind === Top.constant) this.#segments.add(current, top.value >>> shift)
    else this.#edits.add(Edit.length, from, from, shift)
    if (ofMemory) this.#note(from, Edit.writePiece, 0)
  }

  /** Memory is about to be written to. */
  #note(from: number, edit: number, offset: number): void {
    const { writes } = this.#rules
    if (writes && !writes.isNoted(from) && this.#blocks.current !== DEAD) this.#edits.add(edit, from, from, offset)
  }
}

/** What a scalar instruction leaves on top of the stack; `before`: what was there. */
export function leftBy(opcode: number, before: number): number {
  if ((opcode >= Op.f32Ceil && opcode < Op.f32Copysign) || opcode === Op.f32DemoteF64) return Top.made32
  if ((opcode >= Op.f64Ceil && opcode < Op.f64Copysign) || opcode === Op.f64PromoteF32) return Top.made64
  // a sign is put to what was made, or taken from it
  return opcode === Op.f32Abs || opcode === Op.f32Neg || opcode === Op.f64Abs || opcode === Op.f64Neg ? before : Top.plain
}

/** Whether it takes a float for what it is worth: arithmetic (but for copysign, which sees a bit), comparisons, conversions. */
function takesFloat(opcode: number, narrow: boolean): boolean {
  if (narrow)
    return (
      (opcode >= Op.f32Eq && opcode <= Op.f32Ge) ||
      (opcode >= Op.f32Abs && opcode < Op.f32Copysign) ||
      truncations32.includes(opcode) ||
      opcode === Op.f64PromoteF32
    )
  return (
    (opcode >= Op.f64Eq && opcode <= Op.f64Ge) ||
    (opcode >= Op.f64Abs && opcode < Op.f64Copysign) ||
    truncations64.includes(opcode) ||
    opcode === Op.f32DemoteF64
  )
}
const truncations32: readonly number[] = [0xa8, 0xa9, 0xae, 0xaf]
const truncations64: readonly number[] = [0xaa, 0xab, 0xb0, 0xb1]

function offsetOf(reader: ByteReader): number {
  // an alignment of 64 and more is the mark of another memory than the first
  if (reader.u32() >= 64) unsupported('more than one memory', reader.at)
  return reader.u32()
}

/** From i32.store to i64.store32, as they are numbered. */
const storeEdits = [
  Edit.storeI32,
  Edit.storeI64,
  Edit.storeF32,
  Edit.storeF64,
  Edit.storeI32,
  Edit.storeI32,
  Edit.storeI64,
  Edit.storeI64,
  Edit.storeI64,
]
/** After 0xfe: the first that writes. */
const ATOMIC_STORE = 0x17
