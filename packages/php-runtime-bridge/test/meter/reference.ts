import { type Expression, FILL_AT, FILL_MASK, LOCALS, type Program, type Statement } from './random-modules.js'

/** What a program does, found by reading it; and the fuel of each instruction that runs, by the table of costs, added one by one. */
export interface Reference {
  readonly result: number
  readonly fuel: number
  readonly memory: Uint8Array
}

/** A branch under way: so many blocks out; or a return. */
type Leaving = { readonly out: number } | { readonly value: number }

const STEPS_MAX = 50_000

/** @returns undefined where it takes too long for a test */
export function runReference(program: Program, argument: number): Reference | undefined {
  const memory = new Uint8Array(65_536)
  const view = new DataView(memory.buffer)
  let fuel = 0
  let steps = 0

  const callFunction = (number: number, given: number): number => {
    const locals = [given, ...Array.from({ length: LOCALS - 1 }, () => 0)]
    const left = list(program[number] as readonly Statement[], locals, 0)
    if (left && 'value' in left) return left.value
    fuel += 1 // local.get 0
    return locals[0] as number
  }

  const value = (one: Expression, locals: number[]): number => {
    if (one.is === 'constant') fuel += 1
    if (one.is === 'constant') return one.value
    if (one.is === 'local') {
      fuel += 1
      return locals[one.local] as number
    }
    if (one.is === 'load') {
      fuel += 2
      return view.getInt32(one.at, true)
    }
    if (one.is === 'call') {
      const given = value(one.with, locals)
      fuel += 4
      return callFunction(one.to, given)
    }
    if (one.is === 'choice') {
      const test = value(one.test, locals)
      fuel += 1
      return value(one.of[test === 0 ? 1 : 0], locals)
    }
    const [a, b] = [value(one.of[0], locals), value(one.of[1], locals)]
    fuel += 1
    return one.is === 'sum' ? (a + b) | 0 : Math.imul(a, b)
  }

  const list = (all: readonly Statement[], locals: number[], depth: number): Leaving | undefined => {
    for (const one of all) {
      const left = statement(one, locals, depth)
      if (left) return left
    }
    return undefined
  }

  /** What leaves a block by its own label goes on behind it. */
  const behind = (left: Leaving | undefined): Leaving | undefined => {
    if (!left || 'value' in left) return left
    return left.out === 0 ? undefined : { out: left.out - 1 }
  }

  const statement = (one: Statement, locals: number[], depth: number): Leaving | undefined => {
    if (++steps > STEPS_MAX) throw new RangeError('too long')
    const out = (wanted: number) => ({ out: Math.min(wanted, depth) })
    switch (one.is) {
      case 'set':
        locals[one.local] = value(one.to, locals)
        fuel += 1
        return undefined
      case 'store': {
        fuel += 2
        view.setInt32(one.at, value(one.value, locals), true)
        return undefined
      }
      case 'fill': {
        const length = value(one.length, locals) & FILL_MASK
        fuel += 4 + 16 + length
        memory.fill(5, FILL_AT, FILL_AT + length)
        return undefined
      }
      case 'block':
        return behind(list(one.of, locals, depth + 1))
      case 'if': {
        const test = value(one.test, locals)
        fuel += 1
        return behind(list(test === 0 ? (one.no ?? []) : one.yes, locals, depth + 1))
      }
      case 'loop': {
        fuel += 2
        for (let turns = one.turns; ; turns--) {
          fuel += 3
          if (turns === 0) return undefined
          fuel += 4
          const left = list(one.of, locals, depth + 2)
          if (!left)
            fuel += 1 // br 0
          else if ('value' in left || left.out > 0) return behind(behind(left))
        }
      }
      case 'branch':
        fuel += 1
        return out(one.out)
      case 'branch-if': {
        const test = value(one.test, locals)
        fuel += 1
        return test === 0 ? undefined : out(one.out)
      }
      case 'branch-table': {
        const index = value(one.index, locals) >>> 0
        fuel += 1
        return out(one.outs[Math.min(index, one.outs.length - 1)] as number)
      }
      case 'return': {
        const returned = value(one.value, locals)
        fuel += 1
        return { value: returned }
      }
    }
  }

  try {
    const result = callFunction(0, argument)
    return { result, fuel, memory }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
