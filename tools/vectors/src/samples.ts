import { createHash } from 'node:crypto'
import type { Struct, Type } from './contract.js'
import type { Value } from './value.js'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
/** Bytes that look like nothing, the same for the same name. */
export function bytesNamed(name: string, size: number): string {
  let hex = ''
  for (let i = 0; hex.length < 2 * size; i++) hex += digest(i === 0 ? name : `${name} ${i}`)
  return hex.slice(0, 2 * size)
}
const CID_BYTES = 36
export const linkNamed = (name: string): string => `01711220${digest(name)}`

/** Zeros, empty lists and strings, nulls, the first word. */
export function smallest(type: Type): Value {
  switch (type.kind) {
    case 'uint':
      return type.wide ? '0' : 0
    case 'bool':
      return false
    case 'null':
    case 'nullable':
      return null
    case 'literal':
      return type.number
    case 'words':
      return type.words[0] as string
    case 'link':
      return '00'.repeat(36)
    case 'bytes':
      return '00'.repeat(type.min)
    case 'text':
      return ''
    case 'list':
      return []
    case 'variants':
      return smallest(type.of[0] as Struct)
    case 'struct':
      return structOf(type, (field) => smallest(field))
  }
}

/** Something in every field: two items in a list, no nulls, integers that need more than a byte. `name` tells values apart. */
export function typical(type: Type, name: string): Value {
  switch (type.kind) {
    case 'uint':
      return uintNamed(type, name)
    case 'bool':
      return true
    case 'words':
      return type.words[Math.min(1, type.words.length - 1)] as string
    case 'link':
      return linkNamed(name)
    case 'bytes':
      if (type.min === CID_BYTES) return linkNamed(name) // a JobId
      return bytesNamed(name, type.min > 0 ? type.min : Math.min(type.max, 5))
    case 'text':
      return textNamed(type.max, name)
    case 'nullable':
      return typical(type.inner, name)
    case 'list':
      return Array.from({ length: Math.min(itemCount(type.item), type.max) }, (_, i) => typical(itemAt(type.item, i), `${name}[${i}]`))
    case 'variants':
      return typical(type.of.at(-1) as Struct, name)
    case 'struct':
      return structOf(type, (field, fieldName) => typical(field, `${name}.${fieldName}`))
    default:
      return smallest(type)
  }
}

/** What stands at a place of a typical list: of several kinds, one of each. */
export const itemCount = (item: Type): number => (item.kind === 'variants' ? item.of.length : 2)
export const itemAt = (item: Type, i: number): Type => (item.kind === 'variants' ? (item.of[i % item.of.length] as Struct) : item)

/** The largest number, string or list; of a list, as many of the smallest items. Undefined: there is no larger one than usual. */
export function atLimit(type: Type, beyond = 0): Value | undefined {
  if (type.kind === 'uint') {
    const most = type.max + BigInt(beyond)
    return type.wide || most > BigInt(Number.MAX_SAFE_INTEGER) ? String(most) : Number(most)
  }
  if (type.kind === 'bytes') return { times: type.max + beyond, of: '5a' }
  if (type.kind === 'text') return { times: type.max + beyond, of: 'w' }
  if (type.kind === 'list') return { times: type.max + beyond, of: [smallest(type.item)] }
  return undefined
}

/** A message's own fields are its value; the number is not one of them. The kind of a variant is `type`, by the name of its rule. */
export function structOf(type: Struct, of: (field: Type, name: string) => Value): Value {
  const entries = type.fields.map(([name, field]): [string, Value] => {
    if (field.kind === 'literal') return [name, field.number >= 16 ? field.number : (type.name ?? field.number)]
    return [name, of(field, name)]
  })
  return Object.fromEntries(entries.filter(([name, value]) => name !== 'type' || typeof value === 'string'))
}

function uintNamed(type: Extract<Type, { kind: 'uint' }>, name: string): Value {
  if (type.wide) return '9007199254740993' // 2^53 + 1: a reader that takes it for a double is found out
  if (type.max > 2n ** 32n) return /ms$/i.test(name) ? 1_700_000_000_000 + name.length : 70_000 + name.length
  return type.max > 255n ? 300 + name.length : 30 + name.length
}
function textNamed(max: number, name: string): string {
  const word = name.replace(/^.*\./, '').replace(/\W/g, '')
  return max < 8 ? 'é'.slice(0, Math.floor(max / 2)) : `${word.slice(0, max - 4)} é`.slice(0, max - 1)
}
