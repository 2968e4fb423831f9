import { expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { closingOf, Ledgerless, publication, rereadState, showOf } from './network-world.js'

test('a state that is read from its snapshot is the one that was written: accounts, peers, reviews, jobs and shows', () => {
  const world = new Ledgerless()
  const same = () => expect(rereadState(world.application, world.genesis, world.state)).toEqual(world.state)
  same()
  const { job, transaction } = publication(world.genesis)
  expect(world.block(transaction)).toEqual([])
  same()
  world.blocksUntil(() => world.job(job).state === 'running' && world.job(job).next !== null)
  same()
  world.blocksUntil(() => world.timeMs >= (world.job(job).next?.atMs ?? 0) + 10)
  const { certificate, batch } = closingOf(world.genesis, world.job(job))
  expect(world.block(epochCloseTransaction(job, certificate, batch))).toEqual([])
  expect(world.state.reviews.size).toBe(1)
  same()
  world.blocksUntil(() => world.job(job).recovering !== null)
  const three = world.job(job).epoch.members.slice(0, 3)
  expect(world.block(...three.map((peer) => showOf(world.genesis, world.job(job), peer)))).toEqual([])
  expect(world.job(job).recovering?.shows).toHaveLength(3)
  same()
  world.blocksUntil(() => world.job(job).recovering === null)
  same()
})

test('a snapshot of another state does not read as the one of a header', () => {
  const world = new Ledgerless()
  const before = world.state
  world.block(publication(world.genesis).transaction)
  const snapshots = world.application.snapshots as NonNullable<typeof world.application.snapshots>
  const { head, parts } = snapshots.of(before)
  const reading = snapshots.reading(world.genesis, head, { ...world.application.dataSets(world.state), height: 1, timeMs: 0 })
  expect(() => reading.next((cid) => parts.get(cid))).toThrow(expect.objectContaining({ code: 'MAP_MALFORMED' }))
})

test('reviews are kept until the next checkpoint, and then their values only', () => {
  const world = new Ledgerless({ checkpointCycles: 50 })
  const { job, transaction } = publication(world.genesis)
  world.block(transaction)
  world.blocksUntil(() => world.job(job).next !== null && world.timeMs >= (world.job(job).next?.atMs ?? 0) + 10)
  const members = world.job(job).epoch.members
  const { certificate, batch } = closingOf(world.genesis, world.job(job))
  expect(world.block(epochCloseTransaction(job, certificate, batch))).toEqual([])
  expect([...world.state.reviews.values()].map((review) => review.members.map(({ peer }) => peer))).toEqual([members])
  const rating = world.state.registry.get(members[0] as never)?.agreement
  expect(rating?.good).toBeGreaterThan(0)
  world.blocksUntil(() => world.height === 50)
  expect(world.state.reviews.size).toBe(0)
  expect(world.state.registry.get(members[0] as never)?.agreement).toEqual(rating)
})
