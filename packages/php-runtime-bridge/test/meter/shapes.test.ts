import { expect, test } from 'vitest'
import { meter } from '../../src/meter/meter.js'
import { fuelOf, instantiate, validate } from './metered.js'
import { richModule, shapes } from './rich-module.js'

const imports = { host: { double: (value: number) => value * 2 } }
const given = richModule()

/** Fuel for 1, 2 and 5, counted by hand by the costs in `instructions.ts`: a call 4, by way of the table 8, an exception 255, bulk 16 and its length. */
const counted: Readonly<Record<keyof typeof shapes, readonly number[]>> = {
  'a block left by a branch': [3, 3, 3],
  'a block with a result': [3, 3, 3],
  'a loop': [9 + 1, 2 * 9 + 1, 5 * 9 + 1],
  'loops in a loop': [34 + 1, 2 * 34 + 1, 5 * 34 + 1],
  'if and else': [5, 5, 5],
  'an if alone': [5, 5, 5],
  'a table of branches': [7, 5, 5],
  'a return from the midst': [3 * 9 + 6, 2 * 9 + 6, 6],
  'code after what never goes on': [2, 2, 2],
  'more values than one': [7, 7, 7],
  'a block that takes a value': [3, 3, 3],
  'a loop that takes a value': [1 + 6 * 8 + 6, 1 + 5 * 8 + 6, 1 + 2 * 8 + 6],
  'calls by way of the table': [13, 13, 13],
  'a call at the end': [8, 8, 8],
  'a call at the end, by way of the table': [13, 13, 13],
  'a call of the host': [5, 5, 5],
  'an exception that is caught': [258, 258, 258],
  'an exception of any kind, caught, and one let go': [511, 511, 511],
  'an exception that a block around it is given': [258, 258, 258],
  'memory filled, copied and given': [98, 99, 102], // (3 + 16 + n) + (3 + 16 + 16) + (3 + 16 + 3) + 16 + 5
  'memory that grows': [65_536 + 16 + 3, 65_536 + 16 + 3, 65_536 + 16 + 3],
  'tables: size, growth, filling, copies and elements': [120, 120, 120], // (2 + 16 + 2 + 1) + 3 * (3 + 16 + 1) + 16 + 3 + 3 + 16 + 1
  'conversions that saturate': [9, 9, 9],
  'sign extension and 64 bits': [6, 6, 6],
  'a choice between references': [7, 7, 7],
  'global variables': [5, 5, 5],
  'vectors: arithmetic, lanes, memory, constants, shuffles': [24, 24, 24],
  'atomic operations': [7, 7, 7],
  floats: [8, 8, 8],
}

test.each(Object.keys(shapes))('%s: metered it does the same, for the fuel that was counted', (name) => {
  const found = [1, 2, 5].map((n) => {
    const [plain, exact, loose, again] = [given, meter(given, { slack: 0 }).bytes, meter(given).bytes, meter(given).bytes].map((bytes) =>
      instantiate(bytes, imports, name),
    ) as [Instance, Instance, Instance, Instance]
    const paid = fuelOf(exact, n)
    expect(paid.result).toEqual(plain.run(n))
    expect(Buffer.compare(exact.memory, plain.memory)).toBe(0)
    const advanced = fuelOf(loose, n)
    expect(fuelOf(again, n)).toEqual(advanced)
    expect(advanced.result).toEqual(paid.result)
    expect(advanced.fuel).toBeGreaterThanOrEqual(paid.fuel)
    return paid.fuel
  })
  expect(found).toEqual(counted[name])
})
type Instance = ReturnType<typeof instantiate>

test('all of it is what the engine takes', () => {
  expect(validate(given)).toBe(true)
})
