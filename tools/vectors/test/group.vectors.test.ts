import { expect, test } from 'vitest'
import { linesOf, vectorsPath } from '../src/files.js'
import { certificateVectors } from '../src/group-certificates.js'
import { disputeVectors } from '../src/group-disputes.js'
import { faultVectors } from '../src/group-faults.js'
import { ownWorkVectors } from '../src/group-own-work.js'
import { proposalVectors } from '../src/group-proposals.js'
import { requestVectors } from '../src/group-requests.js'
import { showVectors } from '../src/group-shows.js'

test.each([
  ['certificates', certificateVectors],
  ['shows', showVectors],
  ['disputes', disputeVectors],
  ['faults', faultVectors],
  ['proposals', proposalVectors],
  ['own-work', ownWorkVectors],
  ['requests', requestVectors],
])('peer-group: %s', async (name, make) => {
  await expect(`${linesOf(make())}\n`).toMatchFileSnapshot(vectorsPath('peer-group', name))
})
