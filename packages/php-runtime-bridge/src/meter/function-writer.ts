import { FRAME_BYTES } from './bare-calls.js'
import { ByteWriter } from './byte-writer.js'
import { Edit, type Edits } from './edits.js'
import type { FunctionScan } from './function-scan.js'
import { Op, Simd } from './instructions.js'
import type { Segments } from './segments.js'
import { Type } from './types.js'

export interface WriteRules {
  readonly fuel: number
  /** Number of the function that is called when fuel is below 0. */
  readonly check: number
  readonly stackPointer: number
  /** Lowest and highest address that the stack pointer may have. */
  readonly stack: { readonly floor: number; readonly top: number } | undefined
}

// Local variables that a function may be given, in this order.
const Local = { length: 0, nan32: 1, nan64: 2, nanLanes: 3, fuel: 4, long: 5, address: 6, source: 7 } as const
const localTypes = [Type.i32, Type.f32, Type.f64, Type.v128, Type.i64, Type.i64, Type.i32, Type.i32]

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
      } else if (kind === Edit.stack) body.put(this.#stackCheck)
      else if (kind === Edit.index) body.u32(value)
      else if (kind === Edit.frame) body.put(this.#frame)
      else if (kind === Edit.frameEnd) body.put(this.#frameEnd)
      else if (kind === Edit.return) {
        body.byte(Op.br)
        body.u32(value)
      } else if (kind >= Edit.storeI32) this.#guard(localsOf(kind, value), value, kind === Edit.writePiece)
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

  /** Above the address lie the values of these locals, the last on top: they are put back. Of a piece that is its length: none writes nothing. */
  #guard(locals: readonly number[], lowest: number, isPiece: boolean): void {
    const body = this.#body
    const [address, ...above] = locals.map((local) => leb(this.#locals[local] as number))
    for (const local of above.toReversed()) body.put([Op.localSet, ...local])
    body.put([
      Op.localTee,
      ...(address as number[]),
      Op.i32Const,
      ...signedLeb(lowest),
      Op.i32LtU,
      ...(isPiece ? [Op.localGet, ...(above.at(-1) as number[]), Op.i32Const, 0, Op.i32Ne, Op.i32And] : []),
      Op.if,
      Type.empty,
      Op.unreachable,
      Op.end,
    ])
    for (const local of [address as number[], ...above]) body.put([Op.localGet, ...local])
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

/** By kind of edit: the local variables that it uses; of a store the address first, then what lies above it. */
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
    [Edit.storeI32]: [Local.address, Local.length],
    [Edit.storeI64]: [Local.address, Local.long],
    [Edit.storeF32]: [Local.address, Local.nan32],
    [Edit.storeF64]: [Local.address, Local.nan64],
    [Edit.storeV128]: [Local.address, Local.nanLanes],
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
