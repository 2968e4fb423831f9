import { type CborValue, encodeCbor, Link } from '@interpeer/wire-codec'

/**
 * Bytes of the shape that `cddl` describes, in the form that schemas of wire-codec give it: `[type: 49, job: bstr .size 36, …]`. Sizes,
 * lengths of lists and choices are drawn from `dice`.
 */
export function sampleOf(cddl: string, dice: () => number): Uint8Array {
  const parser = new Parser(cddl, dice)
  const value = parser.type()
  parser.end()
  return encodeCbor(value)
}

const below = (dice: () => number, end: number): number => Math.floor(dice() * end)
/** Short more often than long: a sample has to fit into 4 KiB. */
const SIZES = [0, 1, 2, 20, 40]
const LENGTHS = [0, 1, 2, 3]

class Parser {
  readonly #tokens: readonly string[]
  readonly #dice: () => number
  #at = 0
  constructor(cddl: string, dice: () => number) {
    this.#tokens = cddl.match(/#6\.42\(bstr\)|\.\.|\.size|\.le|[A-Za-z][\w-]*|\d+|[^\s]/g) ?? []
    this.#dice = dice
  }

  /** One of the kinds between slashes. */
  type(): CborValue {
    const kinds = [this.#kind()]
    while (this.#takes('/')) kinds.push(this.#kind())
    return kinds[below(this.#dice, kinds.length)] as CborValue
  }
  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`no CDDL of a schema: ${this.#tokens.slice(this.#at).join(' ')}`)
  }

  #kind(): CborValue {
    const token = this.#next()
    if (token === 'null') return null
    if (token === 'bool') return this.#dice() < 0.5
    if (token === '#6.42(bstr)') return new Link(Uint8Array.from([1, this.#dice() < 0.5 ? 0x71 : 0x55, 0x12, 32, ...this.#bytes(32)]))
    if (token === 'bstr' || token === 'tstr') {
      const size = this.#size()
      return token === 'bstr' ? this.#bytes(size) : 'a'.repeat(size)
    }
    if (token === 'uint') return this.#uint()
    if (token === '[') return this.#list()
    if (token === '(') {
      const value = this.type()
      this.#expect(')')
      return value
    }
    const first = Number(token)
    if (!Number.isInteger(first)) throw new Error(`no CDDL of a schema: ${token}`)
    return this.#takes('..') ? first + below(this.#dice, Number(this.#next()) - first + 1) : first
  }

  #list(): CborValue {
    const items: CborValue[] = []
    if (this.#takes('0')) {
      this.#expect('*')
      const [max, from] = [Number(this.#next()), this.#at]
      let length = Math.min(max, LENGTHS[below(this.#dice, LENGTHS.length)] as number)
      const after = this.#skip()
      for (; length > 0; length--) {
        this.#at = from
        items.push(this.type())
      }
      this.#at = after
    } else if (this.#tokens[this.#at] !== ']') {
      do {
        this.#at += 2 // a field's name and its colon
        items.push(this.type())
      } while (this.#takes(','))
    }
    this.#expect(']')
    return items
  }
  #skip(): number {
    this.type()
    return this.#at
  }

  /** `.size 32` or `.size (0..255)`. */
  #size(): number {
    this.#expect('.size')
    if (!this.#takes('(')) return Number(this.#next())
    this.#expect('0')
    this.#expect('..')
    const max = Number(this.#next())
    this.#expect(')')
    return Math.min(max, SIZES[below(this.#dice, SIZES.length)] as number)
  }
  /** `.size 4` (bytes) or `.le 9007199254740991`. */
  #uint(): number {
    const max = this.#takes('.le') ? Number(this.#next()) : 2 ** (8 * this.#sizeOfUint()) - 1
    return Math.floor(this.#dice() ** 4 * Math.min(max, Number.MAX_SAFE_INTEGER))
  }
  #sizeOfUint(): number {
    this.#expect('.size')
    return Number(this.#next())
  }

  #bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => below(this.#dice, 256))
  }
  #next(): string {
    return this.#tokens[this.#at++] ?? ''
  }
  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }
  #expect(token: string): void {
    if (!this.#takes(token))
      throw new Error(`no CDDL of a schema: ${token} expected before ${this.#tokens.slice(this.#at, this.#at + 4).join(' ')}`)
  }
}
