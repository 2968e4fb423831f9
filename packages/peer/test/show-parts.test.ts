import { bytesOfContentId, type PeerId, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { type Job, showPartBytes } from '@interpeer/job-scheduler'
import { showMessage } from '@interpeer/peer-group'
import { encodeCbor } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { showTransactions } from '../src/network/index.js'
import { closingOf, Ledgerless, publication, showOf, signerOf } from './network-world.js'

const BLOCK_BYTES = 16_384

/** A world in which a job's recovery has begun, whose blocks are small. */
function recovering() {
  const world = new Ledgerless({ blockBytesMax: BLOCK_BYTES, rootGroupSize: 20 })
  const { job, transaction } = publication(world.genesis)
  world.block(transaction)
  world.blocksUntil(() => world.job(job)?.state === 'running' && world.job(job).next !== null)
  world.blocksUntil(() => world.job(job).recovering !== null)
  return { world, job }
}
/** A show that holds nothing, and many bytes against nobody. */
function largeShow(world: Ledgerless, entry: Job, peer: PeerId, closing: { certificate: Uint8Array; batch: Uint8Array }): Uint8Array {
  const dissents = Array.from({ length: 5 }, () => new Uint8Array(600))
  const steps = Array.from({ length: 6 }, () => ({ certificate: closing.certificate, batch: closing.batch, dissents }))
  const signer = signerOf(peer)
  const held = { steps, bound: null, boundBatch: null, reveal: null, seen: 0 }
  const value = { job: bytesOfContentId(entry.job), epoch: entry.epoch.number, from: signer.publicKey, ...held }
  return signMessage(showMessage, value, signer, world.genesis.network)
}
const partsOf = (world: Ledgerless, show: Uint8Array, signer: Signer) => showTransactions(show, BLOCK_BYTES, signer, world.genesis.network)

test('a show that no block can carry comes in parts, and closes the epoch or counts for its recovery as a whole one does', () => {
  const { world, job } = recovering()
  const entry = world.job(job)
  const [a, b, c] = entry.epoch.members as [PeerId, PeerId, PeerId]
  const show = largeShow(world, entry, a, closingOf(world.genesis, entry))
  expect(show.length).toBeGreaterThan(BLOCK_BYTES)
  expect(world.block(show).map(({ code }) => code)).toEqual(['SHOW_TOO_LARGE'])
  const parts = partsOf(world, show, signerOf(a))
  expect(parts.length).toBe(Math.ceil(show.length / showPartBytes(BLOCK_BYTES)))
  for (const part of parts.slice(0, -1)) {
    expect(world.block(part)).toEqual([])
    expect(world.job(job).epoch.number).toBe(1)
  }
  // those of another member, as its own: it says so with its last one at the latest
  const stolen = partsOf(world, show, signerOf(b))
  for (const part of stolen.slice(0, -1)) expect(world.block(part)).toEqual([])
  expect(world.block(stolen.at(-1) as Uint8Array).map(({ code }) => code)).toEqual(['SHOW_PART_WRONG'])
  expect(world.block(parts.at(-1) as Uint8Array, showOf(world.genesis, entry, c)).map(({ code }) => code)).toEqual(['EPOCH_OTHER'])
  expect(world.job(job)).toMatchObject({ epoch: { number: 2 }, recovering: null })
})

test('a part that comes before the one before it waits in a pool; one that never can come does not', () => {
  const { world, job } = recovering()
  const entry = world.job(job)
  const [a] = entry.epoch.members as [PeerId]
  const parts = partsOf(world, largeShow(world, entry, a, closingOf(world.genesis, entry)), signerOf(a)) as [Uint8Array, Uint8Array]
  expect(world.application.check(world.state, parts[0])).toBeUndefined()
  expect(world.application.check(world.state, parts[1])).toEqual({ later: 'SHOW_PART_EARLY' })
  expect(world.block(parts[0], parts[1])).toEqual([])
  expect(world.application.check(world.state, parts[0])).toBe('SHOW_KNOWN')
})

test('a small show comes as it is, and a part has room beside the largest certificate', () => {
  const { world, job } = recovering()
  const entry = world.job(job)
  const [a] = entry.epoch.members as [PeerId]
  const small = showOf(world.genesis, entry, a)
  expect(partsOf(world, small, signerOf(a))).toEqual([small])
  for (const size of [BLOCK_BYTES, 262_144, 524_288]) {
    const votes = Array.from({ length: Math.min(640, Math.floor((size * 3) / 4 / 352)) }, () => new Uint8Array(352))
    const certificate = [Number.MAX_SAFE_INTEGER, 0xffff_ffff, sha256(), votes]
    const [part] = showTransactions(padded(world, entry, a, size), size, signerOf(a), world.genesis.network)
    expect(part?.length).toBeGreaterThan(size / 5)
    // a block's body, and what its maker leaves free in it (vote-chain's `candidate.ts`)
    expect(encodeCbor([certificate, [part as Uint8Array]]).length + 64).toBeLessThanOrEqual(size)
  }
})
function padded(world: Ledgerless, entry: Job, peer: PeerId, bytes: number): Uint8Array {
  const count = Math.min(6, Math.ceil(bytes / 40_000))
  const steps = Array.from({ length: count }, () => ({ certificate: new Uint8Array(20_000), batch: new Uint8Array(30_000), dissents: [] }))
  const value = {
    job: bytesOfContentId(entry.job),
    epoch: 1,
    from: signerOf(peer).publicKey,
    steps,
    bound: null,
    boundBatch: null,
    reveal: null,
    seen: 0,
  }
  return signMessage(showMessage, value, signerOf(peer), world.genesis.network)
}
