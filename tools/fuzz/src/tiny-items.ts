import { encodeCbor } from '@interpeer/wire-codec'

/** What holds a byte string of one byte: of all that CBOR can say, it takes most memory for its bytes. */
const ITEM_BYTES = 2
const HEAD_MAX_BYTES = 5

/** Almost `maxBytes` of CBOR, well-formed: a list of equal lists of byte strings of one byte each, as many lists as each has items. */
export function tinyItems(maxBytes: number): Uint8Array {
  const width = Math.floor(Math.sqrt((maxBytes - HEAD_MAX_BYTES) / ITEM_BYTES) - HEAD_MAX_BYTES)
  const count = Math.max(0, width)
  const row = encodeCbor(Array.from({ length: count }, () => Uint8Array.of(0)))
  const headBytes = row.length - count * ITEM_BYTES // the outer list has the same
  const bytes = new Uint8Array(headBytes + count * row.length)
  bytes.set(row.subarray(0, headBytes))
  for (let i = 0; i < count; i++) bytes.set(row, headBytes + i * row.length)
  return bytes
}
