import { FRAME_BYTES } from './bare-calls.js'
import { ByteWriter } from './byte-writer.js'
import { CARD_SHIFT, type CardTable } from './cards.js'
import { Edit, type Edits } from './edits.js'
import type { FunctionScan } from './function-scan.js'
import { Bulk, Op, Simd } from './instructions.js'
import type { Segments } from './segments.js'
import { Type } from './types.js'

export interface WriteRules {
  readonly fuel: number
  /** Number of the function that is called when fuel is below 0. */
  readonly check: number
  readonly stackPointer: number
  /** Where the table of cards is; undefined where writes are not noted. */
  readonly cards: CardTable | undefined
  /** Lowest and highest address that the stack pointer may have. */
  readonly stack: { readonly floor: number; readonly top: number } | undefined
}

// Local variables that a function may be given, in this order.
const Local = { length: 0, nan32: 1, nan64: 2, nanLanes: 3, fuel: 4, long: 5, address: 6, source: 7, card: 8 } as const
const localTypes = [Type.i32, Type.f32, Type.f64, Type.v128, Type.i64, Type.i64, Type.i32, Type.i32, Type.i32]

const QUIET_NAN_32 = [0, 0, 0xc0, 0x7f]
const QUIET_NAN_64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]

/**
 * So much fuel below 0 a loop that calls nothing traps. It is the one place that asks nobody: a call in it, though never made, would cost every turn
 * a tenth more, because engines keep no registers over calls.
 */
export const LOOP_FUEL_MIN = -(2 ** 30)

/** Writes functions anew, with what the scan has found to be put in. */
export class FunctionWriter {
  readonly #rules: WriteRules
  readonly #bytes: Uint8Array
  readonly #body = new ByteWriter(4096)
  /** Of each local that a function may be given: its number in the function at hand; -1 where it has none. */
  readonly #locals = localTypes.map(() => -1)
  readonly #take: readonly number[]
  readonly #check: readonly number[]
  readonly #stackCheck: readonly number[]
  readonly #noteStack: readonly number[]
  readonly #getFuel: readonly number[]
  // In a loop that calls nothing, what fuel is left is held in a local variable as well: only written to the global one, never read again.
  #hold: readonly number[] = []
  #getHeld: readonly number[] = []
  #takeHeld: readonly number[] = []
  #checkHeld: readonly number[] = []
  readonly #frame: readonly number[]
  readonly #frameEnd: readonly number[]

  constructor(bytes: Uint8Array, rules: WriteRules) {
    this.#bytes = bytes
    this.#rules = rules
    const fuel = leb(rules.fuel)
    this.#getFuel = [Op.globalGet, ...fuel]
    this.#take = [Op.i64Sub, Op.globalSet, ...fuel]
    this.#check = [Op.globalGet, ...fuel, Op.i64Const, 0, Op.i64LtS, Op.if, Type.empty, Op.call, ...leb(rules.check), Op.end]
    this.#noteStack = [Op.globalGet, ...leb(rules.stackPointer), Op.i32Const, CARD_SHIFT, Op.i32ShrU, ...setByte(rules.cards?.at ?? 0)]
    this.#stackCheck = rules.stack === undefined ? [] : stackCheck(rules.stackPointer, rules.stack)
    this.#frame = [...moveStackPointer(rules.stackPointer, Op.i32Sub), ...this.#stackCheck]
    this.#frameEnd = moveStackPointer(rules.stackPointer, Op.i32Add)
  }

  /** @param results of the function: as a block around the whole has it, one value or none */
  write(to: ByteWriter, scan: FunctionScan, edits: Edits, segments: Segments, end: number, results: Uint8Array): void {
    const body = this.#body
    body.clear()
    this.#declareLocals(scan, edits)
    if (scan.framed) {
      body.put(this.#frame)
      body.byte(Op.block)
      if (results.length === 0) body.byte(Type.empty)
      else body.copy(results)
    }
    let from = scan.codeAt
    // edits before this number are in a loop that calls nothing
    let heldUntil = 0
    for (let i = 0; i < edits.at.length; i++) {
      const at = edits.at[i] as number
      const kind = edits.kind[i] as number
      const value = edits.value[i] as number
      if (at > from) body.copy(this.#bytes, from, at)
      from = edits.to[i] as number
      const held = i < heldUntil
      if (kind === Edit.charge) this.#charge(segments.charge(value), segments.isHead(value) && (scan.calls || i > 0), held)
      else if (kind === Edit.loop) {
        if (held || value === 0) continue
        heldUntil = value
        body.put(this.#hold)
      } else if (kind === Edit.stack) {
        body.put(this.#stackCheck)
        if (value === 1) body.put(this.#noteStack)
      } else if (kind === Edit.index) body.u32(value)
      else if (kind === Edit.frame) body.put(this.#frame)
      else if (kind === Edit.frameEnd) body.put(this.#frameEnd)
      else if (kind === Edit.return) {
        body.byte(Op.br)
        body.u32(value)
      } else if (kind === Edit.writePiece) this.#notePiece(localsOf(kind, value))
      else if (kind >= Edit.storeI32) this.#noteStore(localsOf(kind, value), value)
      else this.#useOfLocal(kind, value, held)
    }
    body.copy(this.#bytes, from, end)
    if (scan.framed) {
      body.put(this.#frameEnd)
      body.byte(Op.end)
    }
    to.u32(body.length)
    to.append(body)
  }

  /** The body of the function that is called when fuel is below 0: asks the host for more, and ends it all if there is none. */
  writeCheck(to: ByteWriter, exhausted: number | undefined): void {
    const { fuel } = this.#rules
    const ask = exhausted === undefined ? [] : [Op.call, ...leb(exhausted)]
    const code = [0, ...ask, Op.globalGet, ...leb(fuel), Op.i64Const, 0, Op.i64LtS, Op.if, Type.empty, Op.unreachable, Op.end, Op.end]
    to.u32(code.length)
    to.put(code)
  }

  #charge(fuel: number, check: boolean, held: boolean): void {
    const body = this.#body
    if (fuel > 0) {
      body.put(held ? this.#getHeld : this.#getFuel)
      body.byte(Op.i64Const)
      body.signed(fuel)
      body.put(held ? this.#takeHeld : this.#take)
    }
    if (check) body.put(held ? this.#checkHeld : this.#check)
  }

  #useOfLocal(kind: number, value: number, held: boolean): void {
    const body = this.#body
    const local = leb(this.#locals[localsOf(kind, value)[0] as number] as number)
    const get = [Op.localGet, ...local]
    if (kind === Edit.nan64) body.put([Op.localTee, ...local, Op.f64Const, ...QUIET_NAN_64, ...get, ...get, Op.f64Eq, Op.select])
    else if (kind === Edit.nan32) body.put([Op.localTee, ...local, Op.f32Const, ...QUIET_NAN_32, ...get, ...get, Op.f32Eq, Op.select])
    else if (kind === Edit.nanLanes32 || kind === Edit.nanLanes64) {
      const narrow = kind === Edit.nanLanes32
      const nan = narrow ? QUIET_NAN_32 : QUIET_NAN_64
      const lanes = Array.from({ length: 16 / nan.length }, () => nan).flat()
      const eq = narrow ? Simd.f32x4Eq : Simd.f64x2Eq
      body.put([Op.localTee, ...local, Op.simd, Simd.const, ...lanes, ...get, ...get, Op.simd, eq, Op.simd, Simd.bitselect])
    } else {
      // pages are shifted in 32 bits: what no memory could ever have costs no more than the largest that one could
      const fuel32 =
        kind === Edit.length ? [Op.i64ExtendI32U, Op.i64Const, value, Op.i64ShrU] : [Op.i32Const, value, Op.i32Shl, Op.i64ExtendI32U]
      const [fuel, take] = held ? [this.#getHeld, this.#takeHeld] : [this.#getFuel, this.#take]
      body.put([Op.localSet, ...local, ...fuel, ...get, ...fuel32, ...take, ...get])
    }
  }

  /** Takes an address. */
  #noteCard(): readonly number[] {
    const { at, first, count } = this.#rules.cards as CardTable
    const local = leb(this.#locals[Local.card] as number)
    const isTable = [Op.i32Const, ...signedLeb(first), Op.i32Sub, Op.i32Const, ...signedLeb(count), Op.i32LtU]
    const card = [Op.i32Const, CARD_SHIFT, Op.i32ShrU, Op.localTee, ...local]
    return [...card, ...isTable, Op.if, Type.empty, Op.unreachable, Op.end, Op.localGet, ...local, ...setByte(at)]
  }

  /** The value to be stored is on top, its address below it. */
  #noteStore(locals: readonly number[], offset: number): void {
    const body = this.#body
    const [address, value] = locals.map((local) => leb(this.#locals[local] as number)) as [number[], number[]]
    body.put([Op.localSet, ...value, Op.localTee, ...address])
    if (offset !== 0) body.put([Op.i32Const, ...signedLeb(offset | 0), Op.i32Add])
    body.put(this.#noteCard())
    body.put([Op.localGet, ...address, Op.localGet, ...value])
  }

  /**
   * The same for a piece of memory: it must lie wholly before the table or behind it; then all of its cards are noted. Where a piece goes beyond memory the
   * note does too, or else the write itself: both trap.
   */
  #notePiece(locals: readonly number[]): void {
    const body = this.#body
    const { at, first, count } = this.#rules.cards as CardTable
    const [address, source, length] = locals.map((local) => [Op.localGet, ...leb(this.#locals[local] as number)]) as [
      number[],
      number[],
      number[],
    ]
    for (const [, ...local] of [length, source, address]) body.put([Op.localSet, ...local])
    const card = [Op.i32Const, CARD_SHIFT, Op.i32ShrU]
    const firstCard = [...address, ...card]
    const lastCard = [...address, ...length, Op.i32Add, Op.i32Const, 0x7f, Op.i32Add, ...card]
    body.put([...length, Op.if, Type.empty])
    // not wholly before, and not wholly behind
    body.put([...lastCard, Op.i32Const, ...signedLeb(first), Op.i32GeU])
    body.put([...firstCard, Op.i32Const, ...signedLeb(first + count), Op.i32LtU, Op.i32And, Op.if, Type.empty, Op.unreachable, Op.end])
    body.put([...firstCard, ...setByte(at), ...lastCard, ...setByte(at)])
    body.put([...length, Op.i32Const, ...signedLeb(1 << CARD_SHIFT), Op.i32GtU, Op.if, Type.empty])
    body.put([...firstCard, Op.i32Const, ...signedLeb(at), Op.i32Add, Op.i32Const, 1])
    body.put([...lastCard, ...firstCard, Op.i32Sub, Op.bulk, Bulk.memoryFill, 0, Op.end, Op.end])
    body.put([...address, ...source, ...length])
  }

  #holdIn(local: readonly number[]): void {
    this.#hold = [...this.#getFuel, Op.localSet, ...local]
    this.#getHeld = [Op.localGet, ...local]
    this.#takeHeld = [Op.i64Sub, Op.localTee, ...local, Op.globalSet, ...leb(this.#rules.fuel)]
    this.#checkHeld = [...this.#getHeld, Op.i64Const, ...signedLeb(LOOP_FUEL_MIN), Op.i64LtS, Op.if, Type.empty, Op.unreachable, Op.end]
  }

  #declareLocals(scan: FunctionScan, edits: Edits): void {
    this.#locals.fill(-1)
    let groups = scan.localGroups
    let next = scan.locals
    for (let i = 0; i < edits.kind.length; i++) {
      for (const local of localsOf(edits.kind[i] as number, edits.value[i] as number)) {
        if (this.#locals[local] !== -1) continue
        this.#locals[local] = next++
        groups++
      }
    }
    if (this.#locals[Local.fuel] !== -1) this.#holdIn(leb(this.#locals[Local.fuel] as number))
    const body = this.#body
    body.u32(groups)
    body.copy(this.#bytes, scan.localsAt, scan.codeAt)
    for (let number = scan.locals; number < next; number++) {
      body.byte(1)
      body.byte(localTypes[this.#locals.indexOf(number)] as number)
    }
  }
}

/** By kind of edit: the local variables that it uses; of a store those of its address, its value and its card. */
const localsOfKind: readonly (readonly number[])[] = Object.assign(
  Array.from({ length: Edit.writePiece + 1 }, (): number[] => []),
  {
    [Edit.length]: [Local.length],
    [Edit.lengthLeft]: [Local.length],
    [Edit.nan32]: [Local.nan32],
    [Edit.nan64]: [Local.nan64],
    [Edit.nanLanes32]: [Local.nanLanes],
    [Edit.nanLanes64]: [Local.nanLanes],
    [Edit.loop]: [Local.fuel],
    [Edit.storeI32]: [Local.address, Local.length, Local.card],
    [Edit.storeI64]: [Local.address, Local.long, Local.card],
    [Edit.storeF32]: [Local.address, Local.nan32, Local.card],
    [Edit.storeF64]: [Local.address, Local.nan64, Local.card],
    [Edit.storeV128]: [Local.address, Local.nanLanes, Local.card],
    [Edit.writePiece]: [Local.address, Local.source, Local.length],
  },
)

function localsOf(kind: number, value: number): readonly number[] {
  return kind === Edit.loop && value === 0 ? [] : (localsOfKind[kind] as readonly number[])
}

/** One comparison for both ends: below the floor the difference wraps around. */
function stackCheck(stackPointer: number, { floor, top }: { floor: number; top: number }): number[] {
  const size = [Op.i32Const, ...signedLeb(floor), Op.i32Sub, Op.i32Const, ...signedLeb(top - floor), Op.i32GtU]
  return [Op.globalGet, ...leb(stackPointer), ...size, Op.if, Type.empty, Op.unreachable, Op.end]
}

/** Sets the byte of a card, which is on top, in the table at this address. */
function setByte(at: number): number[] {
  return [Op.i32Const, 1, Op.i32Store8, 0, ...leb(at)]
}

function moveStackPointer(stackPointer: number, by: number): number[] {
  return [Op.globalGet, ...leb(stackPointer), Op.i32Const, FRAME_BYTES, by, Op.globalSet, ...leb(stackPointer)]
}

function leb(value: number): number[] {
  const writer = new ByteWriter(5)
  writer.u32(value)
  return [...writer.view()]
}

function signedLeb(value: number): number[] {
  const writer = new ByteWriter(5)
  writer.s32(value)
  return [...writer.view()]
}
