import { accountOfJob, accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { AMOUNT_MAX, balanceOf, escrowOf, signTransfer } from '@interpeer/intercoin-ledger'
import { signRevocation } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import { codes, Ledgerless, publication, signers, uploader } from './network-world.js'

const heldBy = (world: Ledgerless): bigint => balanceOf(world.state.ledger, accountOfPeer(uploader.peerId))

/** A job that is published while there are peers for it, and whose peers leave in the same block. */
function waiting(settings: Record<string, number> = {}, balances?: ReadonlyMap<PeerId, bigint>) {
  const world = new Ledgerless(settings, balances)
  const { job, transaction } = publication(world.genesis)
  world.block()
  const before = heldBy(world)
  const leaving = signers.slice(0, 3).map((signer) => signRevocation(signer.publicKey, 0, signer, world.genesis.network))
  expect(world.block(transaction, ...leaving)).toEqual([])
  expect(world.job(job).state).toBe('waiting')
  return { world, job, transaction, before }
}

test('a job that finds no group within an interval ends: its escrow goes back, and its name is free', () => {
  const { world, job, before } = waiting()
  const { intervalCycles } = world.genesis.settings
  while (world.height < 2 + intervalCycles) world.block()
  expect(world.job(job).state).toBe('waiting')
  world.block()
  expect(world.job(job).state).toBe('ended')
  expect(heldBy(world)).toBe(before - world.genesis.settings.publishFee)
  const again = publication(world.genesis, { createdMs: 2 })
  expect(codes(world.block(again.transaction))).toEqual(['JOB_GROUP_SIZE']) // no more its name that is refused
})

test('an ended job is forgotten a week later, and the order that published it can not be played again', () => {
  const { world, job, transaction } = waiting({ cycleMs: 3_600_000, tenureMs: 54_000_000, intervalCycles: 2 })
  world.blocksUntil(() => world.job(job).state === 'ended')
  const endedMs = world.timeMs
  const { jobs } = world.application.dataSets(world.state)
  const rest = heldBy(world)
  world.blocksUntil(() => world.state.jobs.size === 0)
  // a week after the time from which it waited for its group
  expect(world.timeMs - endedMs).toBeGreaterThan(6.9 * 86_400_000)
  expect(world.timeMs - endedMs).toBeLessThan(7.1 * 86_400_000)
  expect(world.application.dataSets(world.state).jobs).not.toEqual(jobs)
  expect(codes(world.block(transaction))).toEqual(['JOB_CREATED'])
  expect(heldBy(world)).toBe(rest)
})

test('a job whose coins its account can not hold ends all the same, and they stay in its escrow', () => {
  const rich = signers[6] as (typeof signers)[number]
  const { world, job } = waiting({}, new Map([uploader.peerId, rich.peerId].map((peer) => [peer, AMOUNT_MAX])))
  const order = { to: accountOfPeer(uploader.peerId), amount: AMOUNT_MAX - heldBy(world), nonce: 0 }
  expect(world.block(signTransfer(order, rich, world.genesis.network))).toEqual([])
  world.blocksUntil(() => world.job(job).state === 'ended', 400)
  expect([heldBy(world), escrowOf(world.state.ledger, accountOfJob(job))]).toEqual([AMOUNT_MAX, 1_000_000_000n])
})
