import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { bytesOfHex, type CborValue, decodeCbor, encodeCbor, hexOf, Link, WireError } from '../src/index.js'
import { anyValue, itemsIn } from './values.js'

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
  [`${'81'.repeat(24)}80`, 'WIRE_TOO_DEEP', 'an empty list in 24 lists'],
  [`${'81'.repeat(24)}d82a582500${'07'.repeat(36)}`, 'WIRE_TOO_DEEP', 'a link in 24 lists'],
  ['180118', 'WIRE_NOT_CANONICAL', 'two faults: the first is named'],
  ['1b00000000ffffffff', 'WIRE_NOT_CANONICAL', 'an integer in eight bytes that fits four'],
  ['3a0000ffff', 'WIRE_NOT_CANONICAL', 'a negative integer in four bytes that fits two'],
  ['5818', 'WIRE_MALFORMED', 'bytes that are not there'],
  ['580100', 'WIRE_NOT_CANONICAL', 'a length in two bytes that fits one'],
  ['980100', 'WIRE_NOT_CANONICAL', 'a count in two bytes that fits one'],
  ['d9002a582500', 'WIRE_NOT_CANONICAL', 'a tag in three bytes that fits two'],
  [`d82a59002500${'07'.repeat(36)}`, 'WIRE_NOT_CANONICAL', 'a link whose length is in three bytes'],
  [`d82a582501${'07'.repeat(36)}`, 'WIRE_MALFORMED', 'a link that begins with another byte than 00'],
  ['d82a8100', 'WIRE_MALFORMED', 'a link that is a list'],
  ['d82a', 'WIRE_MALFORMED', 'a link that ends after its tag'],
  ['62c080', 'WIRE_NOT_CANONICAL', 'text with a byte in two'],
  ['63eda080', 'WIRE_NOT_CANONICAL', 'text with half of a surrogate pair'],
  ['64f4908080', 'WIRE_NOT_CANONICAL', 'text beyond U+10FFFF'],
  ['61e2', 'WIRE_NOT_CANONICAL', 'text that ends within a character'],
  ['1c', 'WIRE_MALFORMED', 'a reserved head'],
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
test.each([
  ['25 lists', Array.from({ length: 24 }).reduce<CborValue>((inner) => [inner], [])],
  ['a link in 24 lists', Array.from({ length: 24 }).reduce<CborValue>((inner) => [inner], new Link(new Uint8Array(36)))],
])('%s, which nobody would read, are not written', (_, value) => {
  expect(() => encodeCbor(value)).toThrow(expect.objectContaining({ code: 'WIRE_TOO_DEEP' }))
})
test('24 lists, and a link in 23, are written and read', () => {
  const nested = (depth: number, inner: CborValue) => Array.from({ length: depth }).reduce<CborValue>((value) => [value], inner)
  for (const value of [nested(23, []), nested(23, new Link(new Uint8Array(36))), nested(24, 'leaf')]) {
    expect(decodeCbor(encodeCbor(value))).toEqual(value)
  }
})
test('what was read is a copy, also when it was read from a Buffer', () => {
  const buffer = Buffer.from(encodeCbor([Uint8Array.of(1, 2, 3), new Link(new Uint8Array(36).fill(7))]))
  const [bytes, link] = decodeCbor(buffer) as [Uint8Array, Link]
  buffer.fill(0xff)
  expect([bytes, link.cid]).toStrictEqual([Uint8Array.of(1, 2, 3), new Uint8Array(36).fill(7)])
})
test('long text of every length of character is written and read', () => {
  const text = 'aä€😀'.repeat(5_000)
  expect(decodeCbor(encodeCbor(text))).toBe(text)
  expect(Buffer.from(encodeCbor(text)).subarray(3).toString()).toBe(text)
})
test('lists that promise a million items each, one in another, take no memory before the items are there', () => {
  const bytes = Uint8Array.from([...Array.from({ length: 24 }, () => [0x9a, 0, 0x0f, 0xff, 0xff]).flat(), 0xff])
  const padded = new Uint8Array(0x10_0000 + bytes.length)
  padded.set(bytes)
  const before = process.memoryUsage().heapUsed
  const limits = { maxItems: Number.MAX_SAFE_INTEGER }
  expect(() => decodeCbor(padded, limits)).toThrow(expect.objectContaining({ code: 'WIRE_MALFORMED' }))
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1024 * 1024) // made at once they take 192 MiB
})

const tooMany = (maxItems: number) =>
  expect.objectContaining({ failure: { code: 'WIRE_SHAPE', path: '', expected: `at most ${maxItems} CBOR items` } })
test('any value is read where so many items may be as it has, and refused where one fewer', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const [bytes, maxItems] = [encodeCbor(value), itemsIn(value)]
      expect(decodeCbor(bytes, { maxItems })).toEqual(value)
      if (maxItems > 1 || Array.isArray(value)) expect(() => decodeCbor(bytes, { maxItems: maxItems - 1 })).toThrow(tooMany(maxItems - 1))
    }),
    { numRuns: 2_000 },
  )
})
test('65,536 items where nothing else is said: refused before a list is made that would bring more', () => {
  const listsOf = (count: number) => encodeCbor(Array.from({ length: 4 }, () => Array.from({ length: count }, () => Uint8Array.of(0))))
  const made = vi.spyOn(Uint8Array.prototype, 'slice')
  try {
    decodeCbor(listsOf(16_382)) // 65,533
    expect(made).toHaveBeenCalledTimes(4 * 16_382)
    made.mockClear()
    expect(() => decodeCbor(listsOf(16_383))).toThrow(tooMany(65_536)) // 65,537
    expect(made).toHaveBeenCalledTimes(3 * 16_383)
    made.mockClear()
    expect(() => decodeCbor(encodeCbor(new Array(65_536).fill(Uint8Array.of(0))))).toThrow(tooMany(65_536))
    expect(made).not.toHaveBeenCalled()
  } finally {
    made.mockRestore()
  }
})
test('no two byte strings share a buffer, not even empty ones: one that is transferred takes nothing from the other', () => {
  const [first, second] = decodeCbor(bytesOfHex('824040')) as [Uint8Array, Uint8Array]
  structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] })
  const third = decodeCbor(bytesOfHex('40')) as Uint8Array
  const isDetached = expect.objectContaining({ name: 'TypeError' })
  expect(() => new Uint8Array(first.buffer)).toThrow(isDetached)
  for (const { buffer } of [second, third]) expect(() => new Uint8Array(buffer)).not.toThrow()
})
