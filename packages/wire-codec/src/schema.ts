import { type CborValue, LINK_BYTES, Link } from './cbor.js'
import { WireError } from './errors.js'
import { utf8Length } from './utf8.js'

/**
 * The shape of one value: how it is written, read, bounded and described. `write` refuses a value that `read` would refuse, so
 * that nobody signs what nobody else accepts. `path` says where the value stands; what holds others may leave it to them to say where
 * they stand in it, and put its own path before theirs when they fail.
 */
export interface Schema<T> {
  /** @throws {WireError} WIRE_SHAPE */
  readonly write: (value: T, path: string) => CborValue
  /** @throws {WireError} WIRE_SHAPE */
  readonly read: (value: CborValue, path: string) => T
  /** Its CDDL (RFC 8610), without a name. */
  readonly cddl: string
  /** The most CBOR items that a value takes, itself and all in it; a link is one. Bytes that hold more are refused before they cost memory. */
  readonly maxItems: number
}
export type Infer<S> = S extends Schema<infer T> ? T : S extends { readonly schema: Schema<infer T> } ? T : never

const wrong = (path: string, expected: string): WireError => new WireError({ code: 'WIRE_SHAPE', path, expected })

/** What a part at `step` threw, with the path that leads there. Paths are put together only when something is wrong. */
function within(path: string, step: string, error: unknown): unknown {
  if (!(error instanceof WireError) || error.failure.code !== 'WIRE_SHAPE') return error
  return wrong(joined(joined(path, step), error.failure.path), error.failure.expected)
}
const joined = (path: string, step: string): string =>
  path === '' || step === '' || step.startsWith('[') ? path + step : `${path}.${step}`

/** A schema whose value looks the same in code and on the wire. */
function plain<T extends CborValue>(cddl: string, expected: string, fits: (value: unknown) => value is T): Schema<T> {
  const check = (value: unknown, path: string): T => {
    if (!fits(value)) throw wrong(path, expected)
    return value
  }
  return { write: check, read: check, cddl, maxItems: 1 }
}

/** Exactly `size` bytes. */
export const bytes = (size: number): Schema<Uint8Array> =>
  plain(`bstr .size ${size}`, `${size} bytes`, (value): value is Uint8Array => value instanceof Uint8Array && value.length === size)

/** From no bytes to `max` bytes. */
export const bytesMax = (max: number): Schema<Uint8Array> =>
  plain(
    `bstr .size (0..${max})`,
    `at most ${max} bytes`,
    (value): value is Uint8Array => value instanceof Uint8Array && value.length <= max,
  )

/** Well-formed text of at most `max` bytes of UTF-8. */
export const text = (max: number): Schema<string> =>
  plain(
    `tstr .size (0..${max})`,
    `text of at most ${max} bytes`,
    (value): value is string => typeof value === 'string' && value.length <= max && value.isWellFormed() && utf8Length(value) <= max,
  )

export const bool: Schema<boolean> = plain('bool', 'a boolean', (value): value is boolean => typeof value === 'boolean')

const uint = (size: number, max: number): Schema<number> =>
  plain(
    `uint .size ${size}`,
    `an integer from 0 to ${max}`,
    (value): value is number =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max && !Object.is(value, -0),
  )
export const uint8: Schema<number> = uint(1, 0xff)
export const uint16: Schema<number> = uint(2, 0xffff)
export const uint32: Schema<number> = uint(4, 0xffff_ffff)
/** An integer that a `number` holds exactly: times in ms, counts. */
export const uint53: Schema<number> = { ...uint(8, Number.MAX_SAFE_INTEGER), cddl: 'uint .le 9007199254740991' }

const UINT64_MAX = 2n ** 64n - 1n
/** Amounts and what else can pass 2^53: always a `bigint` in code. */
export const uint64: Schema<bigint> = {
  write: (value, path) => {
    if (typeof value !== 'bigint' || value < 0n || value > UINT64_MAX) throw wrong(path, 'a bigint from 0 to 2^64 - 1')
    return value
  },
  read: (value, path) => {
    if (typeof value === 'number' && value >= 0) return BigInt(value)
    if (typeof value === 'bigint' && value >= 0n) return value
    throw wrong(path, 'an integer from 0 to 2^64 - 1')
  },
  cddl: 'uint .size 8',
  maxItems: 1,
}

/** The 36 bytes of a binary CIDv1, as a link that IPLD tools can follow. */
export const link: Schema<Uint8Array> = {
  write: (value, path) => {
    if (!(value instanceof Uint8Array) || value.length !== LINK_BYTES) throw wrong(path, `a CID of ${LINK_BYTES} bytes`)
    return new Link(value)
  },
  read: (value, path) => {
    if (!(value instanceof Link)) throw wrong(path, 'a link')
    return value.cid
  },
  cddl: '#6.42(bstr)',
  maxItems: 1,
}

/** One of the given words; on the wire its place in the list, so words are only ever added at the end. */
export function oneOf<const W extends readonly string[]>(...words: W): Schema<W[number]> {
  return {
    write: (value, path) => {
      const index = words.indexOf(value)
      if (index < 0) throw wrong(path, `one of ${words.join(', ')}`)
      return index
    },
    read: (value, path) => {
      const word = typeof value === 'number' ? words[value] : undefined
      if (word === undefined) throw wrong(path, `one of ${words.join(', ')}`)
      return word
    },
    cddl: `0..${words.length - 1}`,
    maxItems: 1,
  }
}

export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    write: (value, path) => (value === null ? null : inner.write(value, path)),
    read: (value, path) => (value === null ? null : inner.read(value, path)),
    cddl: `${inner.cddl} / null`,
    maxItems: inner.maxItems,
  }
}

/** At most `max` items of one kind. */
export function list<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return {
    write: (value, path) => {
      if (!Array.isArray(value) || value.length > max) throw wrong(path, `a list of at most ${max}`)
      const written: CborValue[] = []
      try {
        for (let i = 0; i < value.length; i++) written.push(item.write(value[i], ''))
      } catch (error) {
        throw within(path, `[${written.length}]`, error)
      }
      return written
    },
    read: (value, path) => {
      if (!Array.isArray(value) || value.length > max) throw wrong(path, `a list of at most ${max}`)
      const read: T[] = []
      try {
        for (let i = 0; i < value.length; i++) read.push(item.read(value[i], ''))
      } catch (error) {
        throw within(path, `[${read.length}]`, error)
      }
      return read
    },
    cddl: `[0*${max} ${item.cddl.includes(' / ') ? `(${item.cddl})` : item.cddl}]`,
    maxItems: 1 + max * item.maxItems,
  }
}

/** The value of a record with the given fields. */
export type FieldsValue<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }
// biome-ignore lint/suspicious/noExplicitAny: the value's type is taken from each field by FieldsValue
export type Fields = Readonly<Record<string, Schema<any>>>

/** An object in code, an array in the order of declaration on the wire. */
export function struct<F extends Fields>(fields: F): Schema<FieldsValue<F>> {
  const record = recordOf(fields)
  const count = record.names.length
  return {
    write: (value, path) => {
      const items: CborValue[] = []
      writeFields(record, value, items, path)
      return items
    },
    read: (value, path) => {
      if (!Array.isArray(value) || value.length !== count) throw wrong(path, `${count} fields`)
      return readFields(record, value, 0, path)
    },
    cddl: `[${cddlOfFields(fields)}]`,
    maxItems: 1 + record.maxItems,
  }
}

/** One kind of a `variants` record: the number that it begins with, and its fields. */
export type Variant = readonly [tag: number, fields: Fields]
export type VariantsValue<V extends Readonly<Record<string, Variant>>> = {
  readonly [K in keyof V]: { readonly type: K } & FieldsValue<V[K][1]>
}[keyof V]
/** One of several records: in code told apart by `type`, on the wire by the number that comes first. */
export function variants<const V extends Readonly<Record<string, Variant>>>(kinds: V): Schema<VariantsValue<V>> {
  const all = Object.entries(kinds).map(([name, [tag, fields]]) => ({ name, tag, record: recordOf(fields, { type: name }) }))
  const byTag = new Map(all.map((kind) => [kind.tag, kind]))
  const byName = new Map(all.map((kind) => [kind.name, kind]))
  const expected = `one of ${Object.keys(kinds).join(', ')}`
  if (byTag.size !== all.length) throw new RangeError('two variants have one tag')
  return {
    write: (value, path) => {
      const kind = byName.get(value.type as string)
      if (kind === undefined) throw wrong(path, expected)
      const items: CborValue[] = [kind.tag]
      writeFields(kind.record, value as never, items, path)
      return items
    },
    read: (value, path) => {
      const kind = Array.isArray(value) && typeof value[0] === 'number' ? byTag.get(value[0]) : undefined
      if (kind === undefined || !Array.isArray(value)) throw wrong(path, expected)
      if (value.length !== kind.record.names.length + 1) throw wrong(path, `the fields of ${kind.name}`)
      return readFields(kind.record, value, 1, path) as VariantsValue<V>
    },
    cddl: Object.values(kinds)
      .map(([tag, fields]) => `[${[`type: ${tag}`, cddlOfFields(fields)].filter((part) => part !== '').join(', ')}]`)
      .join(' / '),
    maxItems: 2 + Math.max(0, ...all.map(({ record }) => record.maxItems)),
  }
}

/** The fields of a record as writing and reading need them, worked out once. */
export interface RecordOf<F extends Fields> {
  readonly names: readonly (keyof F & string)[]
  readonly schemas: readonly Fields[string][]
  /** A value that has all its fields already: filling a copy of it is quicker than adding them one by one. */
  readonly blank: object
  /** Of all fields together. */
  readonly maxItems: number
}
/** @param first what a value has before its fields */
export function recordOf<F extends Fields>(fields: F, first: object = {}): RecordOf<F> {
  const [names, schemas] = [Object.keys(fields), Object.values(fields)]
  const blank = { ...first, ...Object.fromEntries(names.map((name) => [name, null])) }
  return { names, schemas, blank, maxItems: schemas.reduce((sum, { maxItems }) => sum + maxItems, 0) }
}
/** Adds the fields of `value` to `items`. */
export function writeFields<F extends Fields>(
  { names, schemas }: RecordOf<F>,
  value: FieldsValue<F>,
  items: CborValue[],
  path: string,
): void {
  let i = 0
  try {
    for (; i < names.length; i++) items.push((schemas[i] as Schema<unknown>).write(value[names[i] as string], ''))
  } catch (error) {
    throw within(path, names[i] as string, error)
  }
}
/** Reads the items from `first` on. The caller has compared their number. */
export function readFields<F extends Fields>(
  { names, schemas, blank }: RecordOf<F>,
  items: readonly CborValue[],
  first: number,
  path: string,
): FieldsValue<F> {
  const value: Record<string, unknown> = { ...blank }
  let i = 0
  try {
    for (; i < names.length; i++) value[names[i] as string] = (schemas[i] as Schema<unknown>).read(items[first + i] as CborValue, '')
  } catch (error) {
    throw within(path, names[i] as string, error)
  }
  return value as FieldsValue<F>
}
export const cddlOfFields = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, field]) => `${name}: ${field.cddl}`)
    .join(', ')
