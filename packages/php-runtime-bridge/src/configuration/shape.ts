import { type JsonObject, type JsonValue, type Span, shown } from './json-text.js'
import { nearest } from './nearest.js'

/** What is wrong at one place of a file. */
export interface ShapeFault {
  /** Where the value is: 'mutable[2]'; '' is the whole. */
  readonly name: string
  readonly found: string
  readonly allowed: string
  /** Finds what was probably meant: only for faults that are told. */
  readonly meant?: () => string | undefined
}
export type Report = (at: Span, fault: ShapeFault) => void
export type JsonSchema = Readonly<Record<string, unknown>>

/** What one value may be, declared once: it is read by it, and described by it in JSON Schema. */
export interface Shape<T> {
  /** In words, for an error. */
  readonly allowed: string
  readonly schema: JsonSchema
  /** @returns undefined where it is none; then something was reported */
  readonly read: (value: JsonValue, name: string, report: Report) => T | undefined
}

export function foundIn(value: JsonValue): string {
  if (value.type === 'array') return 'a list'
  if (value.type === 'object') return 'an object'
  return value.type === 'string' ? shown(value.value) : String(value.value)
}

export function wholeNumber(min: number, max: number): Shape<number> {
  const allowed = `a whole number from ${min} to ${max}`
  return {
    allowed,
    schema: { type: 'integer', minimum: min, maximum: max },
    read: (value, name, report) => {
      const isFit = value.type === 'number' && Number.isInteger(value.value) && value.value >= min && value.value <= max
      if (isFit) return value.value
      report(value, { name, found: foundIn(value), allowed })
      return undefined
    },
  }
}

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  const allowed = words.map((word) => `"${word}"`).join(', ')
  return {
    allowed,
    schema: { enum: words },
    read: (value, name, report) => {
      const text = value.type === 'string' ? value.value : undefined
      const word = words.find((one) => one === text)
      if (word !== undefined) return word
      // a number in place of its text is the likeliest slip: 8.2 for "8.2"
      const meant = () => nearest(text ?? (value.type === 'number' ? String(value.value) : ''), words)
      report(value, { name, found: foundIn(value), allowed, meant })
      return undefined
    },
  }
}

/** A text that a pattern (ECMAScript, with the flag u) and a test fit. The test says what is wrong, in words of what is allowed. */
export function textLike({
  allowed,
  pattern,
  maxLength,
  faultOf,
}: {
  readonly allowed: string
  readonly pattern?: string
  readonly maxLength: number
  readonly faultOf?: (text: string) => string | undefined
}): Shape<string> {
  const like = pattern === undefined ? undefined : new RegExp(pattern, 'u')
  return {
    allowed,
    schema: { type: 'string', ...(pattern === undefined ? {} : { pattern }), maxLength },
    read: (value, name, report) => {
      const fault = value.type === 'string' ? wrongWith(value.value) : allowed
      if (fault === undefined && value.type === 'string') return value.value
      report(value, { name, found: foundIn(value), allowed: fault ?? allowed })
      return undefined
    },
  }
  function wrongWith(text: string): string | undefined {
    const fault = faultOf?.(text)
    if (fault !== undefined) return fault
    if ([...text].length > maxLength) return `at most ${maxLength} characters`
    return like === undefined || like.test(text) ? undefined : allowed
  }
}

/** A list in which nothing is twice. What is wrong with an item is reported; the others are returned. */
export function listOf<T extends string>(item: Shape<T>, max: number): Shape<readonly T[]> {
  const allowed = `a list of at most ${max}, each ${item.allowed}`
  return {
    allowed,
    schema: { type: 'array', items: item.schema, maxItems: max, uniqueItems: true },
    read: (value, name, report) => {
      if (value.type !== 'array') {
        report(value, { name, found: foundIn(value), allowed })
        return undefined
      }
      const seen = new Set<T>()
      for (const [i, one] of value.items.entries()) {
        if (i === max) {
          report(one, { name, found: `${value.items.length} entries`, allowed: `at most ${max}` })
          break
        }
        const read = item.read(one, `${name}[${i}]`, report)
        if (read === undefined) continue
        if (seen.has(read)) report(one, { name: `${name}[${i}]`, found: `${foundIn(one)} again`, allowed: 'each entry once' })
        seen.add(read)
      }
      return [...seen]
    },
  }
}

/** What all texts of a list may come to: known before any of them is read. */
interface SizeBound {
  readonly sizeOf: (text: string) => number
  readonly max: number
  readonly allowed: string
}

/** A list in which things may be there again, in their order. What is wrong with an item is reported; the others are returned. */
export function rowsOf<T>(item: Shape<T>, max: number, bound?: SizeBound): Shape<readonly T[]> {
  const allowed = `a list of at most ${max}, each ${item.allowed}`
  return {
    allowed,
    schema: { type: 'array', items: item.schema, maxItems: max },
    read: (value, name, report) => {
      if (value.type !== 'array') {
        report(value, { name, found: foundIn(value), allowed })
        return undefined
      }
      const beyond = value.items[max]
      if (beyond !== undefined) report(beyond, { name, found: `${value.items.length} entries`, allowed: `at most ${max}` })
      const items = value.items.slice(0, max)
      const over = bound && firstOver(items, bound)
      if (over !== undefined) {
        report(over, { name, found: `more than ${bound?.max}`, allowed: bound?.allowed ?? '' })
        return undefined
      }
      const rows = items.map((one, i) => item.read(one, `${name}[${i}]`, report))
      return rows.filter((row) => row !== undefined)
    },
  }
}

function firstOver(items: readonly JsonValue[], { sizeOf, max }: SizeBound): JsonValue | undefined {
  let size = 0
  return items.find((one) => {
    size += one.type === 'string' ? sizeOf(one.value) : 0
    return size > max
  })
}

/** An object with keys of one's own, each of which is like `key`, none of them twice. */
export function tableOf<T>(key: Shape<string>, item: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> {
  const allowed = `an object of at most ${max} keys, each ${key.allowed}, with ${item.allowed}`
  return {
    allowed,
    schema: { type: 'object', propertyNames: key.schema, additionalProperties: item.schema, maxProperties: max },
    read: (value, name, report) => {
      if (value.type !== 'object') {
        report(value, { name, found: foundIn(value), allowed })
        return undefined
      }
      const values = new Map<string, T>()
      const seen = new Set<string>()
      for (const member of value.members) {
        const text = member.key.value
        if (seen.has(text)) report(member.key, { name, found: `the key ${shown(text)} again`, allowed: 'each key once' })
        else if (seen.size === max) report(member.key, { name, found: `${value.members.length} keys`, allowed: `at most ${max}` })
        else {
          const fit = key.read(member.key, name, report)
          const read = item.read(member.value, `${name}[${shown(text)}]`, report)
          if (fit !== undefined && read !== undefined) values.set(text, read)
        }
        seen.add(text)
      }
      return Object.fromEntries(values)
    },
  }
}

/** A word, or else something that is no text. */
export function wordOr<const W extends string, T>(word: W, other: Shape<T>): Shape<W | T> {
  const words = oneOf(word)
  const allowed = `"${word}", or ${other.allowed}`
  return {
    allowed,
    schema: { anyOf: [{ const: word }, other.schema] },
    read: (value, name, report) => {
      const named: Report = (at, fault) => report(at, fault.name === name && at === value ? { ...fault, allowed } : fault)
      return value.type === 'string' ? words.read(value, name, named) : other.read(value, name, named)
    },
  }
}

/** An optional key: what it may be, and what it is for. */
export interface Field<T> {
  readonly shape: Shape<T>
  readonly about: string
  /** What holds where the key is missing; absent for a key that says nothing. */
  readonly usual?: NoInfer<T>
}
export type ValuesOf<F extends Record<string, { readonly shape: Shape<unknown> }>> = {
  readonly [K in keyof F]?: F[K]['shape'] extends Shape<infer T> ? T : never
}

/** An object of these keys and no others, none of them twice; every key may be missing. */
export function objectOf<F extends Record<string, Field<unknown>>>(fields: F): Shape<ValuesOf<F>> {
  const keys = Object.keys(fields)
  const list = keys.map((key) => `"${key}"`).join(', ')
  const allowed = `an object with keys of ${list}`
  return {
    allowed,
    schema: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, schemaOf(field)])),
      additionalProperties: false,
    },
    read: (value, name, report) => {
      if (value.type === 'object') return readMembers(value, name, report)
      report(value, { name, found: foundIn(value), allowed })
      return undefined
    },
  }

  function readMembers(object: JsonObject, name: string, report: Report): ValuesOf<F> {
    const values: Record<string, unknown> = {}
    const seen = new Set<string>()
    for (const { key, value } of object.members) {
      const field = Object.hasOwn(fields, key.value) ? fields[key.value] : undefined
      const keyName = name === '' ? key.value : `${name}.${key.value}`
      if (field === undefined) {
        const meant = () => nearest(key.value, keys)
        report(key, { name, found: `the key ${shown(key.value)}`, allowed: list, meant })
      } else if (seen.has(key.value)) {
        report(key, { name, found: `the key ${shown(key.value)} again`, allowed: 'each key once' })
      } else {
        seen.add(key.value)
        values[key.value] = field.shape.read(value, keyName, report)
      }
    }
    return values as ValuesOf<F>
  }
}

function schemaOf({ shape, about, usual }: Field<unknown>): JsonSchema {
  return { description: about, ...shape.schema, ...(usual === undefined ? {} : { default: usual }) }
}
