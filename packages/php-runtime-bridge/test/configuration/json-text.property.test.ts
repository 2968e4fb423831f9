import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonFault, type JsonValue, parseJson } from '../../src/configuration/json-text.js'
import { placeOf } from '../../src/configuration/place.js'
import { utf8Text } from '../../src/configuration/utf8-text.js'

function plain(value: JsonValue): unknown {
  if (value.type === 'array') return value.items.map(plain)
  if (value.type === 'object') return Object.fromEntries(value.members.map(({ key, value }) => [key.value, plain(value)]))
  return value.value
}

test('what JSON.parse reads is read alike, however it is laid out', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom('', ' ', '\t', '\n  '), (value, space) => {
      const text = JSON.stringify(value, null, space)
      const read = parseJson(text)
      if (read instanceof JsonFault) throw new Error(`${read.found} at ${read.at} of ${text}`)
      expect(JSON.stringify(plain(read))).toBe(JSON.stringify(JSON.parse(text)))
      expect(JSON.parse(text.slice(read.start, read.end))).toEqual(JSON.parse(text))
    }),
    { seed: 1 },
  )
})

test('what JSON.parse refuses is refused, at a place in the text', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '1',
    '-',
    '0',
    '.5',
    'e1',
    'true',
    'nul',
    ' ',
    '\n',
    '\\u00',
    '\t',
    '/',
  )
  let refused = 0
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join('')
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        // whatever JSON.parse refuses
        isJson = false
      }
      const read = parseJson(text)
      expect(read instanceof JsonFault, text).toBe(!isJson)
      if (!(read instanceof JsonFault)) return
      refused++
      expect(read.at).toBeGreaterThanOrEqual(0)
      expect(read.at).toBeLessThanOrEqual(text.length)
    }),
    { numRuns: 3_000, seed: 2 },
  )
  expect(refused).toBeGreaterThan(1_000)
})

test('bytes are text as TextDecoder says, or are refused as it does', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc
      .array(fc.constantFrom('a', '\n', '\u007f', '\u0080', 'é', '\u0800', '€', '\uffff', '😀'), { maxLength: 12 })
      .map((letters) => new TextEncoder().encode(letters.join(''))),
    fc
      .constantFrom([0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x0a, 0xe2, 0x82], [0xf0, 0x9f, 0x98, 0x80])
      .map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(bytes, (given) => {
      let expected: string | undefined
      try {
        expected = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(given)
      } catch {
        // no UTF-8: none is expected
      }
      const text = utf8Text(given)
      expect(typeof text === 'string' ? text : undefined).toBe(expected)
    }),
    { numRuns: 500, seed: 3 },
  )
})

test('places are counted from one', () => {
  expect([0, 1, 2, 3, 4].map((at) => Object.values(placeOf('a\n\r\nb', at)))).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
    [3, 1],
  ])
})
