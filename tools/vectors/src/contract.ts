/** What a field of a contract can be. Sizes are of bytes; `words` are names of the numbers 0, 1, … */
export type Type =
  | { readonly kind: 'uint'; readonly max: bigint; readonly wide: boolean }
  | { readonly kind: 'bytes'; readonly min: number; readonly max: number }
  | { readonly kind: 'text'; readonly max: number }
  | { readonly kind: 'bool' | 'link' | 'null' }
  | { readonly kind: 'literal'; readonly number: number; readonly name: string | undefined }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'nullable'; readonly inner: Type }
  | { readonly kind: 'list'; readonly max: number; readonly item: Type }
  | { readonly kind: 'struct'; readonly name: string | undefined; readonly fields: readonly Field[] }
  | { readonly kind: 'variants'; readonly of: readonly Struct[] }
export type Struct = Extract<Type, { kind: 'struct' }>
export type Field = readonly [name: string, type: Type]

/** One rule that stands for a message or a record. */
export interface Rule {
  readonly name: string
  readonly type: Type
  readonly number: number | undefined
  readonly version: number | undefined
  /** Of the array, without an envelope. */
  readonly maxBytes: number | undefined
  /** The field that names the signer; null: not signed. */
  readonly signer: string | null
}

/** The least that a message number can be; smaller ones after `type:` tell the kinds of a record apart. */
const NUMBER_MIN = 16

/**
 * Reads the part of CDDL (RFC 8610) that our contracts use, without any code of the packages, so that what is made and read by it holds those to
 * the contract. npm `cddl` says in the tests that the files are CDDL at all.
 */
export class Contract {
  readonly #bodies = new Map<string, { readonly body: string; readonly comment: string }>()

  constructor(text: string) {
    let [comment, name] = ['', '']
    for (const line of text.split('\n')) {
      const code = line.replace(/;.*$/, '')
      const start = code.match(/^([A-Za-z][\w-]*)\s*=\s*(.*)$/)
      if (start !== null) {
        name = start[1] as string
        this.#bodies.set(name, { body: start[2] as string, comment })
        comment = ''
      } else if (code.trim() !== '') {
        const rule = this.#bodies.get(name)
        if (rule === undefined) throw new Error(`no rule for the line ${line}`)
        this.#bodies.set(name, { ...rule, body: `${rule.body} ${code.trim()}` })
      } else comment = line.startsWith(';') ? `${comment} ${line.slice(1).trim()}` : ''
    }
  }

  get names(): readonly string[] {
    return [...this.#bodies.keys()]
  }
  type(name: string): Type {
    const rule = this.#bodies.get(name)
    if (rule === undefined) throw new Error(`no rule ${name}`)
    const reader = new TypeReader(
      rule.body,
      (other) => this.type(other),
      (other) => this.#bodies.has(other),
    )
    const type = reader.whole()
    if (type.kind === 'struct') return { ...type, name: type.name ?? name }
    return type.kind === 'literal' ? { ...type, name } : type
  }
  /** Messages, and records whose limit is stated. */
  rules(): Rule[] {
    const found = this.names.map((name): Rule | undefined => {
      const comment = this.#bodies.get(name)?.comment ?? ''
      const [, version] = comment.match(/Version (\d+),/) ?? []
      const [, maxBytes] = comment.match(/at most ([\d,]+) bytes\./i) ?? []
      if (maxBytes === undefined) return undefined
      const type = this.type(name)
      const first = type.kind === 'struct' ? type.fields[0]?.[1] : undefined
      const number = first?.kind === 'literal' && first.number >= NUMBER_MIN ? first.number : undefined
      return {
        name,
        type,
        number,
        version: version === undefined ? undefined : Number(version),
        maxBytes: Number(maxBytes.replaceAll(',', '')),
        signer: comment.match(/Signed by ([\w-]+)/)?.[1] ?? null,
      }
    })
    return found.filter((rule) => rule !== undefined)
  }
}

const TOKEN = /\s*(#6\.42\(bstr\)|\d+\*\d+|\d+\.\.\d+|\d+|\.[a-z]+|[A-Za-z][\w-]*|[[\](){},:/])/y

class TypeReader {
  readonly #tokens: string[] = []
  readonly #named: (name: string) => Type
  readonly #isRule: (name: string) => boolean
  #at = 0

  constructor(body: string, named: (name: string) => Type, isRule: (name: string) => boolean) {
    this.#named = named
    this.#isRule = isRule
    const text = body.trim()
    TOKEN.lastIndex = 0
    while (TOKEN.lastIndex < text.length) {
      const at = TOKEN.lastIndex
      const token = TOKEN.exec(text)?.[1]
      if (token === undefined) throw new Error(`not a part of our CDDL: ${text.slice(at, at + 40)}`)
      this.#tokens.push(token)
    }
  }

  whole(): Type {
    const type = this.#choice()
    if (this.#at < this.#tokens.length) throw new Error(`more than a type: ${this.#tokens.slice(this.#at).join(' ')}`)
    return type
  }

  #next(): string {
    return this.#tokens[this.#at++] ?? ''
  }
  #take(token: string): boolean {
    const found = this.#tokens[this.#at] === token
    if (found) this.#at++
    return found
  }

  #choice(): Type {
    const options = [this.#single()]
    while (this.#take('/')) options.push(this.#single())
    const [first, ...more] = options.filter(({ kind }) => kind !== 'null')
    if (first === undefined) return { kind: 'null' }
    const inner = more.length === 0 && !(first.kind === 'literal' && first.name !== undefined) ? first : oneOf([first, ...more])
    return options.some(({ kind }) => kind === 'null') ? { kind: 'nullable', inner } : inner
  }

  #single(): Type {
    const token = this.#next()
    if (token === '(') {
      const type = this.#choice()
      if (!this.#take(')')) throw new Error('a ) is missing')
      return type
    }
    if (token === '[') return this.#array()
    if (token === '#6.42(bstr)') return { kind: 'link' }
    if (token === 'bool') return { kind: 'bool' }
    if (token === 'null') return { kind: 'null' }
    if (token === 'uint') return this.#uint()
    if (token === 'bstr' || token === 'tstr') return this.#string(token)
    if (/^\d+\.\.\d+$/.test(token)) throw new Error(`${token}: give its numbers names, rules that are 0, 1, …`)
    if (/^\d+$/.test(token)) return { kind: 'literal', number: Number(token), name: undefined }
    if (this.#isRule(token)) return this.#named(token)
    throw new Error(`not a type of ours: ${token}`)
  }

  #uint(): Type {
    const [operator, limit] = [this.#next(), this.#next()]
    if (operator === '.le') return { kind: 'uint', max: BigInt(limit), wide: false }
    if (operator !== '.size') throw new Error(`uint ${operator}`)
    return { kind: 'uint', max: 2n ** (8n * BigInt(limit)) - 1n, wide: limit === '8' }
  }
  #string(token: 'bstr' | 'tstr'): Type {
    if (!this.#take('.size')) throw new Error(`a ${token} without a size`)
    const bracket = this.#take('(')
    const [min, max = min] = this.#next().split('..').map(Number) as [number, number?]
    if (bracket && !this.#take(')')) throw new Error('a ) is missing')
    return token === 'bstr' ? { kind: 'bytes', min, max } : { kind: 'text', max }
  }
  #array(): Type {
    const occurrence = this.#tokens[this.#at]?.match(/^0\*(\d+)$/)
    if (occurrence) {
      this.#at++
      const item = this.#choice()
      if (!this.#take(']')) throw new Error('a ] is missing')
      return { kind: 'list', max: Number(occurrence[1]), item }
    }
    const fields: Field[] = []
    while (!this.#take(']')) {
      const name = this.#next()
      if (!this.#take(':')) throw new Error(`the field ${name} has no name`)
      fields.push([name, this.#choice()])
      this.#take(',')
    }
    return { kind: 'struct', name: undefined, fields }
  }
}

function oneOf(options: readonly Type[]): Type {
  const words = options.map((one, i) => (one.kind === 'literal' && one.number === i ? one.name : undefined))
  if (words.every((word) => word !== undefined)) return { kind: 'words', words }
  const structs = options.filter((one) => one.kind === 'struct')
  if (structs.length < options.length) throw new Error('a choice of neither numbers from 0 on nor arrays')
  return { kind: 'variants', of: structs }
}
