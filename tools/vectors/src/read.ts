import * as cborg from 'cborg'
import type { Rule, Struct, Type } from './contract.js'
import { structOf } from './samples.js'
import { hexOfPieces, type Value } from './value.js'
import { write } from './write.js'

class Tagged {
  readonly inner: unknown
  constructor(inner: unknown) {
    this.inner = inner
  }
}
const tags: cborg.TagDecoder[] = []
tags[42] = (decode: () => unknown) => new Tagged(decode())

/**
 * A second reader: CBOR by cborg, names, kinds and limits by the contract alone. What it read it writes again, by hand: there is one encoding of
 * each value. Throws where the bytes are not what the contract says. It is not for use: it checks nothing beforehand.
 */
export function readOne({ type, maxBytes }: Rule, bytes: Uint8Array): Value {
  if (bytes.length > (maxBytes ?? 0)) throw new Error('too large')
  const value = valueFrom(type, cborg.decode(bytes, { strict: true, allowIndefinite: false, tags }), '')
  if (hexOfPieces(write(type, value)) !== hexOf(bytes)) throw new Error('written in another way')
  return value
}

function valueFrom(type: Type, item: unknown, path: string): Value {
  const fits = (holds: boolean): void => {
    if (!holds) throw new Error(`${path} is no ${type.kind}`)
  }
  switch (type.kind) {
    case 'uint':
      fits((typeof item === 'number' || typeof item === 'bigint') && item >= 0 && BigInt(item) <= type.max)
      return type.wide ? String(item) : Number(item)
    case 'bool':
      fits(typeof item === 'boolean')
      return item as boolean
    case 'null':
      fits(item === null)
      return null
    case 'literal':
      fits(item === type.number)
      return type.number
    case 'words':
      fits(typeof item === 'number' && type.words[item] !== undefined)
      return type.words[item as number] as string
    case 'link': {
      const inner = item instanceof Tagged ? item.inner : undefined
      fits(inner instanceof Uint8Array && inner.length === 37 && inner[0] === 0)
      return hexOf((inner as Uint8Array).subarray(1))
    }
    case 'bytes':
      fits(item instanceof Uint8Array && item.length >= type.min && item.length <= type.max)
      return hexOf(item as Uint8Array)
    case 'text':
      fits(typeof item === 'string' && Buffer.byteLength(item) <= type.max)
      return item as string
    case 'nullable':
      return item === null ? null : valueFrom(type.inner, item, path)
    case 'list':
      fits(Array.isArray(item) && item.length <= type.max)
      return (item as readonly unknown[]).map((one, i) => valueFrom(type.item, one, `${path}[${i}]`))
    case 'variants': {
      const tag = Array.isArray(item) ? item[0] : undefined
      const kind = type.of.find(({ fields }) => fields[0]?.[1].kind === 'literal' && fields[0][1].number === tag)
      fits(kind !== undefined)
      return valueFrom(kind as Struct, item, path)
    }
    case 'struct': {
      fits(Array.isArray(item) && item.length === type.fields.length)
      const items = item as readonly unknown[]
      for (const [i, [name, field]] of type.fields.entries()) if (field.kind === 'literal') valueFrom(field, items[i], `${path}.${name}`)
      return structOf(type, (field, name) => valueFrom(field, items[type.fields.findIndex(([one]) => one === name)], `${path}.${name}`))
    }
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
