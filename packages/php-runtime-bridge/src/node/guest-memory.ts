import { fail } from '../errno.js'
import { CARD_SHIFT, type CardTable } from '../meter/cards.js'
import type { WasmMemory } from './wasm-api.js'

export const PAGE_BYTES = 65_536
/** Below lies nothing of PHP's: where C's null pointers lead. */
const LOWEST_ADDRESS = 1024
/** Such texts, of ASCII, are had quicker than by a decoder. */
const SHORT_TEXT_BYTES = 256
const ASCII = /^[\0-\x7f]*$/

/** PHP's linear memory. Its views are made anew after it grew: growing detaches the old ones. */
export class GuestMemory {
  readonly #memory: WasmMemory
  readonly #cards: CardTable
  #bytes: Uint8Array
  #view: DataView
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #encoder = new TextEncoder()

  /** @param cards system calls note there what they write to, as PHP's own code does */
  constructor(memory: WasmMemory, cards: CardTable) {
    this.#memory = memory
    this.#cards = cards
    this.#bytes = new Uint8Array(memory.buffer)
    this.#view = new DataView(memory.buffer)
  }

  get bytes(): Uint8Array {
    this.#refresh()
    return this.#bytes
  }

  /** A piece of memory for a system call to write to; EINVAL where it must not, or where there is none. */
  writable(at: number, length: number): Uint8Array {
    if (length === 0) return new Uint8Array(0)
    if (length < 0 || at + length > this.bytes.length) fail('INVAL')
    this.#note(at, at + length - 1)
    return this.#bytes.subarray(at, at + length)
  }

  get view(): DataView {
    this.#refresh()
    return this.#view
  }

  get pages(): number {
    return this.bytes.length / PAGE_BYTES
  }

  grow(pages: number): void {
    this.#memory.grow(pages)
  }

  /** A C string; EILSEQ where it is not UTF-8, EFAULT-like EINVAL where it does not end. */
  text(at: number): string {
    const end = this.bytes.indexOf(0, at)
    if (end < 0) fail('INVAL')
    if (end - at <= SHORT_TEXT_BYTES) {
      const text = Buffer.prototype.latin1Slice.call(this.#bytes, at, end)
      if (ASCII.test(text)) return text
    }
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, end))
    } catch {
      // no UTF-8: the decoder is a fatal one
      return fail('ILSEQ')
    }
  }

  /** What was written to since the table of cards was clean: a byte for each card of memory. */
  get notes(): Uint8Array {
    const { at } = this.#cards
    return this.bytes.subarray(at, at + (this.bytes.length >>> CARD_SHIFT))
  }

  /** Writes a C string of this many bytes, and its end. */
  putWhole(text: string, at: number, length: number): void {
    const target = this.writable(at, length + 1)
    if (length !== text.length || length > SHORT_TEXT_BYTES) this.#encoder.encodeInto(text, target)
    // as many bytes as units: all of it is ASCII
    else for (let i = 0; i < length; i++) target[i] = text.charCodeAt(i)
    target[length] = 0
  }

  encode(text: string): Uint8Array {
    return this.#encoder.encode(text)
  }

  /** Writes a C string, cut to `room` bytes with its end. @returns bytes without the end */
  putText(text: string, at: number, room: number): number {
    const encoded = this.encode(text).subarray(0, room - 1)
    const target = this.writable(at, encoded.length + 1)
    target.set(encoded)
    target[encoded.length] = 0
    return encoded.length
  }

  u32(at: number): number {
    return this.view.getUint32(at, true)
  }

  i32(at: number): number {
    return this.view.getInt32(at, true)
  }

  i64(at: number): bigint {
    return this.view.getBigInt64(at, true)
  }

  put16(at: number, value: number): void {
    this.view.setUint16(this.#noted(at, 2), value, true)
  }

  put32(at: number, value: number): void {
    this.view.setInt32(this.#noted(at, 4), value, true)
  }

  put64(at: number, value: number | bigint): void {
    this.view.setBigInt64(this.#noted(at, 8), BigInt(value), true)
  }

  put8(at: number, value: number): void {
    this.view.setUint8(this.#noted(at, 1), value)
  }

  #noted(at: number, length: number): number {
    if (at + length <= this.bytes.length) this.#note(at, at + length - 1)
    return at
  }

  /** EINVAL where nobody writes. */
  #note(from: number, last: number): void {
    const { at, first, count } = this.#cards
    const [card, end] = [from >>> CARD_SHIFT, last >>> CARD_SHIFT]
    if (from < LOWEST_ADDRESS || (end >= first && card < first + count)) fail('INVAL')
    for (let i = card; i <= end; i++) this.#bytes[at + i] = 1
  }

  #refresh(): void {
    if (this.#bytes.length > 0) return
    this.#bytes = new Uint8Array(this.#memory.buffer)
    this.#view = new DataView(this.#memory.buffer)
  }
}
