import * as cborg from 'cborg'
import { type CborValue, concatBytes, Link, sameBytes } from '../src/index.js'

/**
 * The same format by other means: cborg at its strictest, then written again and compared, because it takes long heads, floats that are
 * integers and text that is not UTF-8. Slower and larger; what it accepts is what ours must accept.
 */
export function decodeByCborg(bytes: Uint8Array, maxDepth: number): CborValue {
  const value = cborg.decode(bytes, decodeOptions) as CborValue
  if (depthOf(value) > maxDepth) throw new Error('too deep')
  if (!sameBytes(encodeByCborg(value), bytes)) throw new Error('written otherwise')
  return value
}
export function encodeByCborg(value: CborValue): Uint8Array {
  return new Uint8Array(cborg.encode(value, encodeOptions))
}

const encodeOptions = {
  float64: true,
  typeEncoders: {
    Object: (value: unknown): cborg.Token[] => {
      if (!(value instanceof Link)) throw new Error('a map')
      return [new cborg.Token(cborg.Type.tag, 42), new cborg.Token(cborg.Type.bytes, concatBytes(new Uint8Array(1), value.cid))]
    },
    number: (value: unknown): null => {
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Error('a float')
      return null
    },
  },
}
const tags: cborg.TagDecoder[] = []
tags[42] = (decode: () => unknown): Link => {
  const inner = decode()
  if (!(inner instanceof Uint8Array) || inner.length !== 37 || inner[0] !== 0) throw new Error('no link')
  return new Link(inner.slice(1))
}
const decodeOptions = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
  tags,
}

/** Lists one in another; a link counts as a list. */
function depthOf(value: CborValue): number {
  if (value instanceof Link) return 1
  return Array.isArray(value) ? 1 + Math.max(0, ...value.map(depthOf)) : 0
}
