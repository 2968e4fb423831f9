import * as cborg from 'cborg'
import { concatBytes, sameBytes } from './bytes.js'
import { WireError } from './errors.js'

/** A link to a block: the 36 bytes of a binary CIDv1. On the wire CBOR tag 42 over 00 and the CID, as in dag-cbor. */
export class Link {
  readonly cid: Uint8Array
  constructor(cid: Uint8Array) {
    if (cid.length !== LINK_BYTES) throw new RangeError(`a link holds ${LINK_BYTES} bytes`)
    this.cid = cid
  }
}
export const LINK_BYTES = 36
const LINK_TAG = 42

/** What deterministic CBOR here can hold: no floats, no maps, no undefined, no tag but 42. Integers lie within 64 bits. */
export type CborValue = null | boolean | number | bigint | string | Uint8Array | Link | readonly CborValue[]
export interface CborLimits {
  readonly maxBytes?: number
  readonly maxDepth?: number
}
export const MAX_BYTES = 16 * 1024 * 1024
export const MAX_DEPTH = 24

const UINT64_MAX = 2n ** 64n - 1n
const encodeOptions = {
  float64: true,
  typeEncoders: {
    Object: (value: unknown): cborg.Token[] => {
      if (!(value instanceof Link)) throw new WireError({ code: 'WIRE_SHAPE', path: '', expected: 'a CBOR value without maps' })
      return [new cborg.Token(cborg.Type.tag, LINK_TAG), new cborg.Token(cborg.Type.bytes, concatBytes(new Uint8Array(1), value.cid))]
    },
  },
}
const tags: cborg.TagDecoder[] = []
tags[LINK_TAG] = (decode: () => unknown): Link => {
  const inner = decode()
  if (!(inner instanceof Uint8Array) || inner.length !== LINK_BYTES + 1 || inner[0] !== 0) {
    throw new WireError({ code: 'WIRE_MALFORMED', reason: 'a link is 00 and 36 bytes' })
  }
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

/**
 * The one encoding of `value` (RFC 8949 §4.2.1), in a Uint8Array of its own.
 * @throws {WireError} WIRE_SHAPE when it holds what deterministic CBOR here does not: a float, a map, undefined, an integer beyond 64 bits
 */
export function encodeCbor(value: CborValue): Uint8Array {
  assertEncodable(value, 0)
  // cborg answers with a Buffer for some sizes: callers compare and index, so they always get a plain array
  return new Uint8Array(cborg.encode(value, encodeOptions))
}

/**
 * Reads bytes that `encodeCbor` could have written, and refuses all others.
 * @throws {WireError} WIRE_TOO_LARGE, WIRE_TOO_DEEP, WIRE_MALFORMED, WIRE_NOT_CANONICAL
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  const maxBytes = limits.maxBytes ?? MAX_BYTES
  if (bytes.length > maxBytes) throw new WireError({ code: 'WIRE_TOO_LARGE', bytes: bytes.length, maxBytes })
  scan(bytes, limits.maxDepth ?? MAX_DEPTH)
  const value = decoded(bytes)
  // cborg's strictest options still take unsorted keys, long floats and bad UTF-8: only writing it again finds those
  if (!sameBytes(encodeCbor(value), bytes)) throw new WireError({ code: 'WIRE_NOT_CANONICAL' })
  return value
}

function decoded(bytes: Uint8Array): CborValue {
  try {
    return cborg.decode(bytes, decodeOptions) as CborValue
  } catch (cause) {
    if (cause instanceof WireError) throw cause
    throw new WireError({ code: 'WIRE_MALFORMED', reason: cause instanceof Error ? cause.message : 'not CBOR' }, { cause })
  }
}

/** Walks the heads without building anything: depth, and lengths that promise more than there is, cost no memory. */
function scan(bytes: Uint8Array, maxDepth: number): void {
  const open: number[] = [1] // items still to come, per level
  let at = 0
  while (open.length > 0) {
    const level = open.length - 1
    if (open[level] === 0) {
      open.pop()
      continue
    }
    ;(open[level] as number)--
    const head = bytes[at++]
    if (head === undefined) throw malformed('it ends early')
    const [major, low] = [head >> 5, head & 31]
    if (low > 27) throw malformed('indefinite length or reserved head')
    const size = low < 24 ? 0 : 1 << (low - 24)
    if (at + size > bytes.length) throw malformed('it ends early')
    let count = low
    if (size > 0) {
      count = 0
      for (let i = 0; i < size; i++) count = count * 256 + (bytes[at + i] as number)
    }
    at += size
    if (major === 2 || major === 3) {
      if (count > bytes.length - at) throw malformed('a length beyond the end')
      at += count
    } else if (major === 4 || major === 6) {
      if (major === 4 && count > bytes.length - at) throw malformed('a length beyond the end')
      if (open.length > maxDepth) throw new WireError({ code: 'WIRE_TOO_DEEP', maxDepth })
      open.push(major === 6 ? 1 : count)
    } else if (major === 5) throw malformed('maps are not used')
    else if (major === 7 && (low < 20 || low > 22)) throw malformed('floats and undefined are not used')
  }
  if (at !== bytes.length) throw malformed('bytes after the end')
}

function assertEncodable(value: CborValue, depth: number): void {
  if (depth > MAX_DEPTH) throw new WireError({ code: 'WIRE_TOO_DEEP', maxDepth: MAX_DEPTH })
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array || value instanceof Link) return
  if (typeof value === 'string') {
    if (value.isWellFormed()) return
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return
  } else if (typeof value === 'bigint') {
    if (value >= -UINT64_MAX - 1n && value <= UINT64_MAX) return
  } else if (Array.isArray(value)) {
    for (const item of value) assertEncodable(item, depth + 1)
    return
  }
  throw new WireError({ code: 'WIRE_SHAPE', path: '', expected: 'a value that deterministic CBOR can hold' })
}

const malformed = (reason: string): WireError => new WireError({ code: 'WIRE_MALFORMED', reason })
