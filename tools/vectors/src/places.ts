import type { Type } from './contract.js'
import { itemAt, itemCount } from './samples.js'
import type { Value } from './value.js'

/** One field, or a field in a field: `items[0].name`. */
export interface Place {
  readonly path: string
  readonly type: Type
  readonly nullable: boolean
}

/** All places of a typical value, in the order of the wire; of a list the list itself and its first item. */
export function placesOf(type: Type, path = '', nullable = false): Place[] {
  if (type.kind === 'nullable') return placesOf(type.inner, path, true)
  const here: Place[] = path === '' ? [] : [{ path, type, nullable }]
  if (type.kind === 'list' && type.item.kind !== 'variants') return [...here, ...placesOf(type.item, `${path}[0]`)]
  if (type.kind === 'list') {
    const items = Array.from({ length: itemCount(type.item) }, (_, i) => placesOf(itemAt(type.item, i), `${path}[${i}]`))
    return [...here, ...items.flat()]
  }
  if (type.kind === 'variants') return [...here, ...placesOf(type.of.at(-1) as Type, path).slice(1)]
  if (type.kind !== 'struct') return here
  const fields = type.fields.filter(([, field]) => field.kind !== 'literal')
  return [...here, ...fields.flatMap(([name, field]) => placesOf(field, path === '' ? name : `${path}.${name}`))]
}

const stepsOf = (path: string): string[] => path.split(/[.[\]]+/).filter((step) => step !== '')

export function withValue(value: Value, path: string, put: Value): Value {
  const set = (at: Value, steps: readonly string[]): Value => {
    const [step, ...rest] = steps
    if (step === undefined) return put
    if (Array.isArray(at)) return at.map((item: Value, i) => (i === Number(step) ? set(item, rest) : item))
    return { ...(at as object), [step]: set((at as Readonly<Record<string, Value>>)[step] as Value, rest) }
  }
  return set(value, stepsOf(path))
}
export function valueAt(value: Value, path: string): Value {
  return stepsOf(path).reduce<Value>(
    (at, step) => (Array.isArray(at) ? (at as readonly Value[])[Number(step)] : (at as Readonly<Record<string, Value>>)[step]) as Value,
    value,
  )
}
