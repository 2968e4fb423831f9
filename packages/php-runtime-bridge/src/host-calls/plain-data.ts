const DEPTH_MAX = 64
const INT = /^(0|-?[1-9][0-9]{0,18})$/
const FLOAT = /^(-?INF|NAN|-?(0|[1-9][0-9]{0,308})(\.[0-9]{1,30})?(E[+-][0-9]{1,3})?)$/
/** The longest number that PHP writes: a float in full, with precision to spare. */
const NUMBER_UNITS_MAX = 350

/**
 * Whether bytes are PHP's serialize() of plain data: null, booleans, integers, floats, strings, and arrays of them at most 64 deep. No objects
 * and no references, so that unserialize() runs nobody's code and what comes out is a tree. Arguments and results of scripts travel as this.
 */
export function isPlainData(bytes: Uint8Array): boolean {
  const reader = new Reader(bytes)
  return reader.value(DEPTH_MAX) && reader.atEnd
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): boolean {
    const type = this.#letter()
    if (type === 'N') return this.#take(';')
    if (!this.#take(':')) return false
    if (type === 'b') return /^[01]$/.test(this.#until(';'))
    if (type === 'i') return INT.test(this.#until(';'))
    if (type === 'd') return FLOAT.test(this.#until(';'))
    if (type === 's') return this.#text()
    return type === 'a' && depth > 0 && this.#entries(depth)
  }

  #text(): boolean {
    const length = this.#count(this.#until(':'))
    if (length < 0 || !this.#take('"') || length > this.#bytes.length - this.#at) return false
    this.#at += length
    return this.#take('"') && this.#take(';')
  }

  #entries(depth: number): boolean {
    const count = this.#count(this.#until(':'))
    if (count < 0 || !this.#take('{')) return false
    for (let i = 0; i < count; i++) {
      const key = this.#bytes[this.#at]
      if (key !== LETTER_I && key !== LETTER_S) return false
      if (!this.value(0) || !this.value(depth - 1)) return false
    }
    return this.#take('}')
  }

  /** @returns -1 for what is no count */
  #count(text: string): number {
    return /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : -1
  }

  #letter(): string {
    return this.#at < this.#bytes.length ? String.fromCharCode(this.#bytes[this.#at++] as number) : ''
  }

  #take(letter: string): boolean {
    return this.#letter() === letter
  }

  /** What stands before the next `end`, which is taken too; '' (no number) where there is none within the length of a number. */
  #until(end: string): string {
    let text = ''
    for (let letter = this.#letter(); letter !== end; letter = this.#letter()) {
      if (letter === '' || text.length === NUMBER_UNITS_MAX) return ''
      text += letter
    }
    return text
  }
}
const LETTER_I = 105
const LETTER_S = 115
