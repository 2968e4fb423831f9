import { ByteReader } from './byte-reader.js'
import { unsupported } from './fault.js'
import { functionPlaces, InstructionReader } from './instruction-reader.js'
import { Op } from './instructions.js'
import { Kind, type ModuleShape, Section, shapeOf } from './module-shape.js'
import { skipConstant } from './types.js'

/** Where things of one build of PHP are in its memory. */
export interface PhpAddresses {
  /** `EG(vm_interrupt)`, a byte: where it is 1, the virtual machine calls `zend_interrupt_function` before it goes on. */
  readonly vmInterrupt: number
  /** `EG(timed_out)`, a byte. */
  readonly timedOut: number
  /** `zend_interrupt_function`, 32 bits: the number of a function in the table. */
  readonly interruptFunction: number
  /** `executor_globals`, what `EG` looks into. */
  readonly executorGlobals: number
}

const STORE_8 = 0x3a
const STORE_16 = 0x3b
/** `executor_globals` is about 1.5 KiB. */
const EXECUTOR_GLOBALS_BYTES_MAX = 16 * 1024

/**
 * Finds them in a build of PHP (as it was before it was metered), by what its functions do:
 *
 * - `zend_timeout`, `zend_set_timeout` and `zend_unset_timeout` set one byte to 0: `timed_out`;
 * - the handler that `zend_timeout` gives to `zend_signal` sets `vm_interrupt` and `timed_out` to 1, which lie side by side, at once or one by one.
 *
 * @throws {PhpRuntimeError} METER_UNSUPPORTED where anything is not just so: nothing is guessed. METER_MALFORMED.
 */
export function addressesOf(bytes: Uint8Array): PhpAddresses {
  const shape = shapeOf(bytes)
  const code = new Code(shape)
  const executorGlobals = exportedAddress(shape, 'executor_globals')
  const inTimeout = code.of(exportedFunction(shape, 'zend_timeout'))
  const timedOut = firstByteCleared(inTimeout)
  for (const name of ['zend_set_timeout', 'zend_unset_timeout']) {
    const cleared = bytesSet(code.of(exportedFunction(shape, name)), 0)
    if (cleared.length !== 1 || cleared[0] !== timedOut) unsupported(`${name} clears something else than zend_timeout`, 0)
  }
  const handler = code.of(tableFunction(shape, signalHandler(shape, inTimeout)))
  const set = [...bytesSet(handler, 1)].sort((a, b) => a - b)
  const vmInterrupt = set[0] as number
  if (set.length !== 2 || vmInterrupt !== timedOut - 1 || set[1] !== timedOut) unsupported('a handler of timeouts of another shape', 0)
  if (vmInterrupt < executorGlobals || timedOut >= executorGlobals + EXECUTOR_GLOBALS_BYTES_MAX)
    unsupported('timed_out lies outside executor_globals', 0)
  return { vmInterrupt, timedOut, interruptFunction: exportedAddress(shape, 'zend_interrupt_function'), executorGlobals }
}

interface Instruction {
  readonly opcode: number
  readonly value: number
}

class Code {
  readonly #shape: ModuleShape
  readonly #places: Uint32Array

  constructor(shape: ModuleShape) {
    const place = shape.sections.find(({ id }) => id === Section.code)
    if (!place) unsupported('no code', 0)
    this.#shape = shape
    this.#places = functionPlaces(shape.bytes, place.from, place.end)
  }

  of(index: number): readonly Instruction[] {
    const number = index - this.#shape.importedFunctions.length
    const from = this.#places[number]
    const end = this.#places[number + 1]
    if (from === undefined || end === undefined) return unsupported('a function without code', 0)
    const reader = new InstructionReader(this.#shape.bytes, from, end)
    const instructions: Instruction[] = []
    while (!reader.done) instructions.push({ opcode: reader.next(), value: reader.value })
    return instructions
  }
}

/** Addresses at which `i32.const address; i32.const value; i32.store8` sets a byte, or a store of 16 bits two to the same value. */
function bytesSet(instructions: readonly Instruction[], value: number): number[] {
  const found = new Set<number>()
  for (const [i, { opcode, value: offset }] of instructions.entries()) {
    const [address, constant] = [instructions[i - 2], instructions[i - 1]]
    if (address?.opcode !== Op.i32Const || constant?.opcode !== Op.i32Const) continue
    const at = address.value + offset
    if (opcode === STORE_8 && constant.value === value) found.add(at)
    if (opcode === STORE_16 && constant.value === value * 0x101) for (const one of [at, at + 1]) found.add(one)
  }
  return [...found]
}

function firstByteCleared(instructions: readonly Instruction[]): number {
  const cleared = bytesSet(instructions, 0)
  if (cleared.length !== 1) unsupported('zend_timeout clears another number of bytes than one', 0)
  return cleared[0] as number
}

/** The second argument of the call of `zend_signal`. */
function signalHandler(shape: ModuleShape, instructions: readonly Instruction[]): number {
  const signal = exportedFunction(shape, 'zend_signal')
  const call = instructions.findIndex(({ opcode, value }) => opcode === Op.call && value === signal)
  const handler = instructions[call - 1]
  if (call < 2 || handler?.opcode !== Op.i32Const || instructions[call - 2]?.opcode !== Op.i32Const)
    unsupported('zend_timeout gives zend_signal no handler that is known', 0)
  return (handler as Instruction).value
}

function exportedFunction(shape: ModuleShape, name: string): number {
  const found = shape.exports.get(name)
  if (found?.kind !== Kind.function) return unsupported(`no exported function ${name}`, 0)
  return found.index
}

function exportedAddress(shape: ModuleShape, name: string): number {
  const found = shape.exports.get(name)
  const constant = found?.kind === Kind.global ? shape.globals[found.index]?.constant : undefined
  return constant ?? unsupported(`no exported address ${name}`, 0)
}

/** What the table holds at a place from the start, by the module's first element segment. */
function tableFunction(shape: ModuleShape, place: number): number {
  const section = shape.sections.find(({ id }) => id === Section.element)
  const reader = new ByteReader(shape.bytes, section?.from ?? 0, section?.end ?? 0)
  if (!section || reader.count(2) !== 1 || reader.u32() !== 0)
    unsupported('more element segments than one, or one of another form', reader.at)
  const first = skipConstant(reader, shape.functions, shape.importedGlobals)
  const count = reader.count()
  if (first === undefined || place < first || place >= first + count) unsupported('a handler that is not in the table', reader.at)
  for (let i = first as number; i < place; i++) reader.u32()
  return reader.u32()
}
