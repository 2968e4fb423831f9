import { readFileSync } from 'node:fs'
import { faultsOfEnvelopes } from '@interpeer/crypto-ids/test-vectors'
import { expect, test } from 'vitest'
import signed from '../vectors/signed.json' with { type: 'json' }
import { contract } from './contract.js'

const cddl = readFileSync(new URL('../src/job-scheduler.cddl', import.meta.url), 'utf8')

test('all signed messages have envelopes, which are opened, or refused by their codes', () => {
  expect(faultsOfEnvelopes(contract, cddl, signed)).toEqual([])
})
