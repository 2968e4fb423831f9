import { malformed } from './fault.js'
import { InstructionReader } from './instruction-reader.js'
import { Op } from './instructions.js'

/** Calls that a function makes while it has no frame on the shadow stack. Calls at its end (`return_call`) are none: it is gone by then. */
export interface BareCalls {
  /** Functions with code that it calls, by number among those; and those of them that it calls in loops. */
  readonly direct: ReadonlySet<number>
  readonly looped: ReadonlySet<number>
  /** Whether it calls by way of the table or a reference, which may lead anywhere. */
  readonly indirect: boolean
  readonly loopedIndirect: boolean
}

/** Frames of fewer bytes count as none. */
export const FRAME_BYTES = 16

/**
 * Looks through one function, whose size is written at `from`.
 * @param withCode by number in the module: a function's number among those with code; below 0 for others
 */
export function bareCallsOf(bytes: Uint8Array, from: number, end: number, stackPointer: number, withCode: Int32Array): BareCalls {
  const walk = new DepthWalk(new InstructionReader(bytes, from, end), stackPointer, withCode)
  if (walk.sure) return walk
  return new DepthWalk(new InstructionReader(bytes, from, end), NO_GLOBAL, withCode)
}

const NO_GLOBAL = -1
/** The depth where no way leads. */
const NOWHERE = Number.POSITIVE_INFINITY

interface Block {
  readonly kind: number
  /** Depth where it begins. */
  readonly depth: number
  /** Least depth of what leads to its end. */
  least: number
}

/**
 * Follows in one pass how far a function has lowered the stack pointer, and takes only what is sure. Compilers write
 * `global.get $sp; i32.const n; i32.sub; local.tee x; global.set $sp` at the begin, `local.get x; i32.const n; i32.add; global.set $sp` at the end and
 * `local.get x; global.set $sp` in a catch; the same where one function is written into another. Any other setting counts as no frame.
 */
class DepthWalk implements BareCalls {
  readonly direct = new Set<number>()
  readonly looped = new Set<number>()
  indirect = false
  loopedIndirect = false
  /** Not where a local that held the stack pointer is set again, or a loop goes on with less of a frame than it began with. */
  sure = true
  readonly #stackPointer: number
  #depth = 0
  #loops = 0
  readonly #blocks: Block[] = [{ kind: Op.block, depth: 0, least: NOWHERE }]
  /** Of each local that holds the stack pointer: how deep it was then. */
  readonly #saved = new Map<number, number>()
  /** The four instructions before, as places of a ring: `#at` is that of the next. */
  readonly #opcodes = new Uint8Array(4)
  readonly #values = new Int32Array(4)
  #at = 0

  constructor(reader: InstructionReader, stackPointer: number, withCode: Int32Array) {
    this.#stackPointer = stackPointer
    while (!reader.done) {
      const opcode = reader.next()
      this.#step(opcode, reader.value, reader.labels, withCode)
      this.#opcodes[this.#at & 3] = opcode
      this.#values[this.#at & 3] = reader.value
      this.#at++
    }
  }

  #step(opcode: number, value: number, labels: readonly number[], withCode: Int32Array): void {
    switch (opcode) {
      case Op.call:
        if (this.#depth < FRAME_BYTES) this.#callDirectly(withCode[value] ?? -1)
        break
      case Op.callIndirect:
      case Op.callRef:
        if (this.#depth < FRAME_BYTES) {
          this.indirect = true
          if (this.#loops > 0) this.loopedIndirect = true
        }
        break
      case Op.globalSet:
        if (value === this.#stackPointer) this.#setStackPointer()
        break
      case Op.localSet:
      case Op.localTee:
        this.#setLocal(value)
        break
      case Op.tryTable:
        // where an exception comes from, the stack pointer is not known
        for (const label of labels) this.#branch(label, 0)
        this.#begin(opcode)
        break
      case Op.block:
      case Op.loop:
      case Op.if:
      case Op.try:
        this.#begin(opcode)
        break
      case Op.else:
      case Op.catch:
      case Op.catchAll:
        this.#alternative(opcode)
        break
      case Op.end:
      case Op.delegate:
        this.#end()
        break
      case Op.br:
        this.#branch(value, this.#depth)
        this.#depth = NOWHERE
        break
      case Op.brIf:
      case Op.brOnNull:
      case Op.brOnNonNull:
        this.#branch(value, this.#depth)
        break
      case Op.brTable:
        for (const label of labels) this.#branch(label, this.#depth)
        this.#depth = NOWHERE
        break
      case Op.return:
      case Op.unreachable:
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
        this.#depth = NOWHERE
    }
  }

  #callDirectly(callee: number): void {
    if (callee < 0) return
    this.direct.add(callee)
    if (this.#loops > 0) this.looped.add(callee)
  }

  #opcode(back: number): number {
    return this.#opcodes[(this.#at - back) & 3] as number
  }

  #value(back: number): number {
    return this.#values[(this.#at - back) & 3] as number
  }

  #setStackPointer(): void {
    const kept = this.#opcode(1) === Op.localTee ? 1 : 0
    const bytes = this.#value(kept + 2)
    const lowered = this.#opcode(kept + 1) === Op.i32Sub && this.#opcode(kept + 2) === Op.i32Const && bytes > 0
    const raised = this.#opcode(1) === Op.i32Add && this.#opcode(2) === Op.i32Const && this.#opcode(3) === Op.localGet
    if (lowered && this.#opcode(kept + 3) === Op.globalGet && this.#value(kept + 3) === this.#stackPointer) {
      this.#depth += bytes
      if (kept === 1) this.#save(this.#value(1))
    } else if (this.#opcode(1) === Op.localGet) this.#depth = this.#saved.get(this.#value(1)) ?? 0
    else if (raised) this.#depth = (this.#saved.get(this.#value(3)) ?? 0) - bytes
    else this.#depth = 0
  }

  #setLocal(local: number): void {
    if (this.#opcode(1) === Op.globalGet && this.#value(1) === this.#stackPointer) this.#save(local)
    else if (this.#saved.size > 0 && this.#saved.has(local)) this.sure = false
  }

  #save(local: number): void {
    const before = this.#saved.get(local)
    // `local.tee`, just before, has been taken for another value
    if (before !== undefined && before !== this.#depth) this.sure = false
    this.#saved.set(local, this.#depth)
  }

  #begin(kind: number): void {
    this.#blocks.push({ kind, depth: this.#depth, least: NOWHERE })
    if (kind === Op.loop) this.#loops++
  }

  #alternative(kind: number): void {
    const block = this.#blocks.pop() ?? malformed('a piece of no block', 0)
    this.#blocks.push({ kind, depth: block.depth, least: Math.min(block.least, this.#depth) })
    this.#depth = kind === Op.else ? block.depth : 0
  }

  #end(): void {
    const block = this.#blocks.pop() ?? malformed('an end of no block', 0)
    if (block.kind === Op.loop) this.#loops--
    else this.#depth = Math.min(this.#depth, block.least, block.kind === Op.if ? block.depth : NOWHERE)
  }

  #branch(label: number, depth: number): void {
    const block = this.#blocks[this.#blocks.length - 1 - label]
    if (!block) return
    if (block.kind !== Op.loop) block.least = Math.min(block.least, depth)
    else if (depth < block.depth) this.sure = false
  }
}
