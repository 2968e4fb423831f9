import type { Field, Type } from './contract.js'
import { type Pieces, repeatOf, sizeOf, type Value } from './value.js'

/** The head of a CBOR item in its shortest form (RFC 8949 §3). */
export function head(major: number, count: number | bigint): string {
  const [value, top] = [BigInt(count), major << 5]
  const at = (low: number, bytes: number) => hex(top + low, 1) + hex(value, bytes)
  if (value < 24n) return hex(top + Number(value), 1)
  if (value < 2n ** 8n) return at(24, 1)
  if (value < 2n ** 16n) return at(25, 2)
  return value < 2n ** 32n ? at(26, 4) : at(27, 8)
}
/** The same value in a longer head than it needs. */
export function longHead(major: number, count: number | bigint): string {
  const [value, top] = [BigInt(count), major << 5]
  const [low, bytes] = value < 24n ? [24, 1] : value < 2n ** 8n ? [25, 2] : value < 2n ** 16n ? [26, 4] : [27, 8]
  return hex(top + low, 1) + hex(value, bytes)
}
const hex = (value: number | bigint, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')

const UTF8 = new TextEncoder()
export const hexOfText = (text: string): string => Buffer.from(UTF8.encode(text)).toString('hex')

/** Other bytes in place of a field's, by its path (`items[0].name`). */
export type Patches = ReadonlyMap<string, Pieces>

/**
 * Writes a value as its contract says, heads by hand. Nothing is checked: a value past a limit is written all the same, since that is what bad
 * vectors are made of.
 */
export function write(type: Type, value: Value, patches: Patches = new Map(), path = ''): Pieces {
  const patch = patches.get(path)
  if (patch !== undefined) return patch
  switch (type.kind) {
    case 'uint':
      return [head(0, BigInt(value as number | string))]
    case 'bool':
      return [value === true ? 'f5' : 'f4']
    case 'null':
      return ['f6']
    case 'literal':
      return [head(0, type.number)]
    case 'words':
      return [head(0, type.words.indexOf(value as string))]
    case 'link':
      return [`d82a582500${value as string}`]
    case 'bytes':
      return bytes(value)
    case 'text':
      return text(value)
    case 'nullable':
      return value === null ? ['f6'] : write(type.inner, value, patches, path)
    case 'list':
      return list(type.item, value, patches, path)
    case 'variants': {
      const { type: name } = value as { readonly type: string }
      const kind = type.of.find((one) => one.name === name)
      if (kind === undefined) throw new Error(`no kind ${name}`)
      return write(kind, value, patches, path)
    }
    case 'struct':
      return [head(4, type.fields.length), ...type.fields.flatMap((field) => writeField(field, value, patches, path))]
  }
}
const writeField = ([name, type]: Field, value: Value, patches: Patches, path: string): Pieces =>
  write(type, (value as Readonly<Record<string, Value>>)[name] as Value, patches, path === '' ? name : `${path}.${name}`)

function bytes(value: Value): Pieces {
  const repeat = repeatOf(value)
  if (repeat === undefined) return [head(2, (value as string).length / 2) + (value as string)]
  return [head(2, (repeat.times * repeat.of.length) / 2), [repeat.times, repeat.of as string]]
}
function text(value: Value): Pieces {
  const repeat = repeatOf(value)
  const one = hexOfText(repeat === undefined ? (value as string) : (repeat.of as string))
  return repeat === undefined ? [head(3, one.length / 2) + one] : [head(3, (repeat.times * one.length) / 2), [repeat.times, one]]
}
function list(item: Type, value: Value, patches: Patches, path: string): Pieces {
  const repeat = repeatOf(value)
  if (repeat === undefined) {
    const items = value as readonly Value[]
    return [head(4, items.length), ...items.flatMap((one, i) => write(item, one, patches, `${path}[${i}]`))]
  }
  const items = repeat.of as readonly Value[]
  const pieces = items.flatMap((one) => write(item, one))
  if (pieces.every((piece) => typeof piece === 'string')) return [head(4, repeat.times * items.length), [repeat.times, pieces.join('')]]
  return [head(4, repeat.times * items.length), ...Array.from({ length: repeat.times }, () => pieces).flat()]
}

export const sizeOfValue = (type: Type, value: Value): number => sizeOf(write(type, value))
