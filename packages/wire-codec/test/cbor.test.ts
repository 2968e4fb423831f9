import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOfHex, type CborValue, decodeCbor, encodeCbor, hexOf, Link, WireError } from '../src/index.js'

const anyValue: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue; list: CborValue[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.uint8Array({ minLength: 36, maxLength: 36 }).map((cid) => new Link(cid)),
    tie('list'),
  ),
  list: fc.array(tie('value'), { maxLength: 5 }),
})).value

test('what is written is read again as it was', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(decodeCbor(encodeCbor(value))).toEqual(value)
    }),
  )
})
test('any bytes are either refused with a code or are the one encoding of what they hold', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(WireError)
      }
    }),
    { numRuns: 20_000 },
  )
})
test.each([
  ['1801', 'WIRE_NOT_CANONICAL', 'an integer in two bytes that fits one'],
  ['a0', 'WIRE_MALFORMED', 'a map'],
  ['f93c00', 'WIRE_MALFORMED', 'a float that is an integer'],
  ['f97e00', 'WIRE_MALFORMED', 'not a number'],
  ['f7', 'WIRE_MALFORMED', 'undefined'],
  ['9f01ff', 'WIRE_MALFORMED', 'a list without a length'],
  ['5f4101ff', 'WIRE_MALFORMED', 'bytes without a length'],
  ['62c328', 'WIRE_NOT_CANONICAL', 'text that is not UTF-8'],
  ['0101', 'WIRE_MALFORMED', 'bytes after the end'],
  ['82', 'WIRE_MALFORMED', 'a list that ends early'],
  ['', 'WIRE_MALFORMED', 'nothing'],
  ['5affffffff', 'WIRE_MALFORMED', 'four gigabytes promised'],
  ['9b00ffffffffffffff', 'WIRE_MALFORMED', 'a list longer than memory'],
  ['c001', 'WIRE_MALFORMED', 'a tag that is not a link'],
  ['d82a4101', 'WIRE_MALFORMED', 'a link that is too short'],
  ['c249010000000000000000', 'WIRE_MALFORMED', 'an integer beyond 64 bits'],
  [`${'81'.repeat(25)}01`, 'WIRE_TOO_DEEP', 'lists in lists in lists'],
])('%s: %s: %s', (hex, code) => {
  expect(() => decodeCbor(bytesOfHex(hex))).toThrow(expect.objectContaining({ code }))
})
test('a size limit holds before anything is read', () => {
  expect(() => decodeCbor(new Uint8Array(11), { maxBytes: 10 })).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }))
})
test.each([1.5, Number.NaN, -0, 2 ** 53, 2n ** 64n, undefined, { a: 1 }, '\ud800', [1.5]])('%s is not written', (value) => {
  expect(() => encodeCbor(value as CborValue)).toThrow(expect.objectContaining({ code: 'WIRE_SHAPE' }))
})
test('a link is tag 42 over 00 and the CID, as in dag-cbor', () => {
  expect(hexOf(encodeCbor(new Link(new Uint8Array(36).fill(7))))).toBe(`d82a582500${'07'.repeat(36)}`)
})
