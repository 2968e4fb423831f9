import { memoryStore } from '@interpeer/content-store'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { checkSeatProof, networkApplication } from '../src/network/index.js'
import { ChainStore } from '../src/node/chain-store.js'
import { showSeat } from '../src/node/show-seat.js'
import { networkGenesis, signers } from './network-world.js'
import { chainTo, log, openedChain } from './one-chain.js'

// the one peer that there is certifies alone, and has the one seat of each site
const genesis = networkGenesis({ checkpointCycles: 4, lookBack: 2 }, 1)
const self = signers[0] as (typeof signers)[number]

async function chain(height: number) {
  const records = memoryStore().records('chain')
  const hashes = await chainTo(genesis, records, height)
  const show = (job: Parameters<typeof showSeat>[0], seat = 0) =>
    showSeat(job, seat, {
      genesis,
      application: networkApplication(genesis.network),
      signer: self,
      store: new ChainStore(records, () => {}),
      log,
    })
  const jobs = [...openedChain(genesis, records).state.tip.state.jobs.values()]
  return { records, hashes, show, jobs }
}

test('a peer shows from its disk who a seat fell to, to who knows the hash of one block', async () => {
  const { hashes, show, jobs } = await chain(10)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  const shown = show(first.job)
  expect(shown?.peer).toBe(self.peerId)
  expect(hexOf(shown?.block as Uint8Array)).toBe(hashes.get(shown?.height ?? 0))
  const { claim, block, proof } = shown as NonNullable<typeof shown>
  expect(checkSeatProof(block, claim, proof, genesis.settings)).toBe(self.peerId)
  expect(() => checkSeatProof(block, { ...claim, of: claim.of === 'next' ? 'epoch' : 'next' }, proof, genesis.settings)).toThrow()
  expect(show(first.job, 7)).toBeUndefined()
})

test('with blocks since a checkpoint alone it shows what was drawn since, and says nothing of what was before', async () => {
  const { records, show, jobs } = await chain(14)
  const kept = new ChainStore(records, () => {}).checkpoints.at(-1) ?? 0
  expect(kept).toBeGreaterThan(1)
  await records.delete(Array.from({ length: kept }, (_, i) => `block/${String(i + 1).padStart(16, '0')}`))
  const shown = jobs.map(({ job, epoch }) => ({ height: show(job)?.height, epoch }))
  expect(shown.filter(({ height }) => height !== undefined).every(({ height = 0 }) => height > kept)).toBe(true)
  expect(shown.some(({ height }) => height !== undefined)).toBe(true)
})
