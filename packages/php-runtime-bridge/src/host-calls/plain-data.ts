const DEPTH_MAX = 64
const COUNT_DIGITS_MAX = 9
const INT_DIGITS_MAX = 19
/** What PHP writes: the largest floats in full, with precision to spare. */
const FLOAT_DIGITS_MAX = { whole: 309, fraction: 30, exponent: 3 }

/**
 * Whether bytes are PHP's serialize() of plain data: null, booleans, integers, floats, strings, and arrays of them at most 64 deep. No objects
 * and no references, so that unserialize() runs nobody's code and what comes out is a tree. Arguments and results of scripts travel as this.
 * @param onRead told how many bytes were looked at, one by one: all but what is in strings
 */
export function isPlainData(bytes: Uint8Array, onRead: (count: number) => void = () => {}): boolean {
  const reader = new Reader(bytes)
  const isPlain = reader.value(DEPTH_MAX) && reader.atEnd
  onRead(reader.read)
  return isPlain
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  #passedOver = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  get read(): number {
    return this.#at - this.#passedOver
  }

  value(depth: number): boolean {
    const type = this.#bytes[this.#at++]
    if (type === letter.N) return this.#take(letter.semicolon)
    if (!this.#take(letter.colon)) return false
    if (type === letter.b) return (this.#take(letter.zero) || this.#take(letter.one)) && this.#take(letter.semicolon)
    if (type === letter.i) return this.#int() && this.#take(letter.semicolon)
    if (type === letter.d) return this.#float() && this.#take(letter.semicolon)
    if (type === letter.s) return this.#text()
    return type === letter.a && depth > 0 && this.#entries(depth)
  }

  #int(): boolean {
    return this.#take(letter.minus) ? this.#bytes[this.#at] !== letter.zero && this.#whole(INT_DIGITS_MAX) : this.#whole(INT_DIGITS_MAX)
  }

  #float(): boolean {
    if (this.#take(letter.N)) return this.#take(letter.A) && this.#take(letter.N)
    this.#take(letter.minus)
    if (this.#take(letter.I)) return this.#take(letter.N) && this.#take(letter.F)
    const { whole, fraction, exponent } = FLOAT_DIGITS_MAX
    if (!this.#whole(whole)) return false
    if (this.#take(letter.point) && !this.#digits(fraction)) return false
    return !this.#take(letter.E) || ((this.#take(letter.plus) || this.#take(letter.minus)) && this.#digits(exponent))
  }

  #text(): boolean {
    const length = this.#count()
    if (length < 0 || !this.#take(letter.quote) || length > this.#bytes.length - this.#at) return false
    this.#at += length
    this.#passedOver += length
    return this.#take(letter.quote) && this.#take(letter.semicolon)
  }

  #entries(depth: number): boolean {
    const count = this.#count()
    if (count < 0 || !this.#take(letter.open)) return false
    for (let i = 0; i < count; i++) {
      const key = this.#bytes[this.#at]
      if (key !== letter.i && key !== letter.s) return false
      if (!this.value(0) || !this.value(depth - 1)) return false
    }
    return this.#take(letter.close)
  }

  /** With the colon behind it. @returns -1 for what is no count */
  #count(): number {
    const start = this.#at
    if (!this.#whole(COUNT_DIGITS_MAX)) return -1
    let count = 0
    for (let at = start; at < this.#at; at++) count = count * 10 + (this.#bytes[at] as number) - letter.zero
    return this.#take(letter.colon) ? count : -1
  }

  /** A number without a sign, and without zeros before it. */
  #whole(digitsMax: number): boolean {
    return this.#take(letter.zero) || this.#digits(digitsMax)
  }

  /** Some digits: what follows the most of them is left. */
  #digits(most: number): boolean {
    const [start, end] = [this.#at, this.#at + most]
    while (this.#at < end && isDigit(this.#bytes[this.#at])) this.#at++
    return this.#at > start
  }

  /** @returns whether this byte was next: then it is taken */
  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at++
    return true
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= letter.zero && byte <= letter.zero + 9

const letter = {
  quote: 34,
  plus: 43,
  minus: 45,
  point: 46,
  zero: 48,
  one: 49,
  colon: 58,
  semicolon: 59,
  A: 65,
  E: 69,
  F: 70,
  I: 73,
  N: 78,
  a: 97,
  b: 98,
  d: 100,
  i: 105,
  s: 115,
  open: 123,
  close: 125,
} as const
