import type { Struct, Type } from './contract.js'
import { placesOf, withValue } from './places.js'
import { smallest, structOf } from './samples.js'
import type { Value } from './value.js'
import { sizeOfValue } from './write.js'

/** A value whose bytes are exactly so many, by longer strings and lists of strings than `value` has. Undefined: there is none within the limits. */
export function fill(type: Type, value: Value, size: number): Value | undefined {
  let filled = value
  for (const { path, type: field } of placesOf(type)) {
    const grow = path.includes('[') ? undefined : growthOf(field) // what is in a list grows with the list
    if (grow === undefined) continue
    const sizeAt = (units: number) => sizeOfValue(type, withValue(filled, path, grow.of(units)))
    if (sizeAt(grow.most) <= size) {
      filled = withValue(filled, path, grow.of(grow.most))
      continue
    }
    let [low, high] = [0, grow.most]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (sizeAt(middle) <= size) low = middle
      else high = middle
    }
    if (sizeAt(low) <= size) filled = withValue(filled, path, grow.of(low))
    if (sizeOfValue(type, filled) === size) return filled
  }
  return sizeOfValue(type, filled) === size ? filled : undefined
}

interface Growth {
  readonly most: number
  readonly of: (units: number) => Value
}
/** How a field grows, unit by unit: a string by its bytes; a list by those of its items; an array by those of its longest string. */
function growthOf(type: Type): Growth | undefined {
  if (type.kind === 'bytes' && type.max > type.min) return { most: type.max, of: (bytes) => ({ times: bytes, of: '5a' }) }
  if (type.kind === 'text') return { most: type.max, of: (bytes) => ({ times: bytes, of: 'w' }) }
  if (type.kind === 'list') return growthOfList(type.max, growthOf(type.item))
  return type.kind === 'struct' ? growthOfStruct(type) : undefined
}
function growthOfList(max: number, item: Growth | undefined): Growth | undefined {
  if (item === undefined) return undefined
  return {
    most: item.most * max,
    of: (units) => {
      const full = Array.from({ length: Math.floor(units / item.most) }, () => item.of(item.most))
      return units % item.most === 0 ? full : [...full, item.of(units % item.most)]
    },
  }
}
function growthOfStruct(type: Struct): Growth | undefined {
  const grown = type.fields.map(([name, field]) => ({ name, growth: growthOf(field) }))
  const longest = grown.reduce((a, b) => ((b.growth?.most ?? 0) > (a.growth?.most ?? 0) ? b : a))
  const { growth } = longest
  return (
    growth && {
      most: growth.most,
      of: (units) => structOf(type, (field, name) => (name === longest.name ? growth.of(units) : smallest(field))),
    }
  )
}
