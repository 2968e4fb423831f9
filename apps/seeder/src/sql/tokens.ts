import { SqlDumpError } from './errors.js'

/**
 * A piece of SQL as mysqldump and its like write it. `name` is in backticks; a `word` is a keyword, or a name without them: `upper` is it in capitals. A `sign` is joined
 * where it stands right behind another one.
 */
export type Token =
  | { readonly type: 'word'; readonly text: string; readonly upper: string; readonly line: number }
  | { readonly type: 'name'; readonly text: string; readonly line: number }
  | { readonly type: 'number'; readonly text: string; readonly line: number }
  | { readonly type: 'text'; readonly bytes: Uint8Array; readonly line: number }
  | { readonly type: 'hex' | 'bits'; readonly text: string; readonly line: number }
  | { readonly type: 'sign'; readonly text: string; readonly isJoined: boolean; readonly line: number }
/** What `next` gives where it has to see more before it can say. */
export const MORE = Symbol('more')
export const END = Symbol('end')

/** A text, name or comment that is longer is no dump's: MySQL's own packets end at 1 GiB, and what a cell of a site holds far below. */
export const TOKEN_BYTES_MAX = 256 * 1024 * 1024

const code = (letter: string): number => letter.charCodeAt(0)
const [QUOTE, DOUBLE, TICK, BACKSLASH, NEWLINE, DASH, HASH, SLASH, STAR, DOT, BANG] = Array.from('\'"`\\\n-#/*.!', code) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]
const ESCAPED: Readonly<Record<string, number>> = { '0': 0, b: 8, n: 10, r: 13, t: 9, Z: 26 }
const [SPACE, DIGIT, WORD] = [1, 2, 4]
/** What each byte is, looked up: each byte of a dump is asked for, most of them several times. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte)
  return (/[\t-\r ]/.test(letter) ? SPACE : 0) | (/[0-9]/.test(letter) ? DIGIT : 0) | (/[\w$@\x80-\xff]/.test(letter) ? WORD : 0)
})
const isSpace = (byte: number): boolean => ((KINDS[byte] as number) & SPACE) !== 0
const isDigit = (byte: number): boolean => ((KINDS[byte] as number) & DIGIT) !== 0
const isWord = (byte: number): boolean => ((KINDS[byte] as number) & WORD) !== 0
const SIGNS: readonly string[] = Array.from(KINDS, (_, byte) => String.fromCharCode(byte))
const PASSED_SIGNS: readonly Token[] = SIGNS.map((text) => ({ type: 'sign', text, isJoined: false, line: 0 }))
const PASSED_WORD: Token = { type: 'word', text: '', upper: '', line: 0 }

/**
 * Cuts SQL into tokens as its bytes come. What `/*!40101 … * /` holds is SQL to MySQL, so it is read; other comments are passed over. Holds one
 * token at a time, and what was pushed and not yet read.
 */
export class Tokenizer {
  #room: Uint8Array = new Uint8Array()
  /** What was pushed and not let go of: a part of the room. */
  #bytes: Uint8Array = this.#room
  #at = 0
  #line = 1
  #isWhole = false
  /** Inside of a comment whose content is read. */
  #inConditional = false
  /** How far a search for the end of the token at hand has come: what was looked at is not looked at again. */
  #searched = 0
  /** Bytes that were let go of, and of all bytes the one behind the last sign. */
  #before = 0
  #signEnd = 0

  push(bytes: Uint8Array): void {
    const left = this.#bytes.subarray(this.#at)
    const length = left.length + bytes.length
    const begin = this.#bytes.byteOffset + this.#at
    if (begin + length > this.#room.length) {
      // twice as much, so that what is long is not copied for each piece of it
      const room = length > this.#room.length / 2 ? new Uint8Array(2 * length) : this.#room
      room.set(left)
      room.set(bytes, left.length)
      this.#room = room
      this.#bytes = room.subarray(0, length)
    } else {
      this.#room.set(bytes, begin + left.length)
      this.#bytes = this.#room.subarray(begin, begin + length)
    }
    this.#before += this.#at
    this.#at = 0
  }

  /** Nothing comes any more. */
  finish(): void {
    this.#isWhole = true
  }

  /** Bytes that were pushed and not read. */
  get waiting(): number {
    return this.#bytes.length - this.#at
  }

  /**
   * @param isPassed nobody looks at words or lines: then none are made, of which a dump has millions
   * @throws {SqlDumpError} SQL_TOKEN, SQL_TOO_LONG
   */
  next(isPassed = false): Token | typeof MORE | typeof END {
    for (;;) {
      const passed = this.#passBlank()
      if (passed !== undefined) return passed
      const byte = this.#bytes[this.#at] as number
      if (this.#inConditional && byte === STAR) {
        const after = this.#peek(1)
        if (after === MORE) return MORE
        if (after === SLASH) {
          this.#at += 2
          this.#inConditional = false
          continue
        }
      }
      if (byte === QUOTE || byte === DOUBLE) return this.#quoted(byte)
      if (byte === TICK) return this.#name()
      if (isDigit(byte)) return this.#number()
      if (byte === DOT) {
        const after = this.#peek(1)
        if (after === MORE) return MORE
        if (after !== undefined && isDigit(after)) return this.#number()
      }
      if (isWord(byte)) return this.#word(isPassed)
      const isJoined = this.#before + this.#at === this.#signEnd
      this.#signEnd = this.#before + ++this.#at
      if (isPassed) return PASSED_SIGNS[byte] as Token
      return { type: 'sign', text: SIGNS[byte] as string, isJoined, line: this.#line }
    }
  }

  /** What is left of the line, without blanks at its ends: what follows DELIMITER is no SQL. */
  restOfLine(): string | typeof MORE {
    const end = this.#bytes.indexOf(NEWLINE, this.#at)
    if (end < 0 && !this.#isWhole) return this.#more()
    const until = end < 0 ? this.#bytes.length : end
    const text = latin1(this.#bytes, this.#at, until).trim()
    this.#at = until
    return text
  }

  /** Blanks and comments. */
  #passBlank(): typeof MORE | typeof END | undefined {
    for (;;) {
      if (this.#at >= this.#bytes.length) return this.#isWhole ? END : MORE
      const byte = this.#bytes[this.#at] as number
      if (isSpace(byte)) {
        if (byte === NEWLINE) this.#line++
        this.#at++
        continue
      }
      if (byte !== DASH && byte !== HASH && byte !== SLASH) return undefined
      const [second, third] = [this.#peek(1), this.#peek(2)]
      if (byte !== HASH && second === MORE) return MORE
      if (byte === DASH && second === DASH && third === MORE) return MORE
      const isLine = byte === HASH || (byte === DASH && second === DASH && (third === undefined || isSpace(third as number)))
      if (isLine) {
        if (!this.#passTo(NEWLINE)) return MORE
        continue
      }
      if (byte !== SLASH || second !== STAR) return undefined
      if (third === MORE) return MORE
      if (third === BANG) {
        const begins = this.#passVersion(3)
        if (begins === MORE) return MORE
        this.#inConditional = true
        continue
      }
      if (!this.#passComment()) return MORE
    }
  }

  /** `/*!40101`: the version's digits belong to the comment. */
  #passVersion(length: number): typeof MORE | undefined {
    let at = this.#at + length
    while (at < this.#bytes.length && isDigit(this.#bytes[at] as number)) at++
    if (at >= this.#bytes.length && !this.#isWhole) return MORE
    this.#at = at
    return undefined
  }

  #passTo(byte: number): boolean {
    const at = this.#bytes.indexOf(byte, this.#at)
    if (at >= 0) {
      this.#at = at
      return true
    }
    // of a comment only its end counts
    this.#at = this.#bytes.length
    if (this.#isWhole) return true
    this.#at = Math.max(0, this.#at - 1)
    this.#bytes[this.#at] = HASH
    return false
  }

  #passComment(): boolean {
    for (let at = this.#at + Math.max(2, this.#searched); ; at++) {
      at = this.#bytes.indexOf(STAR, at)
      if (at < 0 || at + 1 >= this.#bytes.length) {
        if (this.#isWhole) throw this.#error('a comment without an end')
        this.#tooLong(this.waiting)
        this.#searched = (at < 0 ? this.#bytes.length : at) - this.#at
        return false
      }
      if (this.#bytes[at + 1] !== SLASH) continue
      this.#count(this.#at, at)
      this.#at = at + 2
      this.#searched = 0
      return true
    }
  }

  #quoted(quote: number): Token | typeof MORE {
    const end = this.#endOf(quote, true)
    if (end === MORE) return MORE
    const token: Token = { type: 'text', bytes: unescaped(this.#bytes.subarray(this.#at + 1, end), quote), line: this.#line }
    this.#take(end + 1)
    return token
  }

  #name(): Token | typeof MORE {
    const end = this.#endOf(TICK, false)
    if (end === MORE) return MORE
    const text = decode(this.#bytes, this.#at + 1, end).replaceAll('``', '`')
    const token: Token = { type: 'name', text, line: this.#line }
    this.#take(end + 1)
    return token
  }

  /** Where the quotation mark is that ends it: a doubled one does not, nor one behind a backslash. */
  #endOf(quote: number, hasEscapes: boolean): number | typeof MORE {
    let at = this.#at + Math.max(1, this.#searched)
    for (;;) {
      const byte = this.#bytes[at]
      if (byte === undefined) break
      if (hasEscapes && byte === BACKSLASH) {
        if (at + 1 >= this.#bytes.length) break
        at += 2
      } else if (byte !== quote) at++
      else {
        const after = this.#bytes[at + 1]
        if (after === undefined && !this.#isWhole) break
        if (after !== quote) {
          this.#searched = 0
          return at
        }
        at += 2
      }
    }
    if (this.#isWhole) throw this.#error('a quotation without an end')
    this.#tooLong(this.waiting)
    this.#searched = at - this.#at
    return MORE
  }

  #number(): Token | typeof MORE {
    let at = this.#at
    const isPart = (byte: number): boolean => isWord(byte) || byte === DOT
    for (;;) {
      const byte = this.#bytes[at]
      if (byte === undefined || isPart(byte)) {
        if (byte === undefined) break
        at++
        continue
      }
      // 1.5e-7
      const before = this.#bytes[at - 1]
      const isExponent =
        (byte === DASH || byte === 43) && (before === 101 || before === 69) && /^[\d.]+[eE]$/.test(latin1(this.#bytes, this.#at, at))
      if (!isExponent) break
      at++
    }
    if (at >= this.#bytes.length && !this.#isWhole) return this.#more()
    const text = latin1(this.#bytes, this.#at, at)
    const line = this.#line
    this.#at = at
    if (/^0x[0-9a-f]*$/i.test(text)) return { type: 'hex', text: text.slice(2), line }
    if (/^0b[01]+$/i.test(text)) return { type: 'bits', text: text.slice(2), line }
    if (/^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return { type: 'number', text, line }
    if (/^[\w$]+$/.test(text)) return { type: 'word', text, upper: text.toUpperCase(), line }
    throw this.#error('a number that is none')
  }

  #word(isPassed: boolean): Token | typeof MORE {
    let at = this.#at
    while (at < this.#bytes.length && isWord(this.#bytes[at] as number)) at++
    if (at >= this.#bytes.length && !this.#isWhole) return this.#more()
    // x'ff' and b'101' are read below
    if (isPassed && this.#bytes[at] !== QUOTE) {
      this.#at = at
      return PASSED_WORD
    }
    const text = decode(this.#bytes, this.#at, at)
    const line = this.#line
    const upper = text.toUpperCase()
    // x'ff', b'101': one token
    if ((upper === 'X' || upper === 'B') && this.#bytes[at] === QUOTE) {
      const end = this.#bytes.indexOf(QUOTE, at + 1)
      if (end < 0) {
        if (this.#isWhole) throw this.#error('a quotation without an end')
        this.#tooLong(this.waiting)
        return MORE
      }
      const digits = latin1(this.#bytes, at + 1, end)
      if (!(upper === 'X' ? /^(?:[0-9a-f]{2})*$/i : /^[01]*$/).test(digits)) throw this.#error('digits that are none')
      this.#at = end + 1
      return { type: upper === 'X' ? 'hex' : 'bits', text: digits, line }
    }
    this.#at = at
    return { type: 'word', text, upper, line }
  }

  #more(): typeof MORE {
    this.#tooLong(this.waiting)
    return MORE
  }

  #take(end: number): void {
    this.#count(this.#at, end)
    this.#at = end
  }

  /** Lines that end between two places. No look goes beyond: a dump's lines have megabytes. */
  #count(from: number, to: number): void {
    const part = this.#bytes.subarray(from, to)
    for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) this.#line++
  }

  #peek(ahead: number): number | typeof MORE | undefined {
    const at = this.#at + ahead
    if (at < this.#bytes.length) return this.#bytes[at]
    return this.#isWhole ? undefined : MORE
  }

  #tooLong(bytes: number): void {
    if (bytes > TOKEN_BYTES_MAX) throw new SqlDumpError({ code: 'SQL_TOO_LONG', line: this.#line, bytesMax: TOKEN_BYTES_MAX })
  }

  #error(found: string): SqlDumpError {
    return new SqlDumpError({ code: 'SQL_TOKEN', line: this.#line, found })
  }
}

function unescaped(bytes: Uint8Array, quote: number): Uint8Array {
  if (!bytes.includes(BACKSLASH) && !bytes.includes(quote)) return bytes.slice()
  const out = new Uint8Array(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] as number
    if (byte === BACKSLASH) {
      const letter = bytes[++at] as number
      byte = ESCAPED[String.fromCharCode(letter)] ?? letter
    } else if (byte === quote) at++
    out[length++] = byte
  }
  return out.slice(0, length)
}

// without a view for each: a dump has millions of words
const latin1 = (bytes: Uint8Array, from: number, to: number): string => Buffer.prototype.latin1Slice.call(bytes, from, to)
const decode = (bytes: Uint8Array, from: number, to: number): string => Buffer.prototype.utf8Slice.call(bytes, from, to)
