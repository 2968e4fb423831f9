/** Where a value stands in its text: from its first UTF-16 unit to behind its last. */
export interface Span {
  readonly start: number
  readonly end: number
}
export interface JsonString extends Span {
  readonly type: 'string'
  readonly value: string
}
export interface JsonObject extends Span {
  readonly type: 'object'
  /** In the order of the text; a key may be there twice. */
  readonly members: readonly { readonly key: JsonString; readonly value: JsonValue }[]
}
export type JsonValue =
  | JsonString
  | JsonObject
  | (Span & { readonly type: 'array'; readonly items: readonly JsonValue[] })
  | (Span & { readonly type: 'number'; readonly value: number })
  | (Span & { readonly type: 'literal'; readonly value: boolean | null })

/** What stopped the reader: where, what was there, and what could have been. */
export class JsonFault {
  readonly at: number
  readonly found: string
  readonly allowed: string

  constructor(at: number, found: string, allowed: string) {
    this.at = at
    this.found = found
    this.allowed = allowed
  }
}

/** Deeper values are refused: the host's own stack must decide nothing. */
export const JSON_DEPTH_MAX = 16

/**
 * Reads JSON as RFC 8259 has it (no comments, no commas before a bracket), each value with its place. `JSON.parse` tells no places, and its
 * messages differ from one version of an engine to the next: what is wrong here is told to visitors, and must be the same everywhere.
 */
export function parseJson(text: string): JsonValue | JsonFault {
  try {
    return new Reader(text).whole()
  } catch (error) {
    if (error instanceof JsonFault) return error
    throw error
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_$][\w$]*/y
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): JsonValue {
    if (this.#text.startsWith('\ufeff')) this.#refuse('a byte order mark', 'plain UTF-8 that begins with {')
    const value = this.#value('a value')
    this.#space()
    if (this.#at < this.#text.length) this.#refuse(this.#here(), 'nothing after the value')
    return value
  }

  #value(allowed: string): JsonValue {
    this.#space()
    const start = this.#at
    const first = this.#text[start]
    if (first === '"') return this.#string()
    if (first === '{' || first === '[') {
      if (++this.#depth > JSON_DEPTH_MAX) this.#refuse(`${JSON_DEPTH_MAX + 1} brackets inside each other`, `${JSON_DEPTH_MAX}`)
      const value = first === '{' ? this.#object() : this.#array()
      this.#depth--
      return value
    }
    const number = this.#match(NUMBER)
    if (number !== undefined) return { type: 'number', value: Number(number), start, end: this.#at }
    const word = this.#match(WORD)
    const literal = LITERALS.get(word ?? '')
    if (literal !== undefined) return { type: 'literal', value: literal, start, end: this.#at }
    this.#at = start
    return this.#refuse(this.#here(), allowed)
  }

  #object(): JsonObject {
    const start = this.#at++
    const members: { key: JsonString; value: JsonValue }[] = []
    this.#space()
    if (this.#skip('}')) return { type: 'object', members, start, end: this.#at }
    for (;;) {
      this.#space()
      if (this.#text[this.#at] !== '"')
        this.#refuse(this.#here(), members.length === 0 ? 'a key in double quotes, or }' : 'a key in double quotes')
      const key = this.#string()
      this.#space()
      if (!this.#skip(':')) this.#refuse(this.#here(), 'a colon')
      members.push({ key, value: this.#value('a value') })
      this.#space()
      if (this.#skip('}')) return { type: 'object', members, start, end: this.#at }
      if (!this.#skip(',')) this.#refuse(this.#here(), 'a comma, or }')
    }
  }

  #array(): JsonValue {
    const start = this.#at++
    const items: JsonValue[] = []
    this.#space()
    if (this.#skip(']')) return { type: 'array', items, start, end: this.#at }
    for (;;) {
      items.push(this.#value(items.length === 0 ? 'a value, or ]' : 'a value'))
      this.#space()
      if (this.#skip(']')) return { type: 'array', items, start, end: this.#at }
      if (!this.#skip(',')) this.#refuse(this.#here(), 'a comma, or ]')
    }
  }

  #string(): JsonString {
    const start = this.#at++
    let value = ''
    for (;;) {
      const letter = this.#text[this.#at]
      if (letter === undefined || letter === '\n' || letter === '\r') this.#refuse(this.#here(), 'the " that ends the text')
      if (letter < ' ') this.#refuse(this.#here(), 'control characters only as \\u escapes')
      if (letter === '"') {
        this.#at++
        return { type: 'string', value, start, end: this.#at }
      }
      value += letter === '\\' ? this.#escape() : letter
      this.#at++
    }
  }

  /** Stays on the escape's last letter. */
  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? ''
    const plain = ESCAPES.get(letter)
    if (plain !== undefined) {
      this.#at++
      return plain
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6)
    if (letter !== 'u' || !/^[0-9A-Fa-f]{4}$/.test(digits)) {
      this.#refuse(shown(this.#text.slice(this.#at, this.#at + 2)), 'an escape: \\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four digits')
    }
    this.#at += 5
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #skip(letter: string): boolean {
    if (this.#text[this.#at] !== letter) return false
    this.#at++
    return true
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? '-')) this.#at++
  }

  /** What stands here, as a person would name it. */
  #here(): string {
    const letter = this.#text[this.#at]
    if (letter === undefined) return 'the end of the file'
    if (letter === '\n' || letter === '\r') return 'the end of the line'
    if (letter === "'") return 'a single quote'
    if (this.#text.startsWith('//', this.#at) || this.#text.startsWith('/*', this.#at) || letter === '#') return 'a comment'
    const word = /^[\w$]+/.exec(this.#text.slice(this.#at, this.#at + FOUND_UNITS_MAX))?.[0]
    return shown(word ?? letter)
  }

  #refuse(found: string, allowed: string): never {
    throw new JsonFault(this.#at, found, allowed)
  }
}

const FOUND_UNITS_MAX = 60

/** A text as an error names it: quoted, in printable ASCII, cut where it is long. */
export function shown(text: string): string {
  const cut = text.length > FOUND_UNITS_MAX ? `${text.slice(0, FOUND_UNITS_MAX)}...` : text
  return JSON.stringify(cut).replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
