import { parse } from 'cddl'
import { expect, test } from 'vitest'
import { casesOf } from '../src/cases.js'
import { cborCases } from '../src/cbor-cases.js'
import { contractOf, contractPath, linesOf, vectorsPath } from '../src/files.js'
import { PACKAGES } from './packages.js'

test.each(PACKAGES)('%s: the CDDL is CDDL, and its vectors are those that it gives', async (folder) => {
  const contract = contractOf(folder)
  expect(parse(contractPath(folder))).toHaveLength(contract.names.length)
  const vectors = contract.rules().map((rule) => ({ rule: rule.name, cases: casesOf(rule) }))
  await expect(`${linesOf(vectors)}\n`).toMatchFileSnapshot(vectorsPath(folder, 'wire'))
})

test('wire-codec: the vectors of CBOR itself', async () => {
  await expect(`${linesOf(cborCases())}\n`).toMatchFileSnapshot(vectorsPath('wire-codec', 'cbor'))
})
