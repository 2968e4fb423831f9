import { expect, test } from 'vitest'
import { addressVectors } from '../src/address-cases.js'
import { chainDataSetVectors } from '../src/chain-data-set-cases.js'
import { vrfVectors } from '../src/crypto-cases.js'
import { linesOf, vectorsPath } from '../src/files.js'
import { epochSeedVectors, manifestVectors } from '../src/job-cases.js'
import { jobsMapVectors } from '../src/jobs-map-cases.js'
import { ledgerMapVectors } from '../src/ledger-map-cases.js'
import { replyVectors } from '../src/reply-cases.js'
import { transactionVectors } from '../src/transaction-cases.js'

test.each([
  ['crypto-ids', 'vrf', vrfVectors],
  ['job-scheduler', 'manifests', manifestVectors],
  ['job-scheduler', 'epoch-seeds', epochSeedVectors],
  ['intercoin-ledger', 'ledger-map', ledgerMapVectors],
  ['job-scheduler', 'jobs-map', jobsMapVectors],
  ['vote-chain', 'data-sets', chainDataSetVectors],
  ['peer', 'addresses', addressVectors],
  ['peer', 'transactions', transactionVectors],
  ['peer', 'replies', replyVectors],
])('%s: %s', async (folder, name, make) => {
  await expect(`${linesOf(make())}\n`).toMatchFileSnapshot(vectorsPath(folder, name))
})
