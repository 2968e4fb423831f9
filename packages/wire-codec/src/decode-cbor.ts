import { type CborLimits, type CborValue, LINK_BYTES, LINK_TAG, Link, MAX_BYTES, MAX_DEPTH, MAX_ITEMS } from './cbor.js'
import { WireError } from './errors.js'
import { readUtf8 } from './utf8.js'

/**
 * Reads bytes that `encodeCbor` could have written, and refuses all others at the first byte that it would have written otherwise. Takes
 * memory only for bytes that are there, and for so many values as there may be: a length or a count is compared with what is left of both
 * before anything is made.
 * @throws {WireError} WIRE_TOO_LARGE, WIRE_TOO_DEEP, WIRE_MALFORMED, WIRE_NOT_CANONICAL; WIRE_SHAPE when there are too many values
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  const maxBytes = limits.maxBytes ?? MAX_BYTES
  if (bytes.length > maxBytes) throw new WireError({ code: 'WIRE_TOO_LARGE', bytes: bytes.length, maxBytes })
  const reader = new Reader(bytes, limits.maxItems ?? MAX_ITEMS)
  const value = reader.value(0)
  if (reader.at !== bytes.length) throw malformed('bytes after the end')
  return value
}

/** A longer list grows with its items: the lists that are open at one time may promise many times what is there. */
const LIST_AT_ONCE = 256

class Reader {
  at = 0
  readonly #bytes: Uint8Array
  readonly #maxItems: number
  /** Values that were begun, and those that the lists begun so far have yet to bring. */
  #items = 1
  constructor(bytes: Uint8Array, maxItems: number) {
    // byte strings are copied: they hold on to no larger message, and do not change when a buffer is used again. A Buffer's slice is a view
    this.#bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#maxItems = maxItems
  }

  /** The value that begins here; `depth` lists hold it. */
  value(depth: number): CborValue {
    const bytes = this.#bytes
    if (this.at >= bytes.length) throw malformed('it ends early')
    const head = bytes[this.at++] as number
    const [major, low] = [head >> 5, head & 31]
    switch (major) {
      case 0:
        return this.#integer(low)
      case 1: {
        const value = this.#integer(low)
        return typeof value === 'bigint' || value === Number.MAX_SAFE_INTEGER ? -1n - BigInt(value) : -1 - value
      }
      case 2: {
        const end = this.#end(low)
        const value = bytes.slice(this.at, end)
        this.at = end
        return value
      }
      case 3: {
        const end = this.#end(low)
        const text = readUtf8(bytes, this.at, end)
        if (text === undefined) throw new WireError({ code: 'WIRE_NOT_CANONICAL' })
        this.at = end
        return text
      }
      case 4: {
        const count = this.#length(low)
        if (depth >= MAX_DEPTH) throw tooDeep()
        this.#items += count
        if (this.#items > this.#maxItems) throw tooMany(this.#maxItems)
        const list: CborValue[] = new Array(Math.min(count, LIST_AT_ONCE))
        for (let i = 0; i < count; i++) list[i] = this.value(depth + 1)
        return list
      }
      case 5:
        throw malformed('maps are not used')
      case 6:
        if (depth >= MAX_DEPTH) throw tooDeep()
        return this.#link(low)
      default:
        if (head === 0xf6) return null
        if (head === 0xf5) return true
        if (head === 0xf4) return false
        throw malformed('floats, undefined and other simple values are not used')
    }
  }

  /** The argument of a head, whose lower five bits are `low`: up to 2^53 - 1 as a number, above as a bigint. */
  #integer(low: number): number | bigint {
    if (low < 24) return low
    const [bytes, at] = [this.#bytes, this.at]
    if (low > 27) throw malformed('indefinite length or reserved head')
    const size = 1 << (low - 24)
    if (at + size > bytes.length) throw malformed('it ends early')
    this.at += size
    if (low === 24) return atLeast(24, bytes[at] as number)
    if (low === 25) return atLeast(0x100, ((bytes[at] as number) << 8) | (bytes[at + 1] as number))
    const high = uint32(bytes, at)
    if (low === 26) return atLeast(0x1_0000, high)
    const lower = uint32(bytes, at + 4)
    atLeast(1, high)
    return high < 0x20_0000 ? high * 0x1_0000_0000 + lower : (BigInt(high) << 32n) | BigInt(lower)
  }

  /** An argument that counts bytes or items, of which each takes a byte at least. */
  #length(low: number): number {
    const length = this.#integer(low)
    if (length > this.#bytes.length - this.at) throw malformed('a length beyond the end')
    return length as number
  }
  #end(low: number): number {
    const length = this.#length(low)
    return this.at + length
  }

  /** What follows a tag's head with `low`. */
  #link(low: number): Link {
    if (this.#integer(low) !== LINK_TAG) throw malformed('a tag that is not a link')
    const head = this.#bytes[this.at++]
    if (head === undefined) throw malformed('it ends early')
    if (head >> 5 !== 2) throw malformed(LINK_RULE)
    const end = this.#end(head & 31)
    const start = this.at
    if (end - start !== LINK_BYTES + 1 || this.#bytes[start] !== 0) throw malformed(LINK_RULE)
    this.at = end
    return new Link(this.#bytes.slice(start + 1, end))
  }
}

const uint32 = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0

/** @throws {WireError} when a shorter head would have held `value` */
function atLeast(least: number, value: number): number {
  if (value < least) throw new WireError({ code: 'WIRE_NOT_CANONICAL' })
  return value
}

const LINK_RULE = 'a link is 00 and 36 bytes'
const tooDeep = (): WireError => new WireError({ code: 'WIRE_TOO_DEEP', maxDepth: MAX_DEPTH })
const tooMany = (maxItems: number): WireError => new WireError({ code: 'WIRE_SHAPE', path: '', expected: `at most ${maxItems} CBOR items` })
const malformed = (reason: string): WireError => new WireError({ code: 'WIRE_MALFORMED', reason })
