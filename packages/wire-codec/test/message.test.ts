import { readFileSync } from 'node:fs'
import { parse } from 'cddl'
import { expect, test } from 'vitest'
import { checkCddl, checkContract, factsOfRule } from '../src/cddl.js'
import { bytesMax, decodeWith, encodeCbor, encodeWith, hexOf, MESSAGE_NUMBERS, message, struct, uint8 } from '../src/index.js'
import { example } from './example.js'

const value = {
  key: Uint8Array.of(1, 2, 3, 4),
  body: new Uint8Array(),
  title: 'Größe',
  small: 7,
  port: 443,
  count: 7,
  amount: 5n,
  at: 1_700_000_000_000,
  final: true,
  method: 'POST' as const,
  parent: null,
  items: [{ id: 1, name: 'a' }],
  change: { type: 'drop' as const, from: 3 },
}

test('a message is read as it was written', () => {
  expect(example.decode(example.encode(value))).toEqual(value)
  const linked = { ...value, parent: new Uint8Array(36).fill(9), change: { type: 'keep' as const } }
  expect(example.decode(example.encode(linked))).toEqual(linked)
})
test('it is an array: its number, then the fields in order', () => {
  expect(hexOf(example.encode(value)).slice(0, 16)).toBe('8e18ff4401020304')
})
const changed: [string, object, string][] = [
  ['too short a key', { key: new Uint8Array(3) }, 'key'],
  ['too long a body', { body: new Uint8Array(9) }, 'body'],
  ['text too long in UTF-8', { title: 'öööööö' }, 'title'],
  ['a negative count', { count: -1 }, 'count'],
  ['a fraction', { count: 1.5 }, 'count'],
  ['a count past its range', { count: 2 ** 32 }, 'count'],
  ['a number where amounts are bigint', { amount: 5 }, 'amount'],
  ['an unknown word', { method: 'PUT' }, 'method'],
  ['a CID of the wrong length', { parent: new Uint8Array(35) }, 'parent'],
  ['too many items', { items: [value.items[0], value.items[0], value.items[0]] }, 'items'],
  ['a wrong item', { items: [{ id: 256, name: 'a' }] }, 'items[0].id'],
  ['an unknown variant', { change: { type: 'other' } }, 'change'],
]
test.each(changed)('%s is refused where it is written', (_, change, path) => {
  expect(() => example.encode({ ...value, ...change } as typeof value)).toThrow(
    expect.objectContaining({ code: 'WIRE_SHAPE', failure: expect.objectContaining({ path }) }),
  )
})
test('a field more, a field less, or another number is refused', () => {
  expect(() => example.decode(encodeCbor([255]))).toThrow(expect.objectContaining({ code: 'WIRE_SHAPE' }))
  expect(() => example.decode(encodeCbor([254, 1]))).toThrow(expect.objectContaining({ code: 'WIRE_NUMBER' }))
  expect(() => example.decode(encodeCbor(7))).toThrow(expect.objectContaining({ code: 'WIRE_SHAPE' }))
})
test('a message past its size limit is neither written nor read', () => {
  const small = message('example', 255, 1, { body: bytesMax(100) }, { maxBytes: 20 })
  expect(() => small.encode({ body: new Uint8Array(50) })).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }))
  expect(() => small.decode(new Uint8Array(21))).toThrow(expect.objectContaining({ code: 'WIRE_TOO_LARGE' }))
})
test('values that are not messages go by the same schemas', () => {
  expect(decodeWith(struct({ id: uint8 }), encodeWith(struct({ id: uint8 }), { id: 3 }))).toEqual({ id: 3 })
})
test('no two messages have one number', () => {
  const numbers = Object.values(MESSAGE_NUMBERS)
  expect(new Set(numbers).size).toBe(numbers.length)
})

const cddlText = readFileSync(new URL('./example.cddl', import.meta.url), 'utf8')
test('the CDDL beside a message parses and says what the code says', () => {
  expect(parse(new URL('./example.cddl', import.meta.url).pathname)).toHaveLength(6)
  expect(checkContract([example], cddlText)).toEqual([])
})
test.each([
  ['a rule that no code has', `${cddlText}more = [id: uint .size 1]\n`, 'more: no code has this rule'],
  ['a rule twice', `${cddlText}keep = [type: 0]\n`, 'keep: two rules have this name'],
  ['another version', cddlText.replace('Version 1', 'Version 2'), 'the code has version 1, the CDDL 2'],
  ['another limit', cddlText.replace('1,048,576', '1,048,575'), 'at most 1048576 bytes, the CDDL says 1048575'],
  ['no word on signing', cddlText.replace(' Not signed.', ''), 'does not say who signs it'],
  ['words in another order', cddlText.replace('GET / POST', 'POST / GET'), 'field 10'],
  ['another name of a message', cddlText.replace('example =', 'examples ='), 'no rule named example'],
])('a contract with %s is noticed', (_, text, words) => {
  expect(text).not.toBe(cddlText)
  expect(checkContract([example], text).join('\n')).toContain(words)
})
test('the comment above a rule says who signs', () => {
  const facts = (comment: string) => factsOfRule('a', `b = [type: 1]\n${comment}\na = [type: 0]\n`)
  expect(facts('; Says a.\n; Version 3, at most 1,024 bytes. Signed by from.')).toEqual({ version: 3, maxBytes: 1024, signer: 'from' })
  expect(facts('; A block: at most 9 bytes.')).toEqual({ version: undefined, maxBytes: 9, signer: undefined })
  expect(facts('; Version 1, at most 9 bytes. Not signed.').signer).toBeNull()
  expect(facts('; Version 1, at most 9 bytes. Signed by from.\n')).toEqual({ version: undefined, maxBytes: undefined, signer: undefined })
})
test.each([
  ['key: bstr .size 4', 'key: bstr .size 5'],
  ['count: uint .size 4', 'counter: uint .size 4'],
  ['amount: uint .size 8, at:', 'at:'],
  ['drop = [type: 1', 'drop = [type: 2'],
])('a CDDL that says "%s" differently is noticed', (from, to) => {
  expect(cddlText.replace(/;.*$/gm, '').replace(/\s+/g, ' ')).toContain(from)
  expect(
    checkCddl(
      example,
      cddlText
        .replace(/;.*$/gm, '')
        .replace(/[ \t]+/g, ' ')
        .replace(/,\n /g, ', ')
        .replace(from, to),
    ),
  ).not.toEqual([])
})
