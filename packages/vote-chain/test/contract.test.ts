import { readFileSync } from 'node:fs'
import { checkContract } from '@interpeer/wire-codec/cddl'
import { faultOfCase, type RuleVectors } from '@interpeer/wire-codec/test-vectors'
import { expect, test } from 'vitest'
import wire from '../vectors/wire.json' with { type: 'json' }
import { contract } from './contract.js'

test('the CDDL has all that the code sends or stores, and nothing else', () => {
  expect(checkContract(contract, readFileSync(new URL('../src/vote-chain.cddl', import.meta.url), 'utf8'))).toEqual([])
})

const vectors = wire as unknown as readonly RuleVectors[]
test('each message and record has vectors', () => {
  expect(vectors.map(({ rule }) => rule).sort()).toEqual(contract.map(({ name }) => name).sort())
})
test.each(contract)('vectors of $name', (codec) => {
  const cases = vectors.find(({ rule }) => rule === codec.name)?.cases ?? []
  expect(cases.map((one) => [one.name, faultOfCase(codec, one)]).filter(([, fault]) => fault !== undefined)).toEqual([])
})
