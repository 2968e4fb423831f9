import type { Rule } from './contract.js'
import { type Key, type SignedAs, sha256, signed, tstr } from './cose.js'
import { contractOf } from './files.js'
import { hexOfPieces, type Value } from './value.js'
import { head, write } from './write.js'

export type Fields = Readonly<Record<string, Value>>
/** Writes and signs messages and records of one package, by its contract. All in hexadecimal. */
export interface Maker {
  readonly rule: (name: string) => Rule
  readonly encode: (name: string, value: Fields) => string
  /** In an envelope, for this network; or as something else. */
  readonly sign: (name: string, value: Fields, key: Key, as?: Partial<SignedAs>) => string
}

export function makerOf(folder: string, network: string): Maker {
  const rules = new Map(
    contractOf(folder)
      .rules()
      .map((rule) => [rule.name, rule]),
  )
  const rule = (name: string): Rule => {
    const found = rules.get(name)
    if (found === undefined) throw new Error(`no rule ${name}`)
    return found
  }
  const encode = (name: string, value: Fields): string => hexOfPieces(write(rule(name).type, value))
  const sign: Maker['sign'] = (name, value, key, as = {}) => {
    const { number = 0, version = 0 } = rule(name)
    return signed({ network, number, version, ...as }, encode(name, value), key)
  }
  return { rule, encode, sign }
}

export const hexOfWords = (words: string): string => Buffer.from(words).toString('hex')
export const named = (words: string): string => sha256(hexOfWords(words))
/** A binary CIDv1 (dag-cbor) of nothing in particular. */
export const linkTo = (words: string): string => `01711220${named(words)}`
export const uint = (value: number | bigint): string => head(0, value)
export const array = (items: readonly string[]): string => head(4, items.length) + items.join('')
/** SHA-256 of a CBOR array that begins with a word: how seals and data sets are hashed. */
export const sealOf = (context: string, parts: readonly string[]): string => sha256(array([tstr(context), ...parts]))
export const seedOfByte = (n: number): string => n.toString(16).padStart(2, '0').repeat(32)
