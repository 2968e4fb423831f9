import { readFileSync } from 'node:fs'
import { type CborValue, decodeCbor, encodeCbor, type WireError } from '@interpeer/wire-codec'
import { bytesOfVector, type RuleVectors, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { expect, test, vi } from 'vitest'
import { contract as contentStore } from '../../../packages/content-store/test/contract.js'
import { contract as intercoinLedger } from '../../../packages/intercoin-ledger/test/contract.js'
import { contract as jobScheduler } from '../../../packages/job-scheduler/test/contract.js'
import { contract as overlay } from '../../../packages/overlay/test/contract.js'
import { contract as peer } from '../../../packages/peer/test/contract.js'
import { contract as peerGroup } from '../../../packages/peer-group/test/contract.js'
import { contract as voteChain } from '../../../packages/vote-chain/test/contract.js'
import { example } from '../../../packages/wire-codec/test/example.js'
import type { Rule, Type } from '../src/contract.js'
import { contractOf, vectorsPath } from '../src/files.js'
import { PACKAGES } from './packages.js'

const codecs: Readonly<Record<(typeof PACKAGES)[number], readonly VectorCodec<never>[]>> = {
  'wire-codec': [example as unknown as VectorCodec<never>],
  overlay,
  'content-store': contentStore,
  'peer-group': peerGroup,
  'vote-chain': voteChain,
  'job-scheduler': jobScheduler,
  'intercoin-ledger': intercoinLedger,
  peer,
}
const rules = PACKAGES.flatMap((folder) =>
  contractOf(folder)
    .rules()
    .map((rule) => ({ folder, rule, name: rule.name, codec: codecs[folder].find(({ name }) => name === rule.name) as VectorCodec<never> })),
)

/** The most CBOR items of a value, by the contract alone. */
function mostItems(type: Type): number {
  switch (type.kind) {
    case 'nullable':
      return mostItems(type.inner)
    case 'list':
      return 1 + type.max * mostItems(type.item)
    case 'struct':
      return type.fields.reduce((sum, [, field]) => sum + mostItems(field), 1)
    case 'variants':
      return Math.max(...type.of.map(mostItems))
    default:
      return 1
  }
}
const itemsIn = (value: CborValue): number =>
  Array.isArray(value) ? value.reduce((sum: number, item: CborValue) => sum + itemsIn(item), 1) : 1

test('there are rules', () => expect(rules.length).toBeGreaterThan(50))
test.each(rules)('$name: the code allows as many items as the contract, and no good vector has more', ({ folder, rule, name, codec }) => {
  expect(codec.schema.maxItems).toBe(mostItems(rule.type))
  const vectors = (JSON.parse(readFileSync(vectorsPath(folder, 'wire'), 'utf8')) as readonly RuleVectors[]).find((one) => one.rule === name)
  for (const { hex, expect: code } of vectors?.cases ?? []) {
    if (code !== 'ok') continue
    const bytes = bytesOfVector(hex)
    expect(itemsIn(decodeCbor(bytes, { maxItems: bytes.length }))).toBeLessThanOrEqual(codec.schema.maxItems)
  }
})

test('readers without a schema, and walks of links, take as many items as any of these has', () => {
  for (const { name, codec } of rules) expect(codec.schema.maxItems, name).toBeLessThanOrEqual(65_536)
})

/** At most `maxBytes` of lists in lists that hold byte strings of one byte each, which take most memory for what they are; the whole well-formed. */
function tinyItems({ number, maxBytes = 0 }: Rule, width: number): { readonly bytes: Uint8Array; readonly items: number } {
  const list = encodeCbor(Array.from({ length: width }, () => Uint8Array.of(0)))
  const head = number === undefined ? [] : [...encodeCbor(number)]
  const count = Math.floor((maxBytes - 5 - head.length) / list.length)
  const all = count + (head.length > 0 ? 1 : 0)
  const bytes = new Uint8Array(5 + head.length + count * list.length)
  const outer = encodeCbor(new Array(all).fill(0)).subarray(0, all < 24 ? 1 : all < 0x100 ? 2 : all < 0x1_0000 ? 3 : 5)
  bytes.set([...outer, ...head])
  for (let i = 0; i < count; i++) bytes.set(list, outer.length + head.length + i * list.length)
  const length = outer.length + head.length + count * list.length
  return { bytes: bytes.subarray(0, length), items: 1 + all + count * width }
}
test.each(rules)('$name: full of the smallest items it is refused before more are made than it may have', ({ rule, codec }) => {
  const { maxItems } = codec.schema
  for (const width of [1, 3, 16, 255, 2048]) {
    const { bytes, items } = tinyItems(rule, width)
    expect(bytes.length).toBeLessThanOrEqual(rule.maxBytes as number)
    const made = vi.spyOn(Uint8Array.prototype, 'slice') // what makes a byte string of its own
    let failure: WireError['failure'] | undefined
    try {
      codec.decode(bytes)
    } catch (error) {
      failure = (error as WireError).failure
    }
    const count = made.mock.calls.length
    made.mockRestore()
    expect(count).toBeLessThan(maxItems + 1)
    expect(failure).toBeDefined()
    if (items > maxItems) expect(failure).toEqual({ code: 'WIRE_SHAPE', path: '', expected: `at most ${maxItems} CBOR items` })
  }
})
