import { bytesOfHex, concatBytes, hexOf, sameBytes } from './bytes.js'
import type { Declared } from './cddl.js'
import { WireError } from './errors.js'
import { decodeWith, encodeWith } from './message.js'
import type { Schema } from './schema.js'

/**
 * How the vectors write bytes: hexadecimal, or a list of pieces, each of them hexadecimal or `[times, hexadecimal]`. So a message at a limit of
 * some megabytes takes a line.
 */
export type VectorBytes = string | readonly (string | readonly [times: number, hex: string])[]
/** A value as JSON: bytes in hexadecimal, 64-bit numbers in decimal text; `{ times, of }` is `of` repeated: letters, digits or list items. */
export type VectorValue =
  | null
  | boolean
  | number
  | string
  | readonly VectorValue[]
  | { readonly times: number; readonly of: string | readonly VectorValue[] }
  | { readonly [field: string]: VectorValue }

export interface VectorCase {
  readonly name: string
  /** `ok`, or the code of the error. */
  readonly expect: string
  readonly hex: VectorBytes
  /** What good bytes say. */
  readonly value?: VectorValue
}
/** All vectors of one rule of the CDDL file. */
export interface RuleVectors {
  readonly rule: string
  readonly cases: readonly VectorCase[]
}

/** A message or a record as vectors test it. A `Message` is one. */
export interface VectorCodec<T = unknown> extends Declared {
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T
  readonly schema: Pick<Schema<T>, 'maxItems'>
}

/** A record that has no number, under the name of its rule. */
export function recordCodec<T>(name: string, schema: Schema<T>, maxBytes: number): VectorCodec<T> {
  return {
    name,
    maxBytes,
    schema,
    encode: (value) => encodeWith(schema, value, maxBytes),
    decode: (bytes) => decodeWith(schema, bytes, maxBytes),
    cddl: () => `${name} = ${schema.cddl}`,
  }
}

export function bytesOfVector(hex: VectorBytes): Uint8Array {
  const pieces = typeof hex === 'string' ? [hex] : hex
  return concatBytes(...pieces.map((piece) => (typeof piece === 'string' ? bytesOfHex(piece) : repeated(...piece))))
}
function repeated(times: number, hex: string): Uint8Array {
  const one = bytesOfHex(hex)
  const all = new Uint8Array(times * one.length)
  for (let i = 0; i < times; i++) all.set(one, i * one.length)
  return all
}

/** A decoded value as the vectors write it. */
export function vectorValueOf(value: unknown): VectorValue {
  if (value instanceof Uint8Array) return hexOf(value)
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(vectorValueOf)
  if (typeof value !== 'object' || value === null) return value as VectorValue
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, vectorValueOf(field)]))
}

/** The same value without repeats. */
export function expandValue(value: VectorValue): VectorValue {
  if (Array.isArray(value)) return value.map(expandValue)
  if (typeof value !== 'object' || value === null) return value
  const { times, of } = value as { readonly times?: VectorValue; readonly of?: VectorValue }
  if (typeof times === 'number' && typeof of === 'string') return of.repeat(times)
  if (typeof times === 'number' && Array.isArray(of)) return Array.from({ length: times }, () => expandValue(of)).flat()
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, expandValue(field)]))
}

/** Why a case does not hold; undefined where it does: the value is read as stated and written to the same bytes, or the code is thrown. */
export function faultOfCase(codec: VectorCodec<never>, { expect, hex, value }: VectorCase): string | undefined {
  const bytes = bytesOfVector(hex)
  let read: never
  try {
    read = codec.decode(bytes)
  } catch (error) {
    const code = error instanceof WireError ? error.code : String(error)
    return code === expect ? undefined : `${code} instead of ${expect}`
  }
  if (expect !== 'ok') return `read, instead of ${expect}`
  const [found, wanted] = [vectorValueOf(read), expandValue(value ?? null)]
  if (!sameValue(found, wanted)) return `read as ${start(found)} instead of ${start(wanted)}`
  return sameBytes(codec.encode(read), bytes) ? undefined : 'written to other bytes'
}

/** What is wrong with the vectors of a package: a rule of its contract that has none, one that is in no contract, and cases that don't hold. */
export function faultsOfVectors(contract: readonly VectorCodec<never>[], vectors: readonly RuleVectors[]): string[] {
  const stray = vectors.filter(({ rule }) => !contract.some(({ name }) => name === rule)).map(({ rule }) => `${rule}: in no contract`)
  const found = contract.flatMap((codec) => {
    const cases = vectors.find(({ rule }) => rule === codec.name)?.cases ?? []
    if (cases.length === 0) return [`${codec.name}: no vectors`]
    return cases.flatMap((one) => {
      const fault = faultOfCase(codec, one)
      return fault === undefined ? [] : [`${codec.name}, ${one.name}: ${fault}`]
    })
  })
  return [...stray, ...found]
}

function sameValue(a: VectorValue, b: VectorValue): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [fields, others] = [Object.entries(a), b as Readonly<Record<string, VectorValue>>]
  return (
    fields.length === Object.keys(b).length &&
    fields.every(([name, field]) => name in others && sameValue(field, others[name] as VectorValue))
  )
}
const start = (value: VectorValue): string => JSON.stringify(value).slice(0, 400)
