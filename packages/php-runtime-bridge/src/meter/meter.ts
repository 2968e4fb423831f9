import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import type { CardTable } from './cards.js'
import { Edits } from './edits.js'
import { malformed, unsupported } from './fault.js'
import { framesOf } from './frames.js'
import { FunctionScan } from './function-scan.js'
import { FunctionWriter } from './function-writer.js'
import { type FunctionType, Kind, type ModuleShape, Section, type SectionPlace, sectionOrder, shapeOf } from './module-shape.js'
import { NotedWrites } from './noted-writes.js'
import {
  longer,
  plainFunctionType,
  renumberData,
  renumberElements,
  renumberExports,
  renumberGlobals,
  renumberStart,
  renumberTables,
  staysAsItIs,
  writeExport,
  writeGlobalType,
  writePlainFunctionType,
} from './sections.js'
import { Segments } from './segments.js'
import { type Renumbering, Type } from './types.js'

/** Part of what names a metered module: raised with every change that can show in a result or in fuel. */
export const METER_VERSION = 6
export const FUEL_GLOBAL = '__fuel'
/** Exported: asks for more fuel if there is none, and ends it all if none is given. What side modules call. */
export const FUEL_CHECK = '__fuel_check'

/** Addresses that a stack pointer may have: `floor` the lowest, `top` the highest, where it begins. */
export interface StackBounds {
  readonly floor: number
  readonly top: number
}

export interface MeterOptions {
  /**
   * `main`: the fuel is its own, an exported global `__fuel` (i64, mutable, 2^62 at first). `side`: a module linked to a metered one; it imports
   * `env.__fuel` and `env.__fuel_check`, both exports of the main one. Default `main`.
   */
  readonly kind?: 'main' | 'side'
  /**
   * Of a main module: name of an imported function without parameters and results, called each time that fuel is found below 0; it may put
   * more into `__fuel`. What finds no fuel after it traps (`unreachable`). None: it traps at once. Loops that call nothing do not ask: they trap
   * where fuel is below -2^30, and the next call after them asks.
   */
  readonly exhausted?: string
  /**
   * Main: how many bytes of the stack may be used, counted from the initial value of `__stack_pointer`. Side: the bounds that metering the main
   * module has answered. Whatever sets `__stack_pointer` outside its bounds traps. None: nothing is checked.
   */
  readonly stack?: number | StackBounds
  /**
   * Whatever the module writes to, the byte of its card in this table becomes 1, or of one so close or so far up the stack that `restoreCards` takes both.
   * None: nothing is noted.
   */
  readonly cards?: CardTable
  /** Every NaN has the same bits wherever bits can be seen. Default true. */
  readonly canonicalNaNs?: boolean
  /**
   * Fuel that one charge may take in advance for instructions that then do not run. 0 counts exactly, and costs most. Default 48.
   */
  readonly slack?: number
}

export interface Metered {
  readonly bytes: Uint8Array
  readonly stack: StackBounds | undefined
  /** Names of the exported mutable globals that were hidden: with `__stack_pointer` and memory, they are the module's state. */
  readonly states: readonly string[]
}

/** Fuel of bulk operations: one for each byte (2 to this many). Copying goes at 16 GB/s where 16 thousand million instructions take a second. */
const BULK_SHIFT = 0
const FUEL_AT_FIRST = 2n ** 62n

/**
 * Rewrites a WebAssembly module so that it counts its work, bounds its stack and has one NaN. Costs: 1 fuel for most instructions, see
 * `instructions.ts`. No loop and no recursion goes on without passing a check. Linear in the size of the module.
 *
 * @throws {PhpRuntimeError} METER_MALFORMED, METER_UNSUPPORTED. What is wrong in types and stack heights is left to the engine that compiles the result.
 */
export function meter(bytes: Uint8Array, options: MeterOptions = {}): Metered {
  const shape = shapeOf(bytes)
  const side = options.kind === 'side'
  for (const name of [FUEL_GLOBAL, FUEL_CHECK]) if (shape.exports.has(name)) unsupported('a module that is metered already', 0)
  const stackPointer = stackPointerOf(shape, side)
  const stack = boundsOf(shape, stackPointer, options.stack)
  const plan = side ? sidePlan(shape) : mainPlan(shape, options.exhausted)
  const edits = new Edits()
  const segments = new Segments()
  const writes = options.cards && new NotedWrites(shape, stack === undefined ? -1 : stackPointer)
  const scan = new FunctionScan(
    {
      shape,
      stackPointer: stack === undefined ? -1 : stackPointer,
      frames: stack === undefined ? undefined : framesOf(shape, stackPointer),
      canonicalNaNs: options.canonicalNaNs ?? true,
      renumbering: plan,
      writes,
      bulkShift: BULK_SHIFT,
    },
    segments,
    edits,
  )
  const writer = new FunctionWriter(bytes, {
    fuel: plan.fuel,
    check: plan.check,
    stackPointer: plan.global(stackPointer),
    stack,
    cards: options.cards,
  })
  const code = (place: SectionPlace | undefined): ByteWriter => {
    const reader = new ByteReader(bytes, place?.from ?? 0, place?.end ?? 0)
    const count = place ? reader.count(2) : 0
    if (count !== shape.functionTypes.length) malformed('as many functions as bodies', reader.at)
    const to = new ByteWriter((reader.end - reader.at) * 1.3 + 64)
    to.u32(count + (side ? 0 : 1))
    for (let i = 0; i < count; i++) {
      const { params, resultBytes } = shape.types[shape.functionTypes[i] as number] as FunctionType
      writes?.look(reader.at, reader.end)
      const end = scan.scan(reader, i, params)
      segments.settle(options.slack ?? DEFAULT_SLACK)
      writer.write(to, scan, edits, segments, end, resultBytes)
    }
    reader.expectEnd()
    if (!side) writer.writeCheck(to, plan.exhausted)
    return to
  }
  return { bytes: assemble(shape, plan, code, side), stack, states: plan.states.map(stateName) }
}
const DEFAULT_SLACK = 48

interface Plan extends Renumbering {
  readonly fuel: number
  readonly check: number
  readonly exhausted: number | undefined
  /** Numbers of mutable globals that nobody sees. */
  readonly states: readonly number[]
}

function mainPlan(shape: ModuleShape, exhausted: string | undefined): Plan {
  const same = (index: number) => index
  const seen = new Set([...shape.exports.values()].flatMap(({ kind, index }) => (kind === Kind.global ? [index] : [])))
  const states = shape.globals.flatMap((one, index) => (one.mutable && one.importedAs === undefined && !seen.has(index) ? [index] : []))
  for (const state of states) if (shape.exports.has(stateName(state))) unsupported('an export with a name of the meter', 0)
  return {
    function: same,
    global: same,
    fuel: shape.globals.length,
    check: shape.functions,
    exhausted: exhausted === undefined ? undefined : plainImport(shape, exhausted),
    states,
  }
}

function plainImport(shape: ModuleShape, name: string): number {
  const index = shape.importedFunctions.findIndex((one) => one.name === name)
  const type = shape.types[shape.importedFunctions[index]?.type ?? -1]
  if (type?.params !== 0 || type.results !== 0) unsupported(`no import ${name} without parameters and results`, 0)
  return index
}

/** The imports come last of those there are, so numbers of what the module itself has rise by one. */
function sidePlan(shape: ModuleShape): Plan {
  // an image keeps the main module's globals and memory: what a side module kept elsewhere would outlive a request
  if (shape.globals.some(({ mutable, importedAs }) => mutable && importedAs === undefined))
    unsupported('a side module with state of its own', 0)
  const functions = shape.importedFunctions.length
  return {
    function: (index) => (index < functions ? index : index + 1),
    global: (index) => (index < shape.importedGlobals ? index : index + 1),
    fuel: shape.importedGlobals,
    check: functions,
    exhausted: undefined,
    states: [],
  }
}

const stateName = (index: number) => `__state_${index}`
const STACK_POINTER = '__stack_pointer'

function stackPointerOf(shape: ModuleShape, side: boolean): number {
  if (side) return shape.globals.findIndex(({ importedAs }) => importedAs === `env.${STACK_POINTER}`)
  const found = shape.exports.get(STACK_POINTER)
  return found?.kind === Kind.global ? found.index : -1
}

function boundsOf(shape: ModuleShape, stackPointer: number, stack: MeterOptions['stack']): StackBounds | undefined {
  if (stack === undefined) return undefined
  if (stackPointer < 0) unsupported('no stack pointer to be kept within bounds', 0)
  if (typeof stack !== 'number') return stack
  const top = shape.globals[stackPointer]?.constant
  if (top === undefined || top < stack) unsupported('no stack pointer whose initial value is known', 0)
  return { floor: top - stack, top }
}

function assemble(shape: ModuleShape, plan: Plan, code: (place: SectionPlace | undefined) => ByteWriter, side: boolean): Uint8Array {
  const type = plainFunctionType(shape)
  const newType = type === shape.types.length
  const renumber = (write: (shape: ModuleShape, place: SectionPlace, renumbering: Renumbering) => ByteWriter) => (place: Place) =>
    place && write(shape, place, plan)
  type Place = SectionPlace | undefined
  const common = {
    [Section.type]: (place: Place) => (newType ? longer(shape, place, 1, writePlainFunctionType) : undefined),
    [Section.start]: renumber(renumberStart),
    [Section.element]: renumber(renumberElements),
    [Section.code]: code,
  }
  const ofMain = {
    [Section.function]: (place: Place) => longer(shape, place, 1, (to) => to.u32(type)),
    [Section.global]: (place: Place) =>
      longer(shape, place, 1, (to) => {
        writeGlobalType(to, Type.i64)
        to.byte(0x42)
        to.s64(FUEL_AT_FIRST)
        to.byte(0x0b)
      }),
    [Section.export]: (place: Place) =>
      longer(shape, place, 2 + plan.states.length, (to) => {
        writeExport(to, FUEL_GLOBAL, Kind.global, plan.fuel)
        writeExport(to, FUEL_CHECK, Kind.function, plan.check)
        for (const state of plan.states) writeExport(to, stateName(state), Kind.global, state)
      }),
  }
  const ofSide = {
    [Section.import]: (place: Place) =>
      longer(shape, place, 2, (to) => {
        to.name('env')
        to.name(FUEL_GLOBAL)
        to.byte(Kind.global)
        writeGlobalType(to, Type.i64)
        to.name('env')
        to.name(FUEL_CHECK)
        to.byte(Kind.function)
        to.u32(type)
      }),
    [Section.table]: renumber(renumberTables),
    [Section.global]: renumber(renumberGlobals),
    [Section.export]: renumber(renumberExports),
    [Section.data]: renumber(renumberData),
  }
  const changed: Readonly<Record<number, (place: Place) => ByteWriter | undefined>> = { ...common, ...(side ? ofSide : ofMain) }
  return joined(shape, (id, place) => changed[id]?.(place))
}

/** All sections in their order: as they are, changed, or new. */
function joined(shape: ModuleShape, changed: (id: number, place: SectionPlace | undefined) => ByteWriter | undefined): Uint8Array {
  const out = new ByteWriter(shape.bytes.length * 1.25 + 1024)
  out.copy(shape.bytes, 0, 8)
  const put = (id: number, from: Uint8Array, start = 0, end = from.length) => {
    out.byte(id)
    out.u32(end - start)
    out.copy(from, start, end)
  }
  let next = 0
  const putMissing = (before: number) => {
    for (; next < before; next++) {
      const id = sectionOrder[next] as number
      const made = changed(id, undefined)
      if (made) put(id, made.view())
    }
  }
  for (const place of shape.sections) {
    if (place.id === Section.custom) {
      if (staysAsItIs(place)) put(place.id, shape.bytes, place.from, place.end)
      continue
    }
    const order = (sectionOrder as readonly number[]).indexOf(place.id)
    putMissing(order)
    next = order + 1
    const made = changed(place.id, place)
    if (made) put(place.id, made.view())
    else put(place.id, shape.bytes, place.from, place.end)
  }
  putMissing(sectionOrder.length)
  return out.view().slice()
}
