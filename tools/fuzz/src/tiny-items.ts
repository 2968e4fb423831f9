import { encodeCbor } from '@interpeer/wire-codec'

/** What holds a byte string of one byte: of all that CBOR can say, it takes most memory for its bytes. */
const ITEM_BYTES = 2
const HEAD_MAX_BYTES = 5

/** Almost `maxBytes` of CBOR, well-formed: a list of equal lists of byte strings of one byte each, as many lists as each has items. */
export function tinyItems(maxBytes: number): Uint8Array {
  const width = Math.floor(Math.sqrt((maxBytes - HEAD_MAX_BYTES) / ITEM_BYTES) - HEAD_MAX_BYTES)
  const row = Array.from({ length: Math.max(0, width) }, () => Uint8Array.of(0))
  return encodeCbor(row.map(() => row))
}
