import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFields, encodeFields } from '../src/host-calls/fields.js'
import { isPlainData } from '../src/host-calls/plain-data.js'
import { utf8 } from './sites.js'

const anyBytes = fc.uint8Array({ maxLength: 40 })

describe('fields', () => {
  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 20 }), (fields) => void expect(decodeFields(encodeFields(fields))).toEqual(fields)),
    )
  })
  test('what is read would be written so', () => {
    const nearly = fc.stringMatching(/^([0-9]{1,2}:[a-z0-9:]{0,12}){0,4}$/).map(utf8)
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearly), (message) => {
        const fields = decodeFields(message)
        if (fields) expect(encodeFields(fields)).toEqual(message)
      }),
      { numRuns: 1000 },
    )
  })
})

type Plain = null | boolean | number | string | readonly (readonly [number | string, Plain])[]
/** PHP's serialize(), as far as plain data goes. */
function serialize(value: Plain): string {
  if (value === null) return 'N;'
  if (typeof value === 'boolean') return `b:${value ? 1 : 0};`
  if (typeof value === 'number') return `i:${value};`
  if (typeof value === 'string') return `s:${utf8(value).length}:"${value}";`
  return `a:${value.length}:{${value.map(([key, item]) => serialize(key) + serialize(item)).join('')}}`
}
const { plain } = fc.letrec<{ plain: Plain; entries: Plain }>((tie) => ({
  plain: fc.oneof({ depthSize: 'small' }, fc.constant(null), fc.boolean(), fc.integer(), fc.string({ unit: 'grapheme' }), tie('entries')),
  entries: fc.array(fc.tuple(fc.oneof(fc.nat(), fc.string()), tie('plain')), { maxLength: 4 }),
}))

describe('plain data', () => {
  test('is taken', () => {
    fc.assert(fc.property(plain, (value) => void expect(isPlainData(utf8(serialize(value)))).toBe(true)))
  })
  test('cut short, or with something behind it, is not', () => {
    fc.assert(
      fc.property(plain, fc.nat(), (value, at) => {
        const bytes = utf8(serialize(value))
        expect(isPlainData(bytes.subarray(0, at % bytes.length))).toBe(false)
        expect(isPlainData(Uint8Array.from([...bytes, 59]))).toBe(false)
      }),
    )
  })
  test('has the numbers that PHP writes, and no others', () => {
    const forms: readonly (readonly [type: string, form: RegExp])[] = [
      ['b', /^[01]$/],
      ['i', /^(0|-?[1-9][0-9]{0,18})$/],
      ['d', /^(-?INF|NAN|-?(0|[1-9][0-9]{0,308})(\.[0-9]{1,30})?(E[+-][0-9]{1,3})?)$/],
    ]
    const anyNumber = fc.stringMatching(
      /^-?(INF|NAN|[01][0-9]{0,2}([0-9]{16,20})?([0-9]{290,310})?)(\.[0-9]{0,31})?(E[+-]?[0-9]{0,4})?[0-9A-F.+-]?$/,
    )
    fc.assert(
      fc.property(fc.constantFrom(...forms), anyNumber, ([type, form], number) => {
        expect(isPlainData(utf8(`${type}:${number};`))).toBe(form.test(number))
      }),
      { numRuns: 2000 },
    )
  })
  test('is looked at byte by byte, but for what is in strings', () => {
    const readOf = (text: string) => {
      let read = -1
      isPlainData(utf8(text), (count) => {
        read = count
      })
      return read
    }
    expect([readOf('i:12;'), readOf(`s:1000:"${'x'.repeat(1000)}";`), readOf('a:1:{i:0;d:0.5;}')]).toEqual([5, 10, 16])
    // no further than to the first fault
    expect(readOf(`a:9:{i:0;x${'i:0;'.repeat(1000)}`)).toBeLessThan(12)
  })
  const nested = (depth: number) => utf8(`${'a:1:{i:0;'.repeat(depth)}N;${'}'.repeat(depth)}`)
  test('goes 64 arrays deep', () => {
    expect([isPlainData(nested(64)), isPlainData(nested(65)), isPlainData(nested(100_000))]).toEqual([true, false, false])
  })
  test.each(['d:0.1;', 'd:-1.0E+25;', 'd:1.0E-7;', 'd:INF;', 'd:-INF;', 'd:NAN;', 'i:-9223372036854775808;', 's:0:"";', 'a:0:{}'])(
    'has %s',
    (text) => expect(isPlainData(utf8(text))).toBe(true),
  )
  test.each([
    '',
    'i:01;',
    'i:-0;',
    'i:1',
    'i: 1;',
    'i:99999999999999999999;',
    'd:;',
    'd:1.;',
    'd:0x1;',
    'b:2;',
    's:1:"ab";',
    's:3:"ab";',
    's:-1:"";',
    's:999999999:"";',
    'S:1:"a";',
    'a:1:{}',
    'a:0:{i:0;N;}',
    'a:1:{N;N;}',
    'a:1:{a:0:{}N;}',
    'a:1:{b:1;N;}',
    'a:1:{i:0;R:1;}',
    'a:2:{i:0;N;i:1;r:2;}',
    'O:1:"A":0:{}',
    'C:1:"A":0:{}',
    'E:3:"A:B";',
  ])('has no %s', (text) => expect(isPlainData(utf8(text))).toBe(false))
})
