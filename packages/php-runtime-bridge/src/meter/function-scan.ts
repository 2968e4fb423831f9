import type { ByteReader } from './byte-reader.js'
import { Edit, type Edits } from './edits.js'
import { malformed, unsupported } from './fault.js'
import type { Frames } from './frames.js'
import { BULK_COST, Bulk, costOf, Immediates, immediatesOf, nanLanesOf, Op, Simd, simdImmediates, simdIsKnown } from './instructions.js'
import type { ModuleShape } from './module-shape.js'
import { NotedWrites } from './noted-writes.js'
import { DEAD, type Segments } from './segments.js'
import { type Renumbering, skipBlockType, skipValueType } from './types.js'

export interface ScanRules {
  readonly shape: ModuleShape
  /** Number of the global that is the stack pointer; -1 where none is to be checked. */
  readonly stackPointer: number
  /** Where functions get a frame on the shadow stack. */
  readonly frames: Frames | undefined
  readonly canonicalNaNs: boolean
  readonly renumbering: Renumbering
  /** Whether what is written to is noted. */
  readonly notesWrites: boolean
  /** Fuel of one operation on a whole piece of memory: its bytes, shifted right so far. */
  readonly bulkShift: number
}

/** Most bytes of a function, and most of its locals: what engines take. */
const FUNCTION_BYTES_MAX = 7_654_321
const LOCALS_MAX = 50_000

const Frame = { block: 0, loop: 1, if: 2, else: 3 } as const

// What the instruction before left on top of the stack.
const PLAIN = 0
const CONSTANT = 1
/** A float whose bits are the same on every machine. */
const SAME_BITS = 2

/** Looks through one function's body, once, for where something is to be put in. One object serves all functions of a module. */
export class FunctionScan {
  readonly #rules: ScanRules
  readonly #segments: Segments
  readonly #edits: Edits
  readonly #writes = new NotedWrites()
  readonly #kinds: number[] = []
  /** Of each open block: the segment in which it began. */
  readonly #outer: number[] = []
  /** Of each: whether a branch leads to its end. */
  readonly #reached: boolean[] = []
  /** Of each open block that is a loop: its edit, and how many calls there were where it began. */
  readonly #loops: number[] = []
  readonly #callsBefore: number[] = []
  #callCount = 0
  #current = DEAD
  #top = PLAIN
  #constant = 0
  #framedCalls: ReadonlySet<number> | undefined
  #framedIndirect = false
  /** Of the function looked at last: whether it calls another. */
  calls = false
  /** Whether it gets a frame around it. */
  framed = false
  locals = 0
  localGroups = 0
  /** Where its local variables, and its instructions, begin. */
  localsAt = 0
  codeAt = 0

  constructor(rules: ScanRules, segments: Segments, edits: Edits) {
    this.#rules = rules
    this.#segments = segments
    this.#edits = edits
  }

  /** Function `number` of those with code. `reader` is at its size, and then at its end. */
  scan(reader: ByteReader, number: number, params: number): number {
    const { frames } = this.#rules
    this.framed = frames?.whole[number] === 1
    this.#framedIndirect = frames?.indirect[number] === 1
    this.#framedCalls = frames?.calls.get(number)
    const length = reader.count()
    const end = reader.at + length
    if (length > FUNCTION_BYTES_MAX) unsupported('a function that is too long', reader.at)
    this.#segments.clear()
    this.#edits.clear()
    this.#writes.begin()
    this.calls = false
    this.#callCount = 0
    this.#loops.length = 0
    this.#callsBefore.length = 0
    this.#readLocals(reader, params)
    this.codeAt = reader.at
    this.#current = this.#beginSegment(reader.at, true, DEAD)
    this.#kinds.length = 0
    this.#outer.length = 0
    this.#reached.length = 0
    this.#open(Frame.block, this.#current)
    while (this.#kinds.length > 0) {
      if (reader.at >= end) malformed('a function that does not end', reader.at)
      this.#instruction(reader)
    }
    if (reader.at !== end) malformed('a function longer or shorter than it says', reader.at)
    return end
  }

  #readLocals(reader: ByteReader, params: number): void {
    this.localGroups = reader.count(2)
    this.localsAt = reader.at
    let locals = params
    for (let i = 0; i < this.localGroups; i++) {
      locals += reader.u32()
      skipValueType(reader)
    }
    if (locals > LOCALS_MAX) unsupported('a function with too many local variables', reader.at)
    this.locals = locals
  }

  #instruction(reader: ByteReader): void {
    const from = reader.at
    const opcode = reader.byte()
    const before = this.#top
    this.#top = PLAIN
    this.#segments.add(this.#current, costOf[opcode] as number)
    switch (immediatesOf[opcode]) {
      case Immediates.none:
        this.#plain(reader, from, opcode, before)
        return
      case Immediates.local:
        this.#local(reader, from, opcode)
        return
      case Immediates.integer:
        this.#oneInteger(reader, from, opcode)
        return
      case Immediates.memory:
        this.#memoryAccess(reader, from, opcode, before)
        return
      case Immediates.blockType:
        if (opcode === Op.loop) this.#beginLoop(from)
        skipBlockType(reader)
        this.#begin(reader, opcode)
        return
      case Immediates.global:
        this.#global(reader, opcode)
        return
      case Immediates.function:
        this.#function(reader, from, opcode)
        return
      case Immediates.twoIntegers:
        this.#writes.pop(1)
        this.#callOfType(reader.u32())
        reader.u32()
        this.#indirectCall(from, reader.at, opcode === Op.returnCallIndirect)
        return
      case Immediates.bytes4:
        reader.skip(4)
        this.#writes.push(-1)
        this.#top = SAME_BITS
        return
      case Immediates.bytes8:
        reader.skip(8)
        this.#writes.push(-1)
        this.#top = SAME_BITS
        return
      case Immediates.labels:
        for (let labels = reader.count() + 1; labels > 0; labels--) this.#branchTo(reader)
        this.#writes.forgetOperands()
        this.#current = DEAD
        return
      case Immediates.memoryIndex:
        if (reader.byte() !== 0) unsupported('more than one memory', from)
        if (opcode === Op.memoryGrow) this.#writes.replace(1)
        else this.#writes.push(-1)
        // a page is 64 KiB of zeros
        if (opcode === Op.memoryGrow && this.#current !== DEAD) this.#edits.add(Edit.lengthLeft, from, from, 16 - this.#rules.bulkShift)
        return
      case Immediates.valueTypes:
        this.#writes.forgetOperands()
        for (let types = reader.count(); types > 0; types--) skipValueType(reader)
        return
      case Immediates.heapType:
        this.#writes.forgetOperands()
        reader.skipInteger()
        return
      case Immediates.catches:
        this.#tryTable(reader, opcode)
        return
      case Immediates.prefix:
        this.#prefixed(reader, from, opcode, before)
        return
      default:
        unsupported(`instruction 0x${opcode.toString(16)}`, from)
    }
  }

  #local(reader: ByteReader, from: number, opcode: number): void {
    const local = reader.u32()
    if (local >= this.locals) malformed('a local variable that is not there', from)
    this.#writes.local(opcode, local)
  }

  #plain(reader: ByteReader, from: number, opcode: number, before: number): void {
    this.#writes.plain(opcode)
    switch (opcode) {
      case Op.end:
        this.#end(reader)
        return
      case Op.else:
        this.#else(reader)
        return
      case Op.catchAll:
        this.#catch(reader)
        return
      case Op.return:
        if (this.framed) this.#edits.add(Edit.return, from, reader.at, this.#kinds.length - 1)
        this.#current = DEAD
        return
      case Op.unreachable:
      case Op.throwRef:
        this.#current = DEAD
        return
      case Op.i32ReinterpretF32:
      case Op.f32Copysign:
        this.#observe(from, before, Edit.nan32)
        return
      case Op.i64ReinterpretF64:
      case Op.f64Copysign:
        this.#observe(from, before, Edit.nan64)
        return
      default:
        // conversions of integers, and bits that are what they were
        if ((opcode >= 0xb2 && opcode <= 0xb5) || (opcode >= 0xb7 && opcode <= 0xba) || opcode === 0xbe || opcode === 0xbf)
          this.#top = SAME_BITS
    }
  }

  #oneInteger(reader: ByteReader, from: number, opcode: number): void {
    switch (opcode) {
      case Op.i32Const:
        this.#top = CONSTANT
        this.#constant = reader.s32()
        this.#writes.constant(this.#constant)
        return
      case Op.br:
        this.#branchTo(reader)
        this.#writes.forgetOperands()
        this.#current = DEAD
        return
      case Op.brIf:
      case Op.brOnNull:
      case Op.brOnNonNull:
        this.#branchTo(reader)
        if (opcode === Op.brIf) this.#writes.pop(1)
        else this.#writes.forgetOperands()
        this.#current = this.#beginSegment(reader.at, false, this.#current)
        return
      case Op.catch:
        reader.u32()
        this.#catch(reader)
        return
      case Op.delegate:
        // ends a try: as `end` does
        reader.u32()
        this.#end(reader)
        return
      case Op.throw:
      case Op.rethrow:
        reader.u32()
        this.#current = DEAD
        return
      case Op.callRef:
      case Op.returnCallRef:
        reader.u32()
        this.#indirectCall(from, reader.at, opcode === Op.returnCallRef)
        return
      default:
        reader.skipInteger()
        if (opcode === Op.i64Const) this.#writes.push(-1)
        else this.#writes.forgetOperands()
    }
  }

  #memoryAccess(reader: ByteReader, from: number, opcode: number, before: number): void {
    const offset = offsetOf(reader)
    if (opcode === Op.f64Store) this.#observe(from, before, Edit.nan64)
    else if (opcode === Op.f32Store) this.#observe(from, before, Edit.nan32)
    if (opcode >= Op.i32Store && opcode <= Op.i64Store32) {
      if (this.#writes.store(offset, STORE_BYTES_MAX)) this.#note(from, storeEdits[opcode - Op.i32Store] as number, offset)
      return
    }
    this.#writes.replace(1)
    if (opcode === Op.f32Load || opcode === Op.f64Load) this.#top = SAME_BITS
  }

  #note(from: number, edit: number, offset: number): void {
    if (this.#rules.notesWrites && this.#current !== DEAD) this.#edits.add(edit, from, from, offset)
  }

  /** A float's bits are about to be seen: a NaN must have the same ones everywhere. */
  #observe(from: number, before: number, edit: number): void {
    if (this.#rules.canonicalNaNs && before !== SAME_BITS && this.#current !== DEAD) this.#edits.add(edit, from, from, 0)
  }

  #global(reader: ByteReader, opcode: number): void {
    const from = reader.at
    const index = reader.u32()
    const { shape, renumbering, stackPointer } = this.#rules
    if (index >= shape.globals.length) malformed('a global that is not there', from)
    const renumbered = renumbering.global(index)
    if (renumbered !== index) this.#edits.add(Edit.index, from, reader.at, renumbered)
    if (opcode === Op.globalGet) {
      if (index === stackPointer) this.#writes.stackPointer()
      else this.#writes.push(-1)
    } else if (index !== stackPointer) this.#writes.pop(1)
    else {
      const noted = this.#writes.setStackPointer()
      if (this.#current !== DEAD) this.#edits.add(Edit.stack, reader.at, reader.at, noted && this.#rules.notesWrites ? 1 : 0)
    }
  }

  #function(reader: ByteReader, from: number, opcode: number): void {
    const indexAt = reader.at
    const index = reader.u32()
    const { shape, renumbering } = this.#rules
    if (index >= shape.functions) malformed('a function that is not there', from)
    const atEnd = opcode === Op.returnCall
    const framed = this.#framedCalls?.has(index) ?? false
    if (opcode === Op.refFunc) this.#writes.push(-1)
    else {
      this.#callOfType(functionTypeOf(shape, index))
      this.#beginCall(from, atEnd, framed)
    }
    const renumbered = renumbering.function(index)
    if (renumbered !== index) this.#edits.add(Edit.index, indexAt, reader.at, renumbered)
    if (opcode !== Op.refFunc) this.#endCall(reader.at, atEnd, framed)
  }

  #callOfType(type: number): void {
    const { params, results } = this.#rules.shape.types[type] ?? malformed('a type that is not there', 0)
    this.#writes.pop(params)
    for (let i = 0; i < results; i++) this.#writes.push(-1)
  }

  #indirectCall(from: number, to: number, atEnd: boolean): void {
    this.#beginCall(from, atEnd, this.#framedIndirect)
    this.#endCall(to, atEnd, this.#framedIndirect)
  }

  #beginCall(from: number, atEnd: boolean, framed: boolean): void {
    this.calls = true
    this.#callCount++
    if (atEnd && this.framed) this.#edits.add(Edit.frameEnd, from, from, 0)
    if (!atEnd && framed) this.#edits.add(Edit.frame, from, from, 0)
  }

  #endCall(to: number, atEnd: boolean, framed: boolean): void {
    if (atEnd) this.#current = DEAD
    else if (framed) this.#edits.add(Edit.frameEnd, to, to, 0)
  }

  #prefixed(reader: ByteReader, from: number, prefix: number, before: number): void {
    const opcode = reader.u32()
    // of a store of a lane or a whole vector nothing is known
    this.#writes.forgetOperands()
    if (prefix === Op.bulk) {
      this.#bulk(reader, from, opcode, before)
      return
    }
    if (prefix === Op.atomic) {
      if (opcode >= ATOMIC_STORE && this.#rules.notesWrites) unsupported('an atomic store where writes are noted', from)
      if (opcode === 3) reader.byte()
      else if (opcode <= 2 || (opcode >= 0x10 && opcode <= 0x4e)) skipMemoryArgument(reader)
      else unsupported(`instruction 0xfe 0x${opcode.toString(16)}`, from)
      return
    }
    if (!simdIsKnown(opcode)) unsupported(`instruction 0xfd 0x${opcode.toString(16)}`, from)
    if (opcode === Simd.f32x4Splat || opcode === Simd.f32x4ReplaceLane) this.#observe(from, before, Edit.nan32)
    if (opcode === Simd.f64x2Splat || opcode === Simd.f64x2ReplaceLane) this.#observe(from, before, Edit.nan64)
    const form = simdImmediates(opcode)
    const offset = form === 2 || form === 3 ? offsetOf(reader) : 0
    if (opcode === Simd.v128Store || (opcode >= Simd.v128Store8Lane && opcode <= Simd.v128Store64Lane))
      this.#note(from, Edit.storeV128, offset)
    if (form === 1 || form === 3) reader.byte()
    if (form === 4) reader.skip(16)
    const lanes = nanLanesOf(opcode)
    if (lanes !== 0) this.#observe(reader.at, PLAIN, lanes === 32 ? Edit.nanLanes32 : Edit.nanLanes64)
  }

  /** Saturating conversions, and what works on whole pieces of memory and tables. */
  #bulk(reader: ByteReader, from: number, opcode: number, before: number): void {
    if (opcode < Bulk.memoryInit) return
    if (opcode > Bulk.tableFill) unsupported(`instruction 0xfc 0x${opcode.toString(16)}`, from)
    this.#segments.add(this.#current, BULK_COST - 1)
    const two = opcode === Bulk.memoryInit || opcode === Bulk.memoryCopy || opcode === Bulk.tableInit || opcode === Bulk.tableCopy
    const first = reader.u32()
    const second = two ? reader.u32() : 0
    const ofMemory = opcode <= Bulk.memoryFill && opcode !== Bulk.dataDrop
    if (ofMemory && (opcode === Bulk.memoryInit ? second : first | second) !== 0) unsupported('more than one memory', from)
    if (opcode === Bulk.dataDrop || opcode === Bulk.elemDrop || opcode === Bulk.tableSize || this.#current === DEAD) return
    const shift = ofMemory ? this.#rules.bulkShift : 0
    if (before === CONSTANT) this.#segments.add(this.#current, this.#constant >>> shift)
    else this.#edits.add(Edit.length, from, from, shift)
    if (ofMemory) this.#note(from, Edit.writePiece, 0)
  }

  #beginSegment(at: number, head: boolean, base: number): number {
    const segment = head ? this.#segments.beginHead() : this.#segments.begin(base)
    if (segment !== DEAD) this.#edits.add(Edit.charge, at, at, segment)
    return segment
  }

  #beginLoop(from: number): void {
    this.#loops.push(this.#edits.at.length)
    this.#callsBefore.push(this.#callCount)
    this.#edits.add(Edit.loop, from, from, 0)
  }

  #endLoop(): void {
    const edit = this.#loops.pop() as number
    if (this.#callsBefore.pop() === this.#callCount) this.#edits.value[edit] = this.#edits.at.length
  }

  #open(kind: number, outer: number): void {
    this.#writes.openBlock(kind === Frame.loop)
    this.#kinds.push(kind)
    this.#outer.push(outer)
    this.#reached.push(false)
  }

  #begin(reader: ByteReader, opcode: number): void {
    const outer = this.#current
    this.#open(opcode === Op.loop ? Frame.loop : opcode === Op.if ? Frame.if : Frame.block, outer)
    // What can throw may leave a try at any of its calls; what follows its end is then paid for where it began.
    if (opcode === Op.try) this.#reached[this.#reached.length - 1] = true
    if (opcode === Op.loop && outer !== DEAD) this.#current = this.#beginSegment(reader.at, true, DEAD)
    if (opcode === Op.if) this.#current = this.#beginSegment(reader.at, false, outer)
  }

  #tryTable(reader: ByteReader, opcode: number): void {
    skipBlockType(reader)
    for (let catches = reader.count(2); catches > 0; catches--) {
      const kind = reader.byte()
      if (kind > 3) malformed('a catch of an unknown kind', reader.at)
      if (kind < 2) reader.u32()
      // labels count from outside the try_table
      this.#branchTo(reader)
    }
    this.#begin(reader, opcode)
  }

  #else(reader: ByteReader): void {
    const top = this.#kinds.length - 1
    if (this.#kinds[top] !== Frame.if) malformed('an else without its if', reader.at)
    if (this.#current !== DEAD) this.#reached[top] = true
    this.#kinds[top] = Frame.else
    this.#writes.nextArm()
    this.#current = this.#beginSegment(reader.at, false, this.#outer[top] as number)
  }

  #catch(reader: ByteReader): void {
    this.#writes.nextArm()
    this.#current = this.#beginSegment(reader.at, false, this.#outer[this.#outer.length - 1] as number)
  }

  #end(reader: ByteReader): void {
    const kind = this.#kinds.pop()
    this.#writes.endBlock()
    const outer = this.#outer.pop() as number
    const reached = this.#reached.pop() as boolean
    if (kind === Frame.loop) this.#endLoop()
    if (this.#kinds.length === 0) return
    // nothing but the straight way leads here: the piece goes on
    if (kind === Frame.block && !reached) return
    // an end that no way leads to
    if (this.#current === DEAD && (kind === Frame.loop || (kind === Frame.else && !reached))) return
    this.#current = this.#beginSegment(reader.at, false, outer)
  }

  #branchTo(reader: ByteReader): void {
    const label = reader.u32()
    const target = this.#reached.length - 1 - label
    if (target < 0) malformed('a branch to no block', reader.at)
    this.#reached[target] = true
  }
}

function skipMemoryArgument(reader: ByteReader): void {
  offsetOf(reader)
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
/** The widest store there is without a prefix is of 8. */
const STORE_BYTES_MAX = 8

function functionTypeOf({ importedFunctions, functionTypes }: ModuleShape, index: number): number {
  const own = index - importedFunctions.length
  return own < 0 ? (importedFunctions[index]?.type ?? -1) : (functionTypes[own] ?? -1)
}
