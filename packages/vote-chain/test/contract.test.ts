import { readFileSync } from 'node:fs'
import { checkContract } from '@interpeer/wire-codec/cddl'
import { faultsOfVectors, type RuleVectors } from '@interpeer/wire-codec/test-vectors'
import { expect, test } from 'vitest'
import wire from '../vectors/wire.json' with { type: 'json' }
import { contract } from './contract.js'

test('the CDDL has all that the code sends or stores, and nothing else', () => {
  expect(checkContract(contract, readFileSync(new URL('../src/vote-chain.cddl', import.meta.url), 'utf8'))).toEqual([])
})

test('each message and record has vectors, and all of them hold', () => {
  expect(faultsOfVectors(contract, wire as unknown as readonly RuleVectors[])).toEqual([])
})
