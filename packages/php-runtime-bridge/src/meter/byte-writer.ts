/** Bytes that grow as they are written. */
export class ByteWriter {
  #bytes: Uint8Array
  length = 0

  constructor(room = 64) {
    this.#bytes = new Uint8Array(room)
  }

  clear(): void {
    this.length = 0
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = value
  }

  u32(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  s32(value: number): void {
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.byte(rest & 0x7f)
  }

  /** A whole number of any sign, up to 2^53. */
  signed(value: number): void {
    if (value === (value | 0)) this.s32(value)
    else this.s64(BigInt(value))
  }

  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value)
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80)
      rest >>= 7n
    }
    this.byte(Number(rest & 0x7fn))
  }

  name(text: string): void {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i))
  }

  put(piece: readonly number[]): void {
    if (this.length + piece.length > this.#bytes.length) this.#grow(piece.length)
    for (let i = 0; i < piece.length; i++) this.#bytes[this.length++] = piece[i] as number
  }

  copy(from: Uint8Array, start = 0, end = from.length): void {
    const length = end - start
    if (this.length + length > this.#bytes.length) this.#grow(length)
    // most pieces between two insertions are shorter than what a view of them costs
    if (length < 48) for (let i = 0; i < length; i++) this.#bytes[this.length + i] = from[start + i] as number
    else this.#bytes.set(from.subarray(start, end), this.length)
    this.length += length
  }

  append(other: ByteWriter): void {
    this.copy(other.#bytes, 0, other.length)
  }

  /** What was written, in memory that further writing would change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  #grow(by: number): void {
    const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + by))
    wider.set(this.#bytes.subarray(0, this.length))
    this.#bytes = wider
  }
}
