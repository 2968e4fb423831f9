import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCbor, encodeCbor, hexOf, WireError } from '../src/index.js'
import { decodeByCborg, encodeByCborg } from './cborg-codec.js'
import { anyChanges, anyValue, changed, headsAndPieces } from './values.js'

const MAX_DEPTH = 24

/** Counts what both accept, so that a test can see that it did not compare refusals only. */
let accepted = 0
function compare(bytes: Uint8Array): void {
  const [ours, theirs] = [outcome(() => decodeCbor(bytes)), outcome(() => decodeByCborg(bytes, MAX_DEPTH))]
  if ('error' in ours && !(ours.error instanceof WireError)) throw ours.error
  if ('error' in ours || 'error' in theirs) {
    if ('error' in ours && 'error' in theirs) return
    throw new Error(
      `${hexOf(bytes)}: ${'error' in ours ? `cborg accepts, ours: ${ours.error}` : `ours accepts, cborg: ${errorOf(theirs)}`}`,
    )
  }
  accepted++
  expect(ours.value).toStrictEqual(theirs.value)
  expect(hexOf(encodeCbor(ours.value))).toBe(hexOf(bytes))
}
type Outcome<T> = { readonly value: T } | { readonly error: unknown }
const errorOf = (outcome: Outcome<unknown>): unknown => ('error' in outcome ? outcome.error : undefined)
function outcome<T>(of: () => T): Outcome<T> {
  try {
    return { value: of() }
  } catch (error) {
    return { error }
  }
}

test('values are written as cborg writes them, and read again as they were: 20,000 of them', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeCbor(value)
      expect(hexOf(bytes)).toBe(hexOf(encodeByCborg(value)))
      expect(decodeCbor(bytes)).toStrictEqual(value)
    }),
    { numRuns: 20_000 },
  )
})
test('bytes are accepted if cborg reads them and writes them again as they were, and only then: every string of up to two bytes', () => {
  accepted = 0
  compare(new Uint8Array())
  for (let first = 0; first < 256; first++) {
    compare(Uint8Array.of(first))
    for (let second = 0; second < 256; second++) compare(Uint8Array.of(first, second))
  }
  // 0 to 23, -1 to -24, '' as bytes and text, [], three simple values; in two bytes: longer integers, strings of one byte, [one of the above]
  expect(accepted).toBe(24 + 24 + 3 + 3 + (256 - 24) * 2 + 256 + 128 + 54)
})
test('… 150,000 strings of heads and pieces', () => {
  accepted = 0
  fc.assert(fc.property(headsAndPieces, compare), { numRuns: 150_000 })
  expect(accepted).toBeGreaterThan(1_000)
})
test('… 60,000 encodings with one to four changes', () => {
  accepted = 0
  fc.assert(
    fc.property(anyValue, anyChanges, (value, changes) => compare(changed(encodeByCborg(value), changes))),
    { numRuns: 60_000 },
  )
  expect(accepted).toBeGreaterThan(5_000)
})
