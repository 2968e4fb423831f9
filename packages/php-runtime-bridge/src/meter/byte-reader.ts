import { malformed } from './fault.js'

/** Reads a module's bytes from a place to an end; whatever is not there, or longer than it may be, is METER_MALFORMED. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    if (this.at >= this.end) malformed('ends too early', this.at)
    return this.bytes[this.at++] as number
  }

  /** An unsigned LEB128 of 32 bits. */
  u32(): number {
    let value = this.byte()
    if (value < 0x80) return value
    value &= 0x7f
    for (let shift = 7; shift <= 28; shift += 7) {
      const next = this.byte()
      if (shift === 28 && next > 0x0f) break
      value |= (next & 0x7f) << shift
      if (next < 0x80) return value >>> 0
    }
    return malformed('an integer longer than 32 bits', this.at)
  }

  /** A signed LEB128 of 32 bits. */
  s32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const next = this.byte()
      value |= (next & 0x7f) << shift
      if (next < 0x80) return shift < 28 && next & 0x40 ? value | (-1 << (shift + 7)) : value
    }
    return malformed('an integer longer than 32 bits', this.at)
  }

  /** A count of things of which each takes at least `bytesEach`: a count that cannot be true would cost memory. */
  count(bytesEach = 1): number {
    const count = this.u32()
    if (count * bytesEach > this.end - this.at) malformed('a count larger than what follows', this.at)
    return count
  }

  /** Any LEB128, whatever its sign and width. */
  skipInteger(): void {
    for (let i = 0; i < 10; i++) if (this.byte() < 0x80) return
    malformed('an integer longer than 64 bits', this.at)
  }

  /** @returns where what was passed over begins */
  skip(length: number): number {
    const from = this.at
    if (length > this.end - from) malformed('ends too early', from)
    this.at += length
    return from
  }

  name(): string {
    const length = this.count()
    const from = this.skip(length)
    let text = ''
    for (let i = from; i < from + length; i++) text += String.fromCharCode(this.bytes[i] as number)
    return text
  }

  expectEnd(): void {
    if (this.at !== this.end) malformed('a section longer than what is in it', this.at)
  }
}
