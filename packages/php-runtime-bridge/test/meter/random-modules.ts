import fc from 'fast-check'
import { assemble, block, body, br, brIf, call, exportOf, get, global, i32, int, loop, set, type, u, when } from './assembler.js'

/** A program of structured statements, small enough to be read beside what it is assembled to. */
export type Expression =
  | { readonly is: 'constant'; readonly value: number }
  | { readonly is: 'local'; readonly local: number }
  | { readonly is: 'sum'; readonly of: readonly [Expression, Expression] }
  | { readonly is: 'product'; readonly of: readonly [Expression, Expression] }
  | { readonly is: 'load'; readonly at: number }
  | { readonly is: 'call'; readonly to: number; readonly with: Expression }
  | { readonly is: 'choice'; readonly test: Expression; readonly of: readonly [Expression, Expression] }
export type Statement =
  | { readonly is: 'set'; readonly local: number; readonly to: Expression }
  | { readonly is: 'store'; readonly at: number; readonly value: Expression }
  | { readonly is: 'fill'; readonly length: Expression }
  | { readonly is: 'block'; readonly of: readonly Statement[] }
  /** Runs at most `turns` times; a branch to it goes on with the next turn. */
  | { readonly is: 'loop'; readonly turns: number; readonly of: readonly Statement[] }
  | {
      readonly is: 'if'
      readonly test: Expression
      readonly yes: readonly Statement[]
      readonly no: readonly Statement[] | undefined
    }
  | { readonly is: 'branch'; readonly out: number }
  | { readonly is: 'branch-if'; readonly out: number; readonly test: Expression }
  | { readonly is: 'branch-table'; readonly outs: readonly number[]; readonly index: Expression }
  | { readonly is: 'return'; readonly value: Expression }
/** Function 0 is called from outside; each calls only later ones. */
export type Program = readonly (readonly Statement[])[]

export const LOCALS = 3
const FUNCTIONS = 3
const local = fc.nat(LOCALS - 1)
const at = fc.nat(15).map((word) => word * 4)
const expression: (self: number) => fc.Arbitrary<Expression> = (self) =>
  fc.letrec<{ any: Expression }>((tie) => {
    const any = tie('any')
    const leaf = fc.oneof(
      fc.record({ is: fc.constant('constant' as const), value: fc.integer({ min: -3, max: 300 }) }),
      fc.record({ is: fc.constant('local' as const), local }),
    )
    const calls = fc.record({
      is: fc.constant('call' as const),
      to: fc.integer({ min: Math.min(self + 1, FUNCTIONS - 1), max: FUNCTIONS - 1 }),
      with: any,
    })
    return {
      any: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({ is: fc.constant('sum' as const), of: fc.tuple(any, any) }),
        fc.record({ is: fc.constant('product' as const), of: fc.tuple(any, any) }),
        fc.record({ is: fc.constant('load' as const), at }),
        fc.record({ is: fc.constant('choice' as const), test: any, of: fc.tuple(any, any) }),
        ...(self + 1 < FUNCTIONS ? [calls] : []),
      ),
    }
  }).any
const statements: (self: number) => fc.Arbitrary<readonly Statement[]> = (self) => {
  const value = expression(self)
  return fc.letrec<{ one: Statement; some: readonly Statement[] }>((tie) => {
    const some = tie('some')
    const out = fc.nat(3)
    return {
      some: fc.array(tie('one'), { maxLength: 5 }),
      one: fc.oneof(
        { maxDepth: 4 },
        fc.record({ is: fc.constant('set' as const), local, to: value }),
        fc.record({ is: fc.constant('store' as const), at, value }),
        fc.record({ is: fc.constant('fill' as const), length: value }),
        fc.record({ is: fc.constant('branch' as const), out }),
        fc.record({ is: fc.constant('branch-if' as const), out, test: value }),
        fc.record({ is: fc.constant('branch-table' as const), outs: fc.array(out, { minLength: 1, maxLength: 4 }), index: value }),
        fc.record({ is: fc.constant('return' as const), value }),
        fc.record({ is: fc.constant('block' as const), of: some }),
        fc.record({ is: fc.constant('loop' as const), turns: fc.integer({ min: 1, max: 4 }), of: some }),
        fc.record({ is: fc.constant('if' as const), test: value, yes: some, no: fc.option(some, { nil: undefined }) }),
      ),
    }
  }).some
}
export const anyProgram: fc.Arbitrary<Program> = fc.tuple(statements(0), statements(1), statements(2))

const [ADD, MUL, AND] = [0x6a, 0x6c, 0x71]
/** A fill has at most so many bytes. */
export const FILL_MASK = 63
export const FILL_AT = 256

/** The turns that loops have left are in locals of their own. */
function codeOf(program: readonly Statement[]): { code: number[]; counters: number } {
  let counters = 0
  const valueCode = (one: Expression): number[] => {
    if (one.is === 'constant') return int(one.value)
    if (one.is === 'local') return get(one.local)
    if (one.is === 'load') return [...int(one.at), 0x28, 2, 0]
    if (one.is === 'call') return [...valueCode(one.with), ...call(one.to)]
    if (one.is === 'choice') return [...valueCode(one.test), ...when(valueCode(one.of[0]), valueCode(one.of[1]), i32)]
    return [...valueCode(one.of[0]), ...valueCode(one.of[1]), one.is === 'sum' ? ADD : MUL]
  }
  const label = (out: number, depth: number) => Math.min(out, depth)
  const listOf = (list: readonly Statement[], depth: number): number[] => list.flatMap((one) => statementOf(one, depth))
  const statementOf = (one: Statement, depth: number): number[] => {
    switch (one.is) {
      case 'set':
        return [...valueCode(one.to), ...set(one.local)]
      case 'store':
        return [...int(one.at), ...valueCode(one.value), 0x36, 2, 0]
      case 'fill':
        return [...int(FILL_AT), ...int(5), ...valueCode(one.length), ...int(FILL_MASK), AND, 0xfc, ...u(11), 0]
      case 'block':
        return block(listOf(one.of, depth + 1))
      case 'if':
        return [...valueCode(one.test), ...when(listOf(one.yes, depth + 1), one.no && listOf(one.no, depth + 1))]
      case 'loop': {
        const counter = LOCALS + counters++
        const turn = [...get(counter), 0x45, ...brIf(1), ...get(counter), ...int(-1), ADD, ...set(counter)]
        return [...int(one.turns), ...set(counter), ...block(loop([...turn, ...listOf(one.of, depth + 2), ...br(0)]))]
      }
      case 'branch':
        return br(label(one.out, depth))
      case 'branch-if':
        return [...valueCode(one.test), ...brIf(label(one.out, depth))]
      case 'branch-table':
        return [...valueCode(one.index), 0x0e, ...u(one.outs.length - 1), ...one.outs.flatMap((out) => u(label(out, depth)))]
      case 'return':
        return [...valueCode(one.value), 0x0f]
    }
  }
  // the statements are in a block, so that a branch out of all of them carries no value
  const code = [...block(listOf(program, 0)), ...get(0)]
  return { code, counters }
}

export function assembleProgram(program: Program): Uint8Array {
  const functions = program.map(codeOf)
  return assemble({
    types: [type([i32], [i32])],
    functions: functions.map(() => 0),
    memories: [[0, 1]],
    globals: [global(i32, true, int(65_536))],
    exports: [exportOf('run', 'function', 0), exportOf('memory', 'memory', 0), exportOf('__stack_pointer', 'global', 0)],
    bodies: functions.map(({ code, counters }) =>
      body(
        Array.from({ length: LOCALS - 1 + counters }, () => i32),
        code,
      ),
    ),
  })
}
