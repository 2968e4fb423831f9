import type { CborValue } from './cbor.js'
import { decodeCbor } from './decode-cbor.js'
import { encodeCbor } from './encode-cbor.js'
import { WireError } from './errors.js'
import type { MessageName, NumberOf } from './message-numbers.js'
import { cddlOfFields, type Fields, type FieldsValue, readFields, recordOf, type Schema, writeFields } from './schema.js'

/** One wire message, declared once: type, encoder, decoder, limit and CDDL come from the same fields. */
export interface Message<T> {
  readonly name: MessageName
  readonly number: number
  /** Counts incompatible changes; part of what a signature covers, so versions cannot be confused. */
  readonly version: number
  readonly maxBytes: number
  readonly schema: Schema<T>
  /** @throws {WireError} WIRE_SHAPE, WIRE_TOO_LARGE */
  readonly encode: (value: T) => Uint8Array
  /** @throws {WireError} */
  readonly decode: (bytes: Uint8Array) => T
  /** Its CDDL rule, name included. */
  readonly cddl: () => string
}
export const MESSAGE_MAX_BYTES = 1024 * 1024

/**
 * Declares a message. On the wire: an array of its number and then its fields, in the order given. Nothing may be left out or added.
 * @param number the one that the list has for this name, or it does not compile. It is not looked up, so that nobody downloads the list
 */
export function message<const N extends MessageName, const F extends Fields>(
  name: N,
  number: NumberOf<N>,
  version: number,
  fields: F,
  { maxBytes = MESSAGE_MAX_BYTES }: { readonly maxBytes?: number } = {},
): Message<FieldsValue<F>> {
  const record = recordOf(fields)
  const count = record.names.length + 1
  const schema: Schema<FieldsValue<F>> = {
    write: (value, path) => {
      const items: CborValue[] = [number]
      writeFields(record, value, items, path)
      return items
    },
    read: (value, path) => {
      if (!Array.isArray(value)) throw new WireError({ code: 'WIRE_SHAPE', path, expected: `message ${name}` })
      if (value[0] !== number) throw new WireError({ code: 'WIRE_NUMBER', expected: number, found: value[0] })
      if (value.length !== count) throw new WireError({ code: 'WIRE_SHAPE', path, expected: `${count - 1} fields` })
      return readFields(record, value, 1, path)
    },
    cddl: `[type: ${number}, ${cddlOfFields(fields)}]`,
    maxItems: 2 + record.maxItems,
  }
  return {
    name,
    number,
    version,
    maxBytes,
    schema,
    encode: (value) => encodeWith(schema, value, maxBytes),
    decode: (bytes) => decodeWith(schema, bytes, maxBytes),
    cddl: () => `${name} = ${schema.cddl}`,
  }
}

/** Encodes a value that is not a message: a block, a record on disk. @throws {WireError} WIRE_SHAPE, WIRE_TOO_LARGE */
export function encodeWith<T>(schema: Schema<T>, value: T, maxBytes: number = MESSAGE_MAX_BYTES): Uint8Array {
  const bytes = encodeCbor(schema.write(value, ''))
  if (bytes.length > maxBytes) throw new WireError({ code: 'WIRE_TOO_LARGE', bytes: bytes.length, maxBytes })
  return bytes
}
/** @throws {WireError} */
export function decodeWith<T>(schema: Schema<T>, bytes: Uint8Array, maxBytes: number = MESSAGE_MAX_BYTES): T {
  return schema.read(decodeCbor(bytes, { maxBytes, maxItems: schema.maxItems }), '')
}
