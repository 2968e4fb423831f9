import { CARD_MARGIN_BYTES, CARD_SHIFT } from './cards.js'
import { InstructionReader } from './instruction-reader.js'
import { Op } from './instructions.js'
import type { ModuleShape } from './module-shape.js'

/** What is known of a value: the local that it equals (0 and above), or one of these. */
const Known = { nothing: -1, stackPointer: -2, constant: -3, frame: -4 } as const
/** Operands that are followed: an address is rarely further below its store. */
const OPERANDS_MAX = 32
/** The widest store that is followed. */
const STORE_BYTES_MAX = 8
/** Addresses that are constants, by card, beside locals, which are 0 and above. */
const keyOfCard = (address: number): number => -1 - (address >>> CARD_SHIFT)

interface Noted {
  /** Above the local: here it was noted. */
  readonly offset: number
  /** From the local on so many bytes are noted as a whole: its frame on the stack. 0 where it is none. */
  readonly frameBytes: number
  /** Blocks that were open: when the last of them ends, another way may lead on that did not note it. */
  readonly depth: number
}

/**
 * Which stores of one function write where a note was made already on every way to them: close to another store above the same local, to the same card as
 * another, or to the function's frame on the stack, which is noted where the stack pointer is set to the frame's begin. It follows locals and operands
 * through one look at the function; what it does not know is noted.
 */
export class NotedWrites {
  readonly #shape: ModuleShape
  readonly #stackPointer: number
  /** Places of stores that need no note, and of the numbers of stack pointers that are set to a frame. */
  readonly #places = new Set<number>()
  readonly #operands: number[] = []
  /** Of operands: what constant they are, or how large a frame. */
  readonly #values: number[] = []
  readonly #noted = new Map<number, Noted>()
  /** Locals that are the stack pointer less so many bytes. */
  readonly #frames = new Map<number, number>()
  #depth = 0

  /** @param stackPointer number of the global that is kept within bounds; -1 where none is */
  constructor(shape: ModuleShape, stackPointer: number) {
    this.#shape = shape
    this.#stackPointer = stackPointer
  }

  /** Looks through one function, whose size is written at `from`. */
  look(from: number, end: number): void {
    this.#places.clear()
    this.#noted.clear()
    this.#frames.clear()
    this.#forgetOperands()
    this.#depth = 1
    const reader = new InstructionReader(this.#shape.bytes, from, end)
    while (!reader.done) {
      const at = reader.at
      this.#step(reader.next(), reader.value, at)
    }
  }

  /** Whether the store whose opcode is at `from` needs no note of its own. */
  isNoted(from: number): boolean {
    return this.#places.has(from)
  }

  /** Whether the stack pointer, whose number is at `from`, is set to the begin of a frame that is noted there. */
  beginsFrame(from: number): boolean {
    return this.#places.has(from)
  }

  #step(opcode: number, value: number, at: number): void {
    if (opcode >= Op.i32Store && opcode <= Op.i64Store32) {
      if (this.#isKnownStore(value)) this.#places.add(at)
    } else if (opcode >= FIRST_LOAD && opcode < Op.i32Store) this.#replace(1)
    else if (opcode >= FIRST_NUMERIC && opcode <= LAST_NUMERIC) this.#numeric(opcode)
    else this.#other(opcode, value, at)
  }

  #other(opcode: number, value: number, at: number): void {
    switch (opcode) {
      case Op.localGet:
        this.#push(value)
        break
      case Op.localSet:
      case Op.localTee:
        this.#setLocal(value)
        if (opcode === Op.localTee) this.#push(value)
        break
      case Op.globalGet:
        this.#push(value === this.#stackPointer ? Known.stackPointer : Known.nothing)
        break
      case Op.globalSet:
        if (value === this.#stackPointer && this.#beginsFrame()) this.#places.add(at + 1)
        this.#pop(1)
        break
      case Op.i32Const:
        this.#push(Known.constant, value)
        break
      case Op.i64Const:
      case Op.f32Const:
      case Op.f64Const:
        this.#push(Known.nothing)
        break
      case Op.call:
        this.#call(this.#typeOfFunction(value))
        break
      case Op.callIndirect:
        this.#pop(1)
        this.#call(value)
        break
      case Op.drop:
      case Op.brIf:
        this.#pop(1)
        break
      case Op.select:
        this.#replace(3)
        break
      case NOP:
        break
      case Op.loop:
        // its locals may be others the next time round
        this.#noted.clear()
        this.#frames.clear()
        this.#open()
        break
      case Op.block:
      case Op.if:
      case Op.try:
      case Op.tryTable:
        this.#open()
        break
      case Op.end:
      case Op.delegate:
        this.#close()
        break
      case Op.else:
      case Op.catch:
      case Op.catchAll:
        this.#close()
        this.#depth++
        break
      default:
        this.#forgetOperands()
    }
  }

  #open(): void {
    this.#forgetOperands()
    this.#depth++
  }

  /** Code goes on where several ways meet. */
  #close(): void {
    this.#forgetOperands()
    for (const [key, { depth }] of this.#noted) if (depth >= this.#depth) this.#noted.delete(key)
    // of one that came by another way a local may be no frame
    this.#frames.clear()
    this.#depth--
  }

  #setLocal(local: number): void {
    const isFrame = this.#top === Known.frame
    const bytes = this.#values.at(-1) ?? 0
    this.#pop(1)
    this.#noted.delete(local)
    this.#frames.delete(local)
    // operands that were what it was
    for (let i = this.#operands.indexOf(local); i >= 0; i = this.#operands.indexOf(local, i)) this.#operands[i] = Known.nothing
    if (isFrame) this.#frames.set(local, bytes)
  }

  /** The stack pointer is about to be set to a local that is below what it was: all between is stack. */
  #beginsFrame(): boolean {
    const local = this.#top
    const frameBytes = this.#frames.get(local)
    if (frameBytes === undefined) return false
    this.#noted.set(local, { offset: 0, frameBytes, depth: this.#depth })
    return true
  }

  #numeric(opcode: number): void {
    const bytes = this.#values.at(-1) ?? 0
    const isFrame = opcode === Op.i32Sub && this.#operands.at(-2) === Known.stackPointer && this.#top === Known.constant && bytes > 0
    this.#pop(isUnary[opcode] === 1 ? 1 : 2)
    if (isFrame) this.#push(Known.frame, bytes)
    else this.#push(Known.nothing)
  }

  #call(type: number): void {
    const shape = this.#shape.types[type]
    if (shape === undefined) {
      this.#forgetOperands()
      return
    }
    this.#pop(shape.params)
    for (let i = 0; i < shape.results; i++) this.#push(Known.nothing)
  }

  #typeOfFunction(index: number): number {
    const { importedFunctions, functionTypes } = this.#shape
    return importedFunctions[index]?.type ?? functionTypes[index - importedFunctions.length] ?? -1
  }

  /** Its value and its address are on top. From here on it is noted. */
  #isKnownStore(offset: number): boolean {
    const known = this.#operands.at(-2) ?? Known.nothing
    const constant = this.#values.at(-2) ?? 0
    this.#pop(2)
    if (known < 0 && known !== Known.constant) return false
    const key = known === Known.constant ? keyOfCard(constant + offset) : known
    const noted = this.#noted.get(key)
    if (noted && (key < 0 || isClose(noted, offset))) return true
    if (!noted || noted.frameBytes === 0) this.#noted.set(key, { offset, frameBytes: 0, depth: this.#depth })
    return false
  }

  get #top(): number {
    return this.#operands.at(-1) ?? Known.nothing
  }

  #replace(taken: number): void {
    this.#pop(taken)
    this.#push(Known.nothing)
  }

  #push(known: number, value = 0): void {
    if (this.#operands.length >= OPERANDS_MAX) this.#forgetOperands()
    this.#operands.push(known)
    this.#values.push(value)
  }

  #pop(count: number): void {
    const left = Math.max(0, this.#operands.length - count)
    this.#operands.length = left
    this.#values.length = left
  }

  #forgetOperands(): void {
    this.#operands.length = 0
    this.#values.length = 0
  }
}

function isClose(noted: Noted, offset: number): boolean {
  return Math.abs(offset - noted.offset) <= CARD_MARGIN_BYTES - STORE_BYTES_MAX || offset + STORE_BYTES_MAX <= noted.frameBytes
}

const NOP = 0x01
const FIRST_LOAD = 0x28
const [FIRST_NUMERIC, LAST_NUMERIC] = [0x45, 0xc4]
/** By opcode: tests for zero, counts of bits, functions of one float, conversions. */
const isUnary = new Uint8Array(256)
for (const [from, to] of [
  [0x45, 0x45],
  [0x50, 0x50],
  [0x67, 0x69],
  [0x79, 0x7b],
  [0x8b, 0x91],
  [0x99, 0x9f],
  [0xa7, LAST_NUMERIC],
] as const)
  isUnary.fill(1, from, to + 1)
