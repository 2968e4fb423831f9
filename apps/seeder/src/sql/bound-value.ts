import { decodeText, isKnownCharset } from './charsets.js'
import type { SqlValue } from './dump-events.js'
import type { Kind } from './sqlite-schema.js'

/** What SQLite is given for a value. A bigint may be beyond the 64 bits that it takes. */
export type Bound = null | number | bigint | string | Uint8Array
export interface Reading {
  /** That texts are in, where they name no other. */
  readonly charset: string
  /** Put to each text before it is stored. */
  readonly change: ((text: string) => string) | undefined
}
const INTEGER = /^-?\d+$/

/** A value of a dump as a column of that kind takes it. Bytes where it is a text of which the character set has no such bytes. */
export function boundValue(value: Exclude<SqlValue, { type: 'default' }>, kind: Kind, { charset, change }: Reading): Bound {
  if (value === null) return null
  if (value.type === 'bits') return BigInt(`0b${value.text || '0'}`)
  if (value.type === 'number') {
    if (isInteger(kind) && INTEGER.test(value.text)) return BigInt(value.text)
    if (kind === 'real') return Number(value.text)
    return value.text // a number where SQLite takes it for one
  }
  if (kind === 'blob') return value.bytes
  if (kind === 'bits') return BigInt(`0x${Buffer.from(value.bytes).toString('hex') || '0'}`)
  const isNamed = value.charset !== undefined && value.charset !== 'binary' && isKnownCharset(value.charset)
  const text = decodeText(value.bytes, isNamed ? (value.charset as string) : charset)
  if (text === undefined) return value.bytes
  if (kind === 'text') return change === undefined ? text : change(text)
  return isInteger(kind) && INTEGER.test(text) ? BigInt(text) : text
}

export const isInteger = (kind: Kind): boolean => kind === 'integer' || kind === 'bits'
