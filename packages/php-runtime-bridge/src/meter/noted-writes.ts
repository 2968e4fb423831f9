import { CARD_MARGIN_BYTES, CARD_SHIFT } from './cards.js'
import { Op } from './instructions.js'

/** What is known of a value: the local that it equals (0 and above), or one of these. */
const Known = { nothing: -1, stackPointer: -2, constant: -3, frame: -4 } as const
/** Operands that are followed: an address is rarely further below its store. */
const OPERANDS_MAX = 32
/** Addresses that are constants, by card, beside locals, which are 0 and above. */
const keyOfCard = (address: number): number => -1 - (address >>> CARD_SHIFT)

interface Noted {
  /** Above the local: here it was noted. */
  readonly offset: number
  /** From the local on so many bytes need not be noted: its frame on the stack. */
  readonly frameBytes: number
  /** Blocks that were open: when the last of them ends, another way may lead on that did not note it. */
  readonly depth: number
}

/**
 * Which stores of one function write where a card is noted already, or to the function's frame on the stack, which is noted as a whole where the
 * stack pointer is set. It follows locals through one scan: a store above the same local, close to one before it on every way there, needs no note.
 */
export class NotedWrites {
  readonly #operands: number[] = []
  /** Of operands and locals: what constant they are, or how large a frame. */
  readonly #values: number[] = []
  readonly #noted = new Map<number, Noted>()
  /** Locals that are `stack pointer - bytes`, which is not set yet. */
  readonly #frames = new Map<number, number>()
  #depth = 0

  begin(): void {
    this.forgetOperands()
    this.#noted.clear()
    this.#frames.clear()
    this.#depth = 0
  }

  openBlock(isLoop: boolean): void {
    this.forgetOperands()
    this.#depth++
    // its locals may be others the next time round
    if (isLoop) {
      this.#noted.clear()
      this.#frames.clear()
    }
  }

  /** Code goes on where several ways meet, or none that is known. */
  endBlock(): void {
    this.forgetOperands()
    for (const [key, { depth }] of this.#noted) if (depth >= this.#depth) this.#noted.delete(key)
    this.#depth--
  }

  /** Another arm of the block begins. */
  nextArm(): void {
    this.endBlock()
    this.#depth++
  }

  forgetOperands(): void {
    this.#operands.length = 0
    this.#values.length = 0
  }

  local(opcode: number, local: number): void {
    if (opcode === Op.localGet) {
      this.push(local)
      return
    }
    const [known, value] = [this.#top(), this.#values.at(-1) ?? 0]
    this.pop(1)
    this.#noted.delete(local)
    this.#frames.delete(local)
    for (let i = this.#operands.indexOf(local); i >= 0; i = this.#operands.indexOf(local, i)) this.#operands[i] = Known.nothing
    if (known === Known.frame) this.#frames.set(local, value)
    if (opcode === Op.localTee) this.push(local)
  }

  constant(value: number): void {
    this.push(Known.constant, value)
  }

  stackPointer(): void {
    this.push(Known.stackPointer)
  }

  /** The stack pointer is set to what is on top. @returns whether its card is to be noted, for stores to this frame that are not noted */
  setStackPointer(): boolean {
    const local = this.#top()
    const frameBytes = this.#frames.get(local)
    this.pop(1)
    if (frameBytes === undefined) return false
    this.#noted.set(local, { offset: 0, frameBytes, depth: this.#depth })
    return true
  }

  /** An instruction without immediates. */
  plain(opcode: number): void {
    if (opcode === Op.i32Sub && this.#operands.at(-2) === Known.stackPointer && this.#top() === Known.constant) {
      const bytes = this.#values.at(-1) as number
      this.pop(2)
      if (bytes > 0) this.push(Known.frame, bytes)
      else this.push(Known.nothing)
    } else if (opcode === Op.drop) this.pop(1)
    else if (opcode === Op.select) this.replace(3)
    else if (opcode >= 0x45 && opcode <= 0xc4) this.replace(isUnary(opcode) ? 1 : 2)
    else if (opcode !== NOP) this.forgetOperands()
  }

  /** `taken` operands are gone for one of which nothing is known. */
  replace(taken: number): void {
    this.pop(taken)
    this.push(Known.nothing)
  }

  push(known: number, value = 0): void {
    if (this.#operands.length >= OPERANDS_MAX) this.forgetOperands()
    this.#operands.push(known)
    this.#values.push(value)
  }

  pop(count: number): void {
    const left = Math.max(0, this.#operands.length - count)
    this.#operands.length = left
    this.#values.length = left
  }

  /** A store, whose value and address are on top. @returns whether its card must be noted: from here on it is */
  store(offset: number, bytes: number): boolean {
    const known = this.#operands.at(-2) ?? Known.nothing
    const value = this.#values.at(-2) ?? 0
    this.pop(2)
    const isConstant = known === Known.constant
    if (known < 0 && !isConstant) return true
    const key = isConstant ? keyOfCard(value + offset) : known
    const noted = this.#noted.get(key)
    if (noted && (isConstant || Math.abs(offset - noted.offset) <= CARD_MARGIN_BYTES - STORE_BYTES_MAX || offset + bytes <= noted.frameBytes))
      return false
    if (!noted || noted.frameBytes === 0) this.#noted.set(key, { offset, frameBytes: 0, depth: this.#depth })
    return true
  }

  #top(): number {
    return this.#operands.at(-1) ?? Known.nothing
  }
}

const NOP = 0x01
const STORE_BYTES_MAX = 16

function isUnary(opcode: number): boolean {
  return UNARY.some(([from, to]) => opcode >= from && opcode <= to)
}
/** Tests for zero, counts of bits, functions of one float, conversions. */
const UNARY: readonly (readonly [number, number])[] = [
  [0x45, 0x45],
  [0x50, 0x50],
  [0x67, 0x69],
  [0x79, 0x7b],
  [0x8b, 0x91],
  [0x99, 0x9f],
  [0xa7, 0xc4],
]
