import { ByteReader } from './byte-reader.js'
import { malformed, unsupported } from './fault.js'
import { Bulk, Immediates, immediatesOf, Op, simdImmediates, simdIsKnown } from './instructions.js'
import { skipBlockType, skipValueType } from './types.js'

/** Reads one function's instructions, one after the other, as they are written. */
export class InstructionReader {
  readonly #reader: ByteReader
  /** Of the instruction read last: its first integer, signed for constants of 32 bits. Of an access to memory: its offset. Else 0. */
  value = 0
  /** Of a br_table and a try_table read last: all blocks that it may lead to. */
  readonly labels: number[] = []

  /** @param from where the function's size is written */
  constructor(bytes: Uint8Array, from: number, end: number) {
    const head = new ByteReader(bytes, from, end)
    const length = head.count()
    this.#reader = new ByteReader(bytes, head.at, head.at + length)
    for (let groups = this.#reader.count(2); groups > 0; groups--) {
      this.#reader.u32()
      skipValueType(this.#reader)
    }
  }

  get end(): number {
    return this.#reader.end
  }

  get at(): number {
    return this.#reader.at
  }

  get done(): boolean {
    return this.#reader.done
  }

  /** @returns its opcode; of one with a prefix, the prefix */
  next(): number {
    const reader = this.#reader
    const from = reader.at
    const opcode = reader.byte()
    this.value = 0
    switch (immediatesOf[opcode]) {
      case Immediates.none:
        break
      case Immediates.function:
      case Immediates.global:
      case Immediates.local:
      case Immediates.memoryIndex:
        this.value = reader.u32()
        break
      case Immediates.integer:
        if (opcode === Op.i32Const) this.value = reader.s32()
        else if (opcode === Op.br || opcode === Op.brIf || opcode === Op.brOnNull || opcode === Op.brOnNonNull) this.value = reader.u32()
        else reader.skipInteger()
        break
      case Immediates.twoIntegers:
        this.value = reader.u32()
        reader.u32()
        break
      case Immediates.memory:
        reader.u32()
        this.value = reader.u32()
        break
      case Immediates.bytes4:
        reader.skip(4)
        break
      case Immediates.bytes8:
        reader.skip(8)
        break
      case Immediates.blockType:
        skipBlockType(reader)
        break
      case Immediates.labels:
        this.labels.length = 0
        for (let labels = reader.count() + 1; labels > 0; labels--) this.labels.push(reader.u32())
        break
      case Immediates.valueTypes:
        for (let types = reader.count(); types > 0; types--) skipValueType(reader)
        break
      case Immediates.heapType:
        reader.skipInteger()
        break
      case Immediates.catches:
        skipBlockType(reader)
        this.labels.length = 0
        for (let catches = reader.count(2); catches > 0; catches--) {
          if (reader.byte() < 2) reader.u32()
          this.labels.push(reader.u32())
        }
        break
      case Immediates.prefix:
        this.#prefixed(opcode, from)
        break
      default:
        unsupported(`instruction 0x${opcode.toString(16)}`, from)
    }
    return opcode
  }

  #prefixed(prefix: number, from: number): void {
    const reader = this.#reader
    const opcode = reader.u32()
    if (prefix === Op.bulk) {
      if (opcode > Bulk.tableFill) unsupported(`instruction 0xfc 0x${opcode.toString(16)}`, from)
      if (opcode >= Bulk.memoryInit) reader.u32()
      if (opcode === Bulk.memoryInit || opcode === Bulk.memoryCopy || opcode === Bulk.tableInit || opcode === Bulk.tableCopy) reader.u32()
    } else if (prefix === Op.atomic) {
      if (opcode === 3) reader.byte()
      else {
        reader.u32()
        reader.u32()
      }
    } else {
      if (!simdIsKnown(opcode)) unsupported(`instruction 0xfd 0x${opcode.toString(16)}`, from)
      const form = simdImmediates(opcode)
      if (form === 2 || form === 3) {
        reader.u32()
        reader.u32()
      }
      if (form === 1 || form === 3) reader.byte()
      if (form === 4) reader.skip(16)
    }
  }
}

/** Where the size of each function with code is written, and where the last ends. */
export function functionPlaces(bytes: Uint8Array, from: number, end: number): Uint32Array {
  const reader = new ByteReader(bytes, from, end)
  const places = new Uint32Array(reader.count(2) + 1)
  for (let i = 0; i < places.length - 1; i++) {
    places[i] = reader.at
    reader.skip(reader.count())
  }
  places[places.length - 1] = reader.at
  if (!reader.done) malformed('a section longer than what is in it', reader.at)
  return places
}
