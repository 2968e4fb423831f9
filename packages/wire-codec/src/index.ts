export { bytesOfHex, compareBytes, concatBytes, hexOf, sameBytes } from './bytes.js'
export { type CborLimits, type CborValue, Link } from './cbor.js'
export { decodeCbor } from './decode-cbor.js'
export { encodeCbor } from './encode-cbor.js'
export { WireError, type WireFailure } from './errors.js'
export { decodeWith, encodeWith, MESSAGE_MAX_BYTES, type Message, message } from './message.js'
export { MESSAGE_NUMBERS, type MessageName, type NumberOf } from './message-numbers.js'
export {
  bool,
  bytes,
  bytesMax,
  type Fields,
  type FieldsValue,
  type Infer,
  link,
  list,
  nullable,
  oneOf,
  type Schema,
  struct,
  text,
  uint8,
  uint16,
  uint32,
  uint53,
  uint64,
  type Variant,
  type VariantsValue,
  variants,
} from './schema.js'
export { utf8Length } from './utf8.js'
