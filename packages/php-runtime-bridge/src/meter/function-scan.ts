import { Blocks } from './blocks.js'
import type { ByteReader } from './byte-reader.js'
import { Edit, type Edits } from './edits.js'
import { malformed, unsupported } from './fault.js'
import type { Frames } from './frames.js'
import { costOf, Immediates, immediatesOf, Op } from './instructions.js'
import type { ModuleShape } from './module-shape.js'
import { DEAD, type Segments } from './segments.js'
import { type Renumbering, skipBlockType, skipValueType } from './types.js'
import { leftBy, Top, type ValueRules, ValueScan } from './value-scan.js'

export interface ScanRules extends ValueRules {
  readonly shape: ModuleShape
  /** Number of the global that is the stack pointer; -1 where none is to be checked. */
  readonly stackPointer: number
  /** Where functions get a frame on the shadow stack. */
  readonly frames: Frames | undefined
  readonly renumbering: Renumbering
}

/** Most bytes of a function, and most of its locals: what engines take. */
const FUNCTION_BYTES_MAX = 7_654_321
const LOCALS_MAX = 50_000

/** Looks through one function's body, once, for where something is to be put in. One object serves all functions of a module. */
export class FunctionScan {
  readonly #rules: ScanRules
  readonly #segments: Segments
  readonly #edits: Edits
  readonly #blocks: Blocks
  readonly #values: ValueScan
  // What the instruction before left on top of the stack; `#before` is that while the next is looked at.
  readonly #before = { kind: Top.plain as number, value: 0 }
  #top: number = Top.plain
  #framedCalls: ReadonlySet<number> | undefined
  #framedIndirect = false
  /** Of the function looked at last: whether it gets a frame around it. */
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
    this.#blocks = new Blocks(segments, edits)
    this.#values = new ValueScan(rules, segments, edits, this.#blocks)
  }

  /** Of the function looked at last: whether it calls another. */
  get calls(): boolean {
    return this.#blocks.calls
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
    this.#readLocals(reader, params)
    this.codeAt = reader.at
    this.#blocks.start(reader.at)
    while (this.#blocks.depth > 0) {
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
    this.#top = Top.plain
    if (before >= Top.made32) this.#values.settle(reader, from, opcode, before)
    this.#segments.add(this.#blocks.current, costOf[opcode] as number)
    switch (immediatesOf[opcode]) {
      case Immediates.none:
        this.#plain(reader, from, opcode, before)
        return
      case Immediates.local:
        if (reader.u32() >= this.locals) malformed('a local variable that is not there', from)
        return
      case Immediates.integer:
        this.#oneInteger(reader, from, opcode)
        return
      case Immediates.memory:
        this.#values.access(reader, from, opcode)
        return
      case Immediates.blockType:
        if (opcode === Op.loop) this.#blocks.beginLoop(from)
        skipBlockType(reader)
        this.#blocks.begin(opcode, reader.at)
        return
      case Immediates.global:
        this.#global(reader, opcode)
        return
      case Immediates.function:
        this.#function(reader, from, opcode)
        return
      case Immediates.twoIntegers:
        reader.u32()
        reader.u32()
        this.#indirectCall(from, reader.at, opcode === Op.returnCallIndirect)
        return
      case Immediates.bytes4:
        reader.skip(4)
        return
      case Immediates.bytes8:
        reader.skip(8)
        return
      case Immediates.labels:
        for (let labels = reader.count() + 1; labels > 0; labels--) this.#branchTo(reader)
        this.#blocks.leave()
        return
      case Immediates.memoryIndex:
        this.#values.size(reader, from, opcode)
        return
      case Immediates.valueTypes:
        for (let types = reader.count(); types > 0; types--) skipValueType(reader)
        return
      case Immediates.heapType:
        reader.skipInteger()
        return
      case Immediates.catches:
        this.#tryTable(reader, opcode)
        return
      case Immediates.prefix:
        this.#before.kind = before
        this.#values.prefixed(reader, from, opcode, this.#before)
        return
      default:
        unsupported(`instruction 0x${opcode.toString(16)}`, from)
    }
  }

  #plain(reader: ByteReader, from: number, opcode: number, before: number): void {
    switch (opcode) {
      case Op.end:
        this.#blocks.end(reader.at)
        return
      case Op.else:
        this.#blocks.else(reader.at)
        return
      case Op.catchAll:
        this.#blocks.catch(reader.at)
        return
      case Op.return:
        if (this.framed) this.#edits.add(Edit.return, from, reader.at, this.#blocks.depth - 1)
        this.#blocks.leave()
        return
      case Op.unreachable:
      case Op.throwRef:
        this.#blocks.leave()
        return
      default:
        this.#top = leftBy(opcode, before)
    }
  }

  #oneInteger(reader: ByteReader, from: number, opcode: number): void {
    switch (opcode) {
      case Op.i32Const:
        this.#top = Top.constant
        this.#before.value = reader.s32()
        return
      case Op.br:
        this.#branchTo(reader)
        this.#blocks.leave()
        return
      case Op.brIf:
      case Op.brOnNull:
      case Op.brOnNonNull:
        this.#branchTo(reader)
        this.#blocks.goOn(reader.at)
        return
      case Op.catch:
        reader.u32()
        this.#blocks.catch(reader.at)
        return
      case Op.delegate:
        // ends a try: as `end` does
        reader.u32()
        this.#blocks.end(reader.at)
        return
      case Op.throw:
      case Op.rethrow:
        reader.u32()
        this.#blocks.leave()
        return
      case Op.callRef:
      case Op.returnCallRef:
        reader.u32()
        this.#indirectCall(from, reader.at, opcode === Op.returnCallRef)
        return
      default:
        reader.skipInteger()
    }
  }

  #global(reader: ByteReader, opcode: number): void {
    const from = reader.at
    const index = reader.u32()
    const { shape, renumbering, stackPointer } = this.#rules
    if (index >= shape.globals.length) malformed('a global that is not there', from)
    const renumbered = renumbering.global(index)
    if (renumbered !== index) this.#edits.add(Edit.index, from, reader.at, renumbered)
    if (opcode === Op.globalSet && index === stackPointer && this.#blocks.current !== DEAD)
      this.#edits.add(Edit.stack, reader.at, reader.at, this.#rules.writes?.beginsFrame(from) ? 1 : 0)
  }

  #function(reader: ByteReader, from: number, opcode: number): void {
    const indexAt = reader.at
    const index = reader.u32()
    const { shape, renumbering } = this.#rules
    if (index >= shape.functions) malformed('a function that is not there', from)
    const atEnd = opcode === Op.returnCall
    const framed = this.#framedCalls?.has(index) ?? false
    if (opcode !== Op.refFunc) this.#beginCall(from, atEnd, framed)
    const renumbered = renumbering.function(index)
    if (renumbered !== index) this.#edits.add(Edit.index, indexAt, reader.at, renumbered)
    if (opcode !== Op.refFunc) this.#endCall(reader.at, atEnd, framed)
  }

  #indirectCall(from: number, to: number, atEnd: boolean): void {
    this.#beginCall(from, atEnd, this.#framedIndirect)
    this.#endCall(to, atEnd, this.#framedIndirect)
  }

  #beginCall(from: number, atEnd: boolean, framed: boolean): void {
    this.#blocks.countCall()
    if (atEnd && this.framed) this.#edits.add(Edit.frameEnd, from, from, 0)
    if (!atEnd && framed) this.#edits.add(Edit.frame, from, from, 0)
  }

  #endCall(to: number, atEnd: boolean, framed: boolean): void {
    if (atEnd) this.#blocks.leave()
    else if (framed) this.#edits.add(Edit.frameEnd, to, to, 0)
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
    this.#blocks.begin(opcode, reader.at)
  }

  #branchTo(reader: ByteReader): void {
    this.#blocks.branchTo(reader.u32(), reader.at)
  }
}
