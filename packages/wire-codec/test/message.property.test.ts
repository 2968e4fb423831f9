import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  bool,
  bytes,
  bytesMax,
  type CborValue,
  decodeCbor,
  encodeCbor,
  hexOf,
  link,
  list,
  message,
  nullable,
  oneOf,
  struct,
  text,
  uint8,
  uint16,
  uint32,
  uint53,
  uint64,
  variants,
  WireError,
} from '../src/index.js'
import { anyChanges, anyValue, changed, itemsIn } from './values.js'

/** Every kind of field, and kinds in kinds. */
const everything = message('example', 255, 1, {
  key: bytes(4),
  body: bytesMax(8),
  title: text(8),
  small: uint8,
  middle: uint16,
  large: uint32,
  exact: uint53,
  amount: uint64,
  final: bool,
  method: oneOf('GET', 'POST'),
  parent: nullable(link),
  grid: list(list(uint8, 3), 3),
  items: list(struct({ id: uint8, name: nullable(text(4)) }), 3),
  change: variants({ keep: [0, {}], drop: [7, { from: uint8, why: variants({ age: [1, { ms: uint53 }] }) }] }),
})
type Everything = ReturnType<typeof everything.decode>
const sized = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const anyText = (max: number) => fc.string({ unit: 'binary', maxLength: max }).filter((one) => Buffer.byteLength(one) <= max)
const anyMessage: fc.Arbitrary<Everything> = fc.record(
  {
    key: sized(4),
    body: fc.uint8Array({ maxLength: 8 }),
    title: anyText(8),
    small: fc.nat(0xff),
    middle: fc.nat(0xffff),
    large: fc.nat(0xffff_ffff),
    exact: fc.maxSafeNat(),
    amount: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    final: fc.boolean(),
    method: fc.constantFrom('GET', 'POST'),
    parent: fc.option(sized(36)),
    grid: fc.array(fc.array(fc.nat(0xff), { maxLength: 3 }), { maxLength: 3 }),
    items: fc.array(fc.record({ id: fc.nat(0xff), name: fc.option(anyText(4)) }, { noNullPrototype: true }), { maxLength: 3 }),
    change: fc.oneof(
      fc.constant({ type: 'keep' as const }),
      fc.record(
        { type: fc.constant('drop' as const), from: fc.nat(0xff), why: fc.constant({ type: 'age' as const, ms: 5 }) },
        { noNullPrototype: true },
      ),
    ),
  },
  { noNullPrototype: true },
)

test('any message is read as it was written', () => {
  fc.assert(
    fc.property(anyMessage, (value) => {
      expect(everything.decode(everything.encode(value))).toStrictEqual(value)
    }),
    { numRuns: 2_000 },
  )
})
test('any value has at most so many items as its schema says, and the largest as many', () => {
  fc.assert(fc.property(anyMessage, (value) => itemsIn(everything.schema.write(value, '')) <= everything.schema.maxItems))
  const row = [1, 2, 3]
  const item = { id: 1, name: null }
  const largest = { ...good, parent: new Uint8Array(36), grid: [row, row, row], items: [item, item, item] }
  expect(itemsIn(everything.schema.write(largest, ''))).toBe(everything.schema.maxItems)
  expect(everything.decode(everything.encode(largest))).toEqual(largest)
})
/** Read, and then written again as it was; or refused with a code. */
function isReadOrRefused(input: Uint8Array): boolean {
  let value: Everything
  try {
    value = everything.decode(input)
  } catch (error) {
    expect(error).toBeInstanceOf(WireError)
    return false
  }
  expect(hexOf(everything.encode(value))).toBe(hexOf(input))
  return true
}
test('changed bytes of a message are read and would be written so, or are refused with a code', () => {
  let read = 0
  fc.assert(
    fc.property(anyMessage, anyChanges, (value, changes) => {
      if (isReadOrRefused(changed(everything.encode(value), changes))) read++
    }),
    { numRuns: 10_000 },
  )
  expect(read).toBeGreaterThan(500)
})
test('the same for any value in the place of a field', () => {
  let read = 0
  fc.assert(
    fc.property(anyMessage, fc.nat(20), anyValue, (value, place, other) => {
      const items = decodeCbor(everything.encode(value)) as readonly CborValue[]
      if (isReadOrRefused(encodeCbor(items.with(place % items.length, other)))) read++
    }),
    { numRuns: 10_000 },
  )
  expect(read).toBeGreaterThan(100)
})

const good: Everything = {
  key: new Uint8Array(4),
  body: new Uint8Array(),
  title: '',
  small: 0,
  middle: 0,
  large: 0,
  exact: 0,
  amount: 0n,
  final: true,
  method: 'GET',
  parent: null,
  grid: [[1], [1, 2]],
  items: [
    { id: 1, name: null },
    { id: 2, name: 'a' },
  ],
  change: { type: 'drop', from: 1, why: { type: 'age', ms: 5 } },
}
test.each<[path: string, change: (items: CborValue[]) => void, wrong: object]>([
  ['small', (items) => items.splice(4, 1, 256), { small: 256 }],
  ['parent', (items) => items.splice(11, 1, 'a'), { parent: new Uint8Array(35) }],
  ['grid[1][0]', (items) => items.splice(12, 1, [[1], [-1]]), { grid: [[1], [-1]] }],
  [
    'items[1].name',
    (items) =>
      items.splice(13, 1, [
        [1, null],
        [2, 'abcde'],
      ]),
    {
      items: [
        { id: 1, name: null },
        { id: 2, name: 'abcde' },
      ],
    },
  ],
  ['change.from', (items) => items.splice(14, 1, [7, 256, [1, 5]]), { change: { type: 'drop', from: 256, why: { type: 'age', ms: 5 } } }],
  ['change.why.ms', (items) => items.splice(14, 1, [7, 1, [1, -1]]), { change: { type: 'drop', from: 1, why: { type: 'age', ms: -1 } } }],
])('what is wrong is named by its path, read or written: %s', (path, change, wrong) => {
  const items = [...(decodeCbor(everything.encode(good)) as readonly CborValue[])]
  change(items)
  const named = expect.objectContaining({ failure: expect.objectContaining({ code: 'WIRE_SHAPE', path }) })
  expect(() => everything.decode(encodeCbor(items))).toThrow(named)
  expect(() => everything.encode({ ...good, ...wrong } as Everything)).toThrow(named)
})
