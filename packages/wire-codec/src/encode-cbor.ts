import { type CborValue, LINK_BYTES, LINK_TAG, Link, MAX_DEPTH } from './cbor.js'
import { WireError } from './errors.js'
import { utf8Length, writeUtf8 } from './utf8.js'

const UINT64_MAX = 2n ** 64n - 1n
/** Tag 42, the head of 37 bytes, and 00: then the CID. */
const LINK_HEAD = [0xd8, LINK_TAG, 0x58, LINK_BYTES + 1, 0x00]
const TWO_32 = 2 ** 32

/**
 * The one encoding of `value` (RFC 8949 §4.2.1), in a Uint8Array of its own.
 * @throws {WireError} WIRE_SHAPE when it holds what deterministic CBOR here does not: a float, a map, undefined, an integer beyond 64 bits;
 *   WIRE_TOO_DEEP
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const bytes = new Uint8Array(sizeOf(value, 0))
  write(bytes, 0, value)
  return bytes
}

/** How many bytes `value` takes; `depth` lists hold it. Whatever can't be written is refused here, so that `write` need not look. */
function sizeOf(value: CborValue, depth: number): number {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) return headSize(value < 0 ? -1 - value : value)
  } else if (value instanceof Uint8Array) {
    return headSize(value.length) + value.length
  } else if (Array.isArray(value)) {
    if (depth >= MAX_DEPTH) throw new WireError({ code: 'WIRE_TOO_DEEP', maxDepth: MAX_DEPTH })
    let size = headSize(value.length)
    for (let i = 0; i < value.length; i++) size += sizeOf(value[i], depth + 1)
    return size
  } else if (typeof value === 'string') {
    if (value.isWellFormed()) {
      const length = utf8Length(value)
      return headSize(length) + length
    }
  } else if (value === null || typeof value === 'boolean') {
    return 1
  } else if (typeof value === 'bigint') {
    if (value >= -UINT64_MAX - 1n && value <= UINT64_MAX) return bigHeadSize(value < 0n ? -1n - value : value)
  } else if (value instanceof Link) {
    if (depth >= MAX_DEPTH) throw new WireError({ code: 'WIRE_TOO_DEEP', maxDepth: MAX_DEPTH })
    return LINK_HEAD.length + LINK_BYTES
  }
  throw new WireError({ code: 'WIRE_SHAPE', path: '', expected: 'a value that deterministic CBOR can hold' })
}

const headSize = (count: number): number => (count < 24 ? 1 : count < 0x100 ? 2 : count < 0x1_0000 ? 3 : count < TWO_32 ? 5 : 9)
const bigHeadSize = (count: bigint): number => (count < TWO_32 ? headSize(Number(count)) : 9)

/** Writes what `sizeOf` has made room for, and says where it ends. */
function write(to: Uint8Array, at: number, value: CborValue): number {
  if (typeof value === 'number') return value < 0 ? writeHead(to, at, 0x20, -1 - value) : writeHead(to, at, 0x00, value)
  if (value instanceof Uint8Array) return writeBytes(to, writeHead(to, at, 0x40, value.length), value)
  if (typeof value === 'string') return writeUtf8(to, writeHead(to, at, 0x60, utf8Length(value)), value)
  if (value === null) return writeByte(to, at, 0xf6)
  if (typeof value === 'boolean') return writeByte(to, at, value ? 0xf5 : 0xf4)
  if (typeof value === 'bigint') return value < 0n ? writeBigHead(to, at, 0x20, -1n - value) : writeBigHead(to, at, 0x00, value)
  if (value instanceof Link) {
    for (const byte of LINK_HEAD) to[at++] = byte
    return writeBytes(to, at, value.cid)
  }
  at = writeHead(to, at, 0x80, value.length)
  for (let i = 0; i < value.length; i++) at = write(to, at, value[i] as CborValue)
  return at
}

/** The shortest head: `major` in its upper three bits. */
function writeHead(to: Uint8Array, at: number, major: number, count: number): number {
  if (count < 24) {
    to[at] = major | count
    return at + 1
  }
  if (count < 0x100) {
    to[at] = major | 24
    to[at + 1] = count
    return at + 2
  }
  if (count < 0x1_0000) {
    to[at] = major | 25
    to[at + 1] = count >> 8
    to[at + 2] = count
    return at + 3
  }
  if (count < TWO_32) {
    to[at] = major | 26
    return writeUint32(to, at + 1, count)
  }
  to[at] = major | 27
  return writeUint32(to, writeUint32(to, at + 1, Math.floor(count / TWO_32)), count % TWO_32)
}
function writeBigHead(to: Uint8Array, at: number, major: number, count: bigint): number {
  if (count < TWO_32) return writeHead(to, at, major, Number(count))
  to[at] = major | 27
  return writeUint32(to, writeUint32(to, at + 1, Number(count >> 32n)), Number(count & 0xffff_ffffn))
}
function writeUint32(to: Uint8Array, at: number, value: number): number {
  to[at] = value >>> 24
  to[at + 1] = value >>> 16
  to[at + 2] = value >>> 8
  to[at + 3] = value
  return at + 4
}
function writeByte(to: Uint8Array, at: number, byte: number): number {
  to[at] = byte
  return at + 1
}
function writeBytes(to: Uint8Array, at: number, bytes: Uint8Array): number {
  to.set(bytes, at)
  return at + bytes.length
}
