import { type BareCalls, bareCallsOf } from './bare-calls.js'
import { functionPlaces } from './instruction-reader.js'
import { Kind, type ModuleShape, Section } from './module-shape.js'

/**
 * Where a function is given a frame on the shadow stack (memory below `__stack_pointer`), because it may recurse without one.
 *
 * How deep a recursion can go on the engine's own stack differs by engine, version and tier. On the shadow stack it is the same everywhere, and
 * checked; but only functions with variables in memory have a frame there. So every cycle of calls is given one: each call that closes a cycle of
 * calls without frames, and each call by way of the table, which may lead anywhere, is made with a frame around it. What a side module imports though
 * it has it itself counts as its own: a linker may lead such calls back to it. Other imports are of the main module, which comes back by its table
 * only, or of the host. An exception leaves such frames behind; who catches it sets the stack pointer to what it was.
 *
 * What remains for the host: an engine's stack large enough for all that the shadow stack can hold.
 */
export interface Frames {
  /** By number among functions with code: 1 where the whole function has a frame, because in a loop it would be made again and again. */
  readonly whole: Uint8Array
  /** 1 where calls by way of the table have one. */
  readonly indirect: Uint8Array
  /** Calls that have one: by the same number, the functions called, by their number in the module. */
  readonly calls: ReadonlyMap<number, ReadonlySet<number>>
}

export function framesOf(shape: ModuleShape, stackPointer: number): Frames {
  const place = shape.sections.find(({ id }) => id === Section.code)
  const places = place ? functionPlaces(shape.bytes, place.from, place.end) : new Uint32Array(1)
  const withCode = numbersWithCode(shape)
  const namesOf = Array.from(shape.functionTypes, (): number[] => [])
  for (const [index, number] of withCode.entries()) namesOf[number]?.push(index)
  const functions: BareCalls[] = []
  for (let i = 0; i + 1 < places.length; i++)
    functions.push(bareCallsOf(shape.bytes, places[i] as number, places[i + 1] as number, stackPointer, withCode))
  const closing = closingCalls(functions)
  const whole = new Uint8Array(functions.length)
  const indirect = new Uint8Array(functions.length)
  const calls = new Map<number, ReadonlySet<number>>()
  for (const [i, bare] of functions.entries()) {
    const closes = closing.get(i) ?? []
    const results = shape.types[shape.functionTypes[i] as number]?.results ?? 0
    const inLoop = bare.loopedIndirect || [...closes].some((callee) => bare.looped.has(callee))
    // a block around the whole has the function's results for its type: for two there may be none
    if (inLoop && results <= 1) whole[i] = 1
    else {
      if (bare.indirect) indirect[i] = 1
      if (closing.has(i)) calls.set(i, new Set([...closes].flatMap((callee) => namesOf[callee] ?? [])))
    }
  }
  return { whole, indirect, calls }
}

/** Of each function in the module its number among those with code: of an imported one, that of the module's own of that name. Else -1. */
function numbersWithCode({ importedFunctions, exports, functions }: ModuleShape): Int32Array {
  const imported = importedFunctions.length
  const withCode = Int32Array.from({ length: functions }, (_, index) => index - imported)
  for (const [index, { module, name }] of importedFunctions.entries()) {
    const own = exports.get(name)
    withCode[index] = module === 'env' && own?.kind === Kind.function && own.index >= imported ? own.index - imported : -1
  }
  return withCode
}

/** Bare calls that lead back to a function under way: without them no cycle is left. Depth first, without recursion of its own. */
function closingCalls(functions: readonly BareCalls[]): Map<number, Set<number>> {
  const closing = new Map<number, Set<number>>()
  const seen = new Uint8Array(functions.length)
  const [UNDER_WAY, DONE] = [1, 2]
  for (let root = 0; root < functions.length; root++) {
    if (seen[root] !== 0) continue
    const path = [{ caller: root, callees: functions[root]?.direct.values() }]
    seen[root] = UNDER_WAY
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const callee = top.callees?.next().value
      if (callee === undefined) {
        seen[top.caller] = DONE
        path.pop()
      } else if (seen[callee] === UNDER_WAY) closing.set(top.caller, (closing.get(top.caller) ?? new Set()).add(callee))
      else if (seen[callee] === 0) {
        seen[callee] = UNDER_WAY
        path.push({ caller: callee, callees: functions[callee]?.direct.values() })
      }
    }
  }
  return closing
}
