import { expect, test } from 'vitest'
import { decodeCbor, encodeCbor, hexOf, Link } from '../src/index.js'
import { bytesOfVector, expandValue, faultOfCase, type RuleVectors, type VectorCase, type VectorCodec } from '../src/test-vectors.js'
import cbor from '../vectors/cbor.json' with { type: 'json' }
import wire from '../vectors/wire.json' with { type: 'json' }
import { example } from './example.js'

const [{ cases }] = wire as unknown as readonly [RuleVectors]
test.each(cases)('a message: $name: $expect', (one) => {
  expect(faultOfCase(example as unknown as VectorCodec<never>, one)).toBeUndefined()
})

/** As cbor.json writes values: all integers in decimal text, bytes and links in hexadecimal. */
function jsonOf(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return hexOf(value)
  if (value instanceof Link) return { link: hexOf(value.cid) }
  return Array.isArray(value) ? value.map(jsonOf) : value
}
test.each(cbor as unknown as readonly VectorCase[])('CBOR: $name: $expect', ({ expect: code, hex, value }) => {
  const bytes = bytesOfVector(hex)
  if (code !== 'ok') return expect(() => decodeCbor(bytes)).toThrow(expect.objectContaining({ code }))
  const read = decodeCbor(bytes)
  expect(jsonOf(read)).toEqual(expandValue(value ?? null))
  expect(hexOf(encodeCbor(read))).toBe(hexOf(bytes))
})

const first = cases.find(({ expect: code }) => code === 'ok') as VectorCase
test.each([
  ['another code', { ...first, expect: 'WIRE_SHAPE' }, 'read, instead of WIRE_SHAPE'],
  ['another value', { ...first, value: { ...(first.value as object), small: 1 } }, 'read as'],
  ['a field too many in the value', { ...first, value: { ...(first.value as object), more: 1 } }, 'read as'],
  ['a value without a field', { ...first, value: { key: '00000000' } }, 'read as'],
  ['bytes that are refused', { ...first, hex: '00' }, 'WIRE_SHAPE instead of ok'],
])('a vector with %s is a wrong vector', (_, one, words) => {
  expect(faultOfCase(example as unknown as VectorCodec<never>, one)).toContain(words)
})
