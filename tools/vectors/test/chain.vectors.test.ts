import { expect, test } from 'vitest'
import { agreementVectors } from '../src/agreement-cases.js'
import { blockVectors, chainCertificateVectors, drawVectors } from '../src/chain-cases.js'
import { linesOf, vectorsPath } from '../src/files.js'
import { genesisVectors } from '../src/genesis-cases.js'

test.each([
  ['genesis', genesisVectors],
  ['certificates', chainCertificateVectors],
  ['blocks', blockVectors],
  ['agreement', agreementVectors],
  ['draws', drawVectors],
])('vote-chain: %s', async (name, make) => {
  await expect(`${linesOf(make())}\n`).toMatchFileSnapshot(vectorsPath('vote-chain', name))
})
