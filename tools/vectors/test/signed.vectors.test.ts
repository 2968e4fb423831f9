import { expect, test } from 'vitest'
import { contractOf, linesOf, vectorsPath } from '../src/files.js'
import { signedVectors } from '../src/signed-cases.js'
import { PACKAGES } from './packages.js'

const signing = PACKAGES.filter((folder) =>
  contractOf(folder)
    .rules()
    .some(({ signer }) => signer !== null),
)

test.each(signing)('%s: envelopes of each signed message', async (folder) => {
  await expect(`${linesOf(signedVectors(contractOf(folder).rules()))}\n`).toMatchFileSnapshot(vectorsPath(folder, 'signed'))
})
