import { accountOfJob, accountOfPeer, bytesOfAccount, createSigner, type PeerId } from '@interpeer/crypto-ids'
import { AMOUNT_MAX, balanceOf, COMMONS, escrowOf, signTransfer, UNITS_PER_COIN } from '@interpeer/intercoin-ledger'
import type { Payment } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { AGREED, closingOf, Ledgerless, publication, showOf, signers, uploader } from './network-world.js'

const payee = accountOfPeer(createSigner(new Uint8Array(32).fill(77)).peerId)
const owed = (amount: bigint, account = payee): Payment => ({ account: bytesOfAccount(account), amount })
const TAX = 5n // per mille, as usual

function published(escrow = UNITS_PER_COIN, settings: Record<string, number> = {}, balances?: ReadonlyMap<PeerId, bigint>) {
  const world = new Ledgerless(settings, balances)
  const { job, transaction } = publication(world.genesis, { escrow })
  expect(world.block(transaction)).toEqual([])
  world.block() // its seed draws the group
  const held = () => escrowOf(world.state.ledger, accountOfJob(job)) ?? 0n
  const close = (payments: readonly Payment[] = [], outcome = AGREED) => {
    const entry = world.job(job)
    world.blocksUntil(() => world.timeMs >= (entry.next?.atMs ?? 0))
    const outcomes = entry.epoch.members.map(() => outcome)
    const closing = closingOf(world.genesis, entry, { payments, outcomes, timeMs: entry.next?.atMs ?? 0 })
    return world.block(epochCloseTransaction(job, closing.certificate, closing.batch))
  }
  return { world, job, held, close }
}
/** What a job keeps back: three epochs of its seats, and two late closings. */
const kept = (world: Ledgerless): bigint => {
  const { seatPricePerCycle, recoveryCycles } = world.genesis.settings
  return 5n * seatPricePerCycle * (3n * 3n + 2n * BigInt(recoveryCycles))
}

test('scripts may pay what is in escrow beside what seats cost for some time; a closing moves what they paid, less the tax', () => {
  const { world, job, held, close } = published()
  const first = world.job(job)
  expect(first.epoch.mayPay).toBe(UNITS_PER_COIN - kept(world))
  expect(first.next?.mayPay).toBe(first.epoch.mayPay)
  const seats = 5n * 3n * world.genesis.settings.seatPricePerCycle
  const commons = balanceOf(world.state.ledger, COMMONS)
  expect(close([owed(100_000_000n), owed(1n, COMMONS)])).toEqual([])
  expect(balanceOf(world.state.ledger, payee)).toBe(100_000_000n - (100_000_000n * TAX) / 1000n)
  expect(balanceOf(world.state.ledger, COMMONS) - commons).toBe((100_000_000n * TAX) / 1000n + 1n)
  expect(held()).toBe(UNITS_PER_COIN - seats - 100_000_001n)
  const after = world.job(job)
  expect(after.paid).toBe(100_000_001n)
  // named before the closing: of what may be paid in all, its members take off what was
  expect(after.epoch.mayPay - after.paid).toBe(UNITS_PER_COIN - kept(world) - 100_000_001n)
  // named after it: less by what the seats cost meanwhile
  expect(after.next?.mayPay).toBe(after.paid + held() - kept(world))
})

test('more than scripts might pay is no closing that a block takes', () => {
  const { world, job, held, close } = published()
  const { mayPay } = world.job(job).epoch
  const before = held()
  expect(close([owed(mayPay), owed(1n, COMMONS)]).map(({ code }) => code)).toEqual(['PAID_TOO_MUCH'])
  expect([held(), balanceOf(world.state.ledger, payee), world.job(job).epoch.number]).toEqual([before, 0n, 1])
  expect(close([owed(mayPay)])).toEqual([])
  expect(world.job(job).epoch.number).toBe(2)
})

test('a job that pays all it may goes on until its seats have used up the rest, and its members are paid in full', () => {
  const { world, job, held, close } = published(200_000_000n)
  for (let epoch = 0; epoch < 20 && world.job(job).state === 'running'; epoch++) {
    const { epoch: now, paid } = world.job(job)
    const left = now.mayPay > paid ? now.mayPay - paid : 0n
    const before = held()
    expect(close(left > 0n ? [owed(left)] : [])).toEqual([])
    if (world.job(job).state === 'running') expect(before - held()).toBe(left + 5n * 3n * world.genesis.settings.seatPricePerCycle)
  }
  const { epoch, state } = world.job(job)
  expect(state).toBe('ended')
  // what was kept back: three epochs at least
  expect(epoch.number).toBeGreaterThanOrEqual(4)
})

test('what is given to a site is there to be paid from the next change on that is named', () => {
  const { world, job, close } = published()
  expect(close()).toEqual([])
  const before = world.job(job).next?.mayPay ?? 0n
  const gift = signTransfer({ to: accountOfJob(job), amount: 500_000_000n, nonce: 0 }, uploader, world.genesis.network)
  expect(world.block(gift)).toEqual([])
  expect(world.job(job).next?.mayPay).toBe(before)
  expect(close()).toEqual([])
  const seats = 5n * 3n * world.genesis.settings.seatPricePerCycle
  expect(world.job(job).next?.mayPay).toBe(before + 500_000_000n - seats)
})

test('an epoch that a recovery opens may pay what the one before might: nothing was settled, and batches run again', () => {
  const { world, job } = published()
  const { epoch } = world.job(job)
  world.blocksUntil(() => world.job(job).recovering !== null)
  const shown = epoch.members.slice(0, 4)
  expect(world.block(...shown.map((peer) => showOf(world.genesis, world.job(job), peer)))).toEqual([])
  world.blocksUntil(() => world.job(job).epoch.number === 2)
  expect(world.job(job)).toMatchObject({ paid: 0n, epoch: { mayPay: epoch.mayPay } })
})

test('what a banned account is owed stays with the job, and counts as paid', () => {
  const { world, job, held, close } = published()
  const banned = signers[6]?.peerId as (typeof signers)[number]['peerId']
  world.blocksUntil(() => world.timeMs >= (world.job(job).next?.atMs ?? 0))
  const entry = world.state.registry.get(banned)
  world.state = {
    ...world.state,
    registry: new Map(world.state.registry).set(banned, { ...(entry as never as object), standing: 'terminated' } as never),
  }
  const before = held()
  const seats = 5n * 3n * world.genesis.settings.seatPricePerCycle
  const group = world.job(job).epoch.members
  expect(close([owed(1_000n, accountOfPeer(banned))])).toEqual([])
  const unpaid = group.includes(banned) ? seats / 5n : 0n
  expect([before - held(), world.job(job).paid]).toEqual([seats - unpaid, 1_000n])
})

test('a member that can hold no more coins keeps nobody else from being paid', () => {
  const full = signers.slice(0, 3).map(({ peerId }) => peerId)
  const { world, job, held, close } = published(UNITS_PER_COIN, {}, new Map(full.map((peer) => [peer, AMOUNT_MAX])))
  const { members } = world.job(job).epoch
  const paid = members.filter((peer) => !full.includes(peer)).length
  expect(paid).toBeLessThan(members.length)
  const before = held()
  expect(close()).toEqual([])
  expect(before - held()).toBe(BigInt(paid) * 3n * world.genesis.settings.seatPricePerCycle)
})
