import { fileURLToPath } from 'node:url'
import * as cborg from 'cborg'
import { parse } from 'cddl'
import { expect, test } from 'vitest'
import { toBeSigned } from '../src/cose-sign1.js'
import { peekPayload, signMessage } from '../src/signed-message.js'
import { alice, network, note } from './notes.js'

const rules = parse(fileURLToPath(new URL('../src/crypto-ids.cddl', import.meta.url)))

type CddlType = { readonly Type: string; readonly Value?: unknown; readonly Operator?: { readonly Value: { readonly Value: number } } }

/** How the CDDL writes each field of one array: 'bstr 36', 'bstr', 'uint 4', '{}' or a literal. */
function writtenFields(name: string): string[] {
  const rule = rules.find((one) => one.Name === name) as unknown as { readonly Values: readonly { readonly Type: unknown }[] }
  return rule.Values.map(({ Type: type }) => {
    const [one] = (Array.isArray(type) ? type : [type]) as [string | CddlType]
    if (typeof one === 'string') return one
    if (one.Type === 'literal') return JSON.stringify(one.Value)
    if (one.Type === 'group') return '{}'
    return `${one.Type} ${one.Operator?.Value.Value}`
  })
}

/** Whether a value is what the field says. */
function fits(value: unknown, field: string): boolean {
  const [kind, size] = field.split(' ')
  if (kind === 'bstr') return value instanceof Uint8Array && (size === undefined || value.length === Number(size))
  if (kind === 'uint') return typeof value === 'number' && value < 2 ** (8 * Number(size))
  if (kind === '{}') return value instanceof Map && value.size === 0
  return JSON.stringify(value) === field
}

const value = { from: alice.publicKey, step: 7, body: new Uint8Array(300) }
const envelope = signMessage(note, value, alice, network)
const signed = toBeSigned(note, network, peekPayload(envelope) as Uint8Array)
const arrayOf = (bytes: Uint8Array) => cborg.decode(bytes, { useMaps: true }) as unknown[]

test.each([
  ['cose-sign1', arrayOf(envelope), ['bstr 3', '{}', 'bstr', 'bstr 64']],
  ['sig-structure', arrayOf(signed), ['"Signature1"', 'bstr 3', 'bstr', 'bstr']],
  ['external-data', arrayOf(arrayOf(signed)[2] as Uint8Array), ['"interpeer"', 'bstr 36', 'uint 4', 'uint 4']],
])('the CDDL of %s is what the code writes', (name, values, fields) => {
  expect(writtenFields(name)).toEqual(fields)
  expect(values.map((one, i) => fits(one, fields[i] as string))).toEqual(fields.map(() => true))
})
