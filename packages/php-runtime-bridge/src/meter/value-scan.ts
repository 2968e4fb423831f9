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
export const Top = { plain: 0, constant: 1, sameBits: 2 } as const
export interface TopValue {
  /** `sameBits`: a float whose bits are the same on every machine. */
  kind: number
  /** Of a constant. */
  value: number
}

/** Finds where values need something put in: before a float's bits are seen, before memory is written to, where pieces of memory are worked on. */
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

  /** A float's bits are about to be seen: a NaN must have the same ones everywhere. */
  observe(from: number, top: number, edit: number): void {
    if (this.#rules.canonicalNaNs && top !== Top.sameBits && this.#blocks.current !== DEAD) this.#edits.add(edit, from, from, 0)
  }

  /** A load or a store. @returns what it leaves */
  access(reader: ByteReader, from: number, opcode: number, top: number): number {
    const offset = offsetOf(reader)
    if (opcode === Op.f64Store) this.observe(from, top, Edit.nan64)
    else if (opcode === Op.f32Store) this.observe(from, top, Edit.nan32)
    if (opcode >= Op.i32Store && opcode <= Op.i64Store32) this.#note(from, storeEdits[opcode - Op.i32Store] as number, offset)
    return opcode === Op.f32Load || opcode === Op.f64Load ? Top.sameBits : Top.plain
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
    else this.#vector(reader, from, opcode, top.kind)
  }

  #atomic(reader: ByteReader, from: number, opcode: number): void {
    if (opcode >= ATOMIC_STORE && this.#rules.writes) unsupported('an atomic store where writes are noted', from)
    if (opcode === 3) reader.byte()
    else if (opcode <= 2 || (opcode >= 0x10 && opcode <= 0x4e)) offsetOf(reader)
    else unsupported(`instruction 0xfe 0x${opcode.toString(16)}`, from)
  }

  #vector(reader: ByteReader, from: number, opcode: number, top: number): void {
    if (!simdIsKnown(opcode)) unsupported(`instruction 0xfd 0x${opcode.toString(16)}`, from)
    if (opcode === Simd.f32x4Splat || opcode === Simd.f32x4ReplaceLane) this.observe(from, top, Edit.nan32)
    if (opcode === Simd.f64x2Splat || opcode === Simd.f64x2ReplaceLane) this.observe(from, top, Edit.nan64)
    const form = simdImmediates(opcode)
    const offset = form === 2 || form === 3 ? offsetOf(reader) : 0
    if (opcode === Simd.v128Store || (opcode >= Simd.v128Store8Lane && opcode <= Simd.v128Store64Lane))
      this.#note(from, Edit.storeV128, offset)
    if (form === 1 || form === 3) reader.byte()
    if (form === 4) reader.skip(16)
    const lanes = nanLanesOf(opcode)
    if (lanes !== 0) this.observe(reader.at, Top.plain, lanes === 32 ? Edit.nanLanes32 : Edit.nanLanes64)
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
