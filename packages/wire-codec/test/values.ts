import fc from 'fast-check'
import { type CborValue, Link } from '../src/index.js'

const [UINT64_MAX, SAFE_MAX] = [2n ** 64n - 1n, BigInt(Number.MAX_SAFE_INTEGER)]

/** Everything that deterministic CBOR here can hold, as it comes out of `decodeCbor`: integers beyond 2^53 - 1 are bigints. */
export const anyValue: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue; list: CborValue[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.nat(70_000).map((n) => n - 300),
    fc.bigInt({ min: SAFE_MAX + 1n, max: UINT64_MAX }),
    fc.bigInt({ min: -UINT64_MAX - 1n, max: -SAFE_MAX - 1n }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary', minLength: 20, maxLength: 300 }),
    fc.uint8Array(),
    fc.uint8Array({ minLength: 36, maxLength: 36 }).map((cid) => new Link(cid)),
    tie('list'),
  ),
  list: fc.oneof(fc.array(tie('value'), { maxLength: 5 }), fc.array(fc.nat(3), { minLength: 20, maxLength: 300 })),
})).value

/** How many CBOR items `value` is, lists and what is in them. */
export const itemsIn = (value: CborValue): number =>
  Array.isArray(value) ? value.reduce((sum: number, item: CborValue) => sum + itemsIn(item), 1) : 1

/** Bytes as a hostile peer might choose them: heads of every kind, edges of lengths, pieces of text and of links. */
export const headsAndPieces: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.nat(255).map((byte) => [byte]) },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.nat(7), fc.constantFrom(0, 1, 2, 23, 24, 25, 26, 27, 31)).map(([major, low]) => [(major << 5) | low]),
      },
      {
        weight: 3,
        arbitrary: fc
          .tuple(fc.nat(7), fc.nat(3), fc.array(fc.constantFrom(0, 0, 0, 1, 0x17, 0x18, 0x1f, 0x20, 0xff), { maxLength: 8 }))
          .map(([major, size, bytes]) => [(major << 5) | (24 + size), ...Array.from({ length: 1 << size }, (_, i) => bytes[i] ?? 0)]),
      },
      { weight: 1, arbitrary: fc.constantFrom([0xd8, 42, 0x58, 37, 0], [0xd8, 42], [0x58, 37, 0], [0xf6], [0xf4]) },
      {
        weight: 1,
        arbitrary: fc.constantFrom([0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80], [0xe2, 0x82, 0xac], [0xc0, 0x80]),
      },
      { weight: 1, arbitrary: fc.nat(40).map((length) => Array.from({ length }, () => 0)) },
    ),
    { maxLength: 12 },
  )
  .map((pieces) => Uint8Array.from(pieces.flat()))

/** `bytes` with one to four changes: a bit, a byte, a byte more, a byte less, cut off. */
export const changed = (bytes: Uint8Array, changes: readonly Change[]): Uint8Array => changes.reduce(applied, bytes)
type Change = readonly [kind: number, place: number, byte: number]
export const anyChanges: fc.Arbitrary<readonly Change[]> = fc.array(fc.tuple(fc.nat(4), fc.nat(0xffff), fc.nat(255)), {
  minLength: 1,
  maxLength: 4,
})
function applied(bytes: Uint8Array, [kind, place, byte]: Change): Uint8Array {
  const at = bytes.length === 0 ? 0 : place % bytes.length
  const list = [...bytes]
  if (kind === 0 && bytes.length > 0) list[at] = (bytes[at] as number) ^ (1 << (byte & 7))
  else if (kind === 1 && bytes.length > 0) list[at] = byte
  else if (kind === 2) list.splice(at, 0, byte)
  else if (kind === 3) list.splice(at, 1)
  else list.length = at
  return Uint8Array.from(list)
}
