import type { Rule, Struct, Type } from './contract.js'
import { fill } from './fill.js'
import { type Place, placesOf, valueAt, withValue } from './places.js'
import { atLimit, smallest, typical } from './samples.js'
import { hexOfPieces, type Pieces, tidy, type Value } from './value.js'
import { head, hexOfText, longHead, sizeOfValue, write } from './write.js'

export interface Case {
  readonly name: string
  readonly expect: string
  readonly hex: string | Pieces
  readonly value?: Value
}
type OneKind = Rule & { readonly type: Struct }
const [SHAPE, MALFORMED, LONG, NUMBER, LARGE] = ['WIRE_SHAPE', 'WIRE_MALFORMED', 'WIRE_NOT_CANONICAL', 'WIRE_NUMBER', 'WIRE_TOO_LARGE']

/** Good and bad bytes of one message or record, from its contract alone. Each bad one has one fault. */
export function casesOf(rule: Rule): Case[] {
  const { type } = rule
  if (type.kind === 'variants') {
    return type.of.flatMap((kind) => casesOf({ ...rule, type: kind }).map((one) => ({ ...one, name: `${kind.name}, ${one.name}` })))
  }
  if (type.kind !== 'struct') return scalarCases(rule, type)
  const one = { ...rule, type }
  return [...goodCases(one), ...wholeCases(one), ...placesOf(type).flatMap((place) => placeCases(one, place))]
}

/** Of a record that is no array. */
function scalarCases(rule: Rule, type: Type): Case[] {
  const usual = typicalOf(rule)
  const hex = hexOfPieces(write(type, usual))
  const [most, beyond] = [atLimit(type), atLimit(type, 1)]
  const good = (name: string, value: Value | undefined): Case[] =>
    value === undefined ? [] : [{ name, expect: 'ok', hex: tidy(write(type, value)), value }]
  const bad = (name: string, expect: string, ...pieces: Pieces): Case => ({ name, expect, hex: tidy(pieces) })
  const isWide = type.kind === 'uint' && type.wide
  return [
    ...good('the smallest', smallest(type)),
    ...good('a typical one', usual),
    ...good('at its limit', most),
    bad('no bytes', MALFORMED, ''),
    bad('the last byte missing', MALFORMED, hex.slice(0, -2)),
    bad('a byte after the end', MALFORMED, `${hex}00`),
    bad('in an array', SHAPE, `81${hex}`),
    bad('null', SHAPE, 'f6'),
    bad('undefined', MALFORMED, 'f7'),
    ...faultsOf(type, usual).map(([fault, expect, ...pieces]) => bad(fault, expect, ...pieces)),
    ...(isWide ? [bad('one too many, as tag 2', MALFORMED, 'c249010000000000000000')] : []),
    ...(isWide || beyond === undefined ? [] : [bad('one too many', SHAPE, ...write(type, beyond))]),
  ]
}

export const typicalOf = (rule: Rule): Value => typical(rule.type, rule.name)

function goodCases(rule: OneKind): Case[] {
  const { type, maxBytes = 0 } = rule
  const usual = typicalOf(rule)
  const good = (name: string, value: Value): Case => ({ name, expect: 'ok', hex: tidy(write(type, value)), value })
  const cases = [good('the smallest', smallest(type)), good('a typical one', usual)]
  for (const { path, type: field, nullable } of placesOf(type)) {
    const most = atLimit(field)
    if (most !== undefined && !isFixed(field)) {
      const value = withValue(usual, path, most)
      if (sizeOfValue(type, value) <= maxBytes) cases.push(good(`${path} at its limit`, value))
    }
    if (nullable) cases.push(good(`${path} null`, withValue(usual, path, null)))
    if (field.kind === 'words') cases.push(...field.words.map((word) => good(`${path} ${word}`, withValue(usual, path, word))))
    if (field.kind === 'bool') cases.push(good(`${path} false`, withValue(usual, path, false)))
    if (field.kind === 'variants') {
      cases.push(...field.of.map((kind) => good(`${path} ${kind.name}`, withValue(usual, path, typical(kind, `${rule.name}.${path}`)))))
    }
  }
  const whole = fill(type, usual, maxBytes)
  if (whole !== undefined) cases.push(good('as large as it may be', whole))
  return cases
}

/** What is wrong with the whole array. */
function wholeCases(rule: OneKind): Case[] {
  const { type, number, maxBytes = 0 } = rule
  const usual = typicalOf(rule)
  const pieces = write(type, usual)
  const hex = hexOfPieces(pieces)
  const count = type.fields.length
  const items = hex.slice(head(4, count).length)
  const bad = (name: string, expect: string, bytes: string | Pieces): Case => ({ name, expect, hex: bytes })
  const cases = [
    bad('no bytes', MALFORMED, ''),
    bad('an array of nothing', number === undefined ? SHAPE : NUMBER, '80'),
    bad('no array, but its first item', SHAPE, hexOfPieces(write((type.fields[0] as Struct['fields'][0])[1], firstValue(type, usual)))),
    bad('an empty map', MALFORMED, 'a0'),
    bad('the last byte missing', MALFORMED, hex.slice(0, -2)),
    bad('a byte after the end', MALFORMED, `${hex}00`),
    bad('a field more', SHAPE, `${head(4, count + 1)}${items}00`),
    bad('a field less', SHAPE, hexOfPieces(write({ ...type, fields: type.fields.slice(0, -1) }, usual))),
    bad('the length of the array in a longer head', LONG, `${longHead(4, count)}${items}`),
    bad('an array of indefinite length', MALFORMED, `9f${items}ff`),
    bad('an array that says it has 2^32 - 1 items', MALFORMED, `9affffffff${items}`),
    bad('in tag 24', MALFORMED, `d818${hex}`),
  ]
  if (number !== undefined) {
    const rest = items.slice(head(0, number).length)
    cases.push(
      bad('another number', NUMBER, `${head(4, count)}${head(0, number + 1)}${rest}`),
      bad('the number in a longer head', LONG, `${head(4, count)}${longHead(0, number)}${rest}`),
      bad('the number as text', NUMBER, `${head(4, count)}${head(3, String(number).length)}${hexOfText(String(number))}${rest}`),
      bad('the number as a float', MALFORMED, `${head(4, count)}fb${floatHex(number)}${rest}`),
    )
  }
  const over = fill(type, usual, maxBytes + 1)
  if (over !== undefined) cases.push(bad('a byte larger than it may be', LARGE, tidy(write(type, over))))
  return cases
}

/** What is wrong in one place. */
function placeCases(rule: OneKind, place: Place): Case[] {
  const { path, type, nullable } = place
  const usual = typicalOf(rule)
  const patched = (fault: string, expect: string, ...pieces: Pieces): Case => ({
    name: `${path}: ${fault}`,
    expect,
    hex: tidy(write(rule.type, usual, new Map([[path, pieces]]))),
  })
  const value = valueAt(usual, path)
  const cases = faultsOf(type, value).map(([fault, expect, ...pieces]) => patched(fault, expect, ...pieces))
  cases.push(nullable ? patched('false', SHAPE, 'f4') : patched('null', SHAPE, 'f6'), patched('undefined', MALFORMED, 'f7'))
  const beyond = atLimit(type, 1)
  if (beyond !== undefined) {
    const over = withValue(usual, path, beyond)
    const isWide = type.kind === 'uint' && type.max >= 2n ** 64n - 1n // one more is not an integer of CBOR but tag 2
    if (isWide) cases.push(patched('one too many, as tag 2', MALFORMED, 'c249010000000000000000'))
    else if (sizeOfValue(rule.type, over) <= (rule.maxBytes ?? 0)) cases.push(patched('one too many', SHAPE, ...write(type, beyond)))
  }
  return cases
}

type Fault = readonly [fault: string, expect: string, ...pieces: (string | readonly [number, string])[]]
function faultsOf(type: Type, value: Value): Fault[] {
  const hex = hexOfPieces(write(type, value))
  switch (type.kind) {
    case 'uint':
      return [
        ['text', SHAPE, '6137'],
        ['a byte string', SHAPE, '4107'],
        ['-1', SHAPE, '20'],
        ['1.0', MALFORMED, 'f93c00'],
        ['a longer head', LONG, longHead(0, 7)],
      ]
    case 'bool':
      return [
        ['0', SHAPE, '00'],
        ['true in a simple value of two bytes', MALFORMED, 'f815'],
      ]
    case 'words':
      return [
        ['a number that means nothing', SHAPE, head(0, type.words.length)],
        ['text', SHAPE, `${head(3, (value as string).length)}${hexOfText(value as string)}`],
        ['a longer head', LONG, longHead(0, 0)],
      ]
    case 'bytes': {
      const size = (value as string).length / 2
      const short: Fault[] = type.min > 0 ? [['a byte less', SHAPE, head(2, size - 1) + (value as string).slice(2)]] : []
      return [
        ['text', SHAPE, `${head(3, size)}${'77'.repeat(size)}`],
        ...short,
        ['a longer head', LONG, longHead(2, size) + (value as string)],
        ['of indefinite length', MALFORMED, `5f${hex}ff`],
        ['a length beyond the end', MALFORMED, '5b00ffffffffffffff'],
      ]
    }
    case 'text':
      return [
        ['a byte string', SHAPE, `${head(2, hexOfText(value as string).length / 2)}${hexOfText(value as string)}`],
        ['not UTF-8', LONG, '61ff'],
        ['half of a surrogate pair', LONG, '63eda080'],
        ['a longer head', LONG, `${longHead(3, hexOfText(value as string).length / 2)}${hexOfText(value as string)}`],
      ]
    case 'link':
      return [
        ['a byte string without the tag', SHAPE, hex.slice(4)],
        ['a byte less', MALFORMED, `d82a5824${hex.slice(8, -2)}`],
        ['a byte more', MALFORMED, `d82a5826${hex.slice(8)}00`],
        ['01 before the CID', MALFORMED, `d82a582501${hex.slice(10)}`],
        ['in tag 43', MALFORMED, `d82b${hex.slice(4)}`],
        ['the tag in a longer head', LONG, `d9002a${hex.slice(4)}`],
      ]
    case 'list': {
      const items = value as readonly Value[]
      const inside = hex.slice(head(4, items.length).length)
      return [
        ['a number', SHAPE, '00'],
        ['a map', MALFORMED, 'a0'],
        ['of indefinite length', MALFORMED, `9f${inside}ff`],
        ['a longer head', LONG, longHead(4, items.length) + inside],
      ]
    }
    case 'struct': {
      const count = type.fields.length
      const inside = hex.slice(head(4, count).length)
      return [
        ['a number', SHAPE, '00'],
        ['a field more', SHAPE, `${head(4, count + 1)}${inside}00`],
        ['a field less', SHAPE, hexOfPieces(write({ ...type, fields: type.fields.slice(0, -1) }, value))],
      ]
    }
    case 'variants':
      return [['of an unknown kind', SHAPE, `81${head(0, type.of.length)}`]]
    default:
      return []
  }
}

const isFixed = (type: Type): boolean => type.kind === 'bytes' && type.min === type.max

function firstValue(type: Struct, value: Value): Value {
  const [name] = type.fields[0] as Struct['fields'][0]
  return (value as Readonly<Record<string, Value>>)[name] as Value
}
function floatHex(number: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(number)
  return bytes.toString('hex')
}
