import { accountOfJob, accountOfPeer, bytesOfAccount, createSigner, type JobId, type PeerId } from '@interpeer/crypto-ids'
import { accountOf, balanceOf, COMMONS, escrowOf, signTransfer, taxOf } from '@interpeer/intercoin-ledger'
import type { Job } from '@interpeer/job-scheduler'
import type { Payment } from '@interpeer/peer-group'
import { signRevocation } from '@interpeer/vote-chain'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { boundShowOf, closingOf, Ledgerless, publication, signers, uploader } from './network-world.js'

const payee = accountOfPeer(createSigner(new Uint8Array(32).fill(77)).peerId)

/** A network with two sites, that also takes each block as a peer does whose memory has the jobs in another order. */
class Sites extends Ledgerless {
  readonly sites: readonly [JobId, JobId]
  constructor() {
    super({ intervalCycles: 20, secondRecoveryCycles: 4, matureCycles: 0 })
    const published = ['wiki', 'shop'].map((name) => publication(this.genesis, { name, seats: 3, escrow: 400_000_000n }))
    this.sites = published.map(({ job }) => job) as [JobId, JobId]
    for (const { transaction } of published) expect(this.block(transaction)).toEqual([])
    this.block()
  }
  override block(...transactions: Uint8Array[]) {
    const state = { ...this.state, jobs: new Map([...this.state.jobs].reverse()) }
    const refused = super.block(...transactions)
    const other = this.application.apply(state, transactions, this.info)
    expect(this.application.dataSets(other.state)).toEqual(this.application.dataSets(this.state))
    return refused
  }
  /** That a group's own first batch closes its epoch, and pays. */
  closing(job: JobId, payments: readonly Payment[] = []) {
    return closingOf(this.genesis, this.job(job), {
      step: 1,
      root: this.job(job).epoch.start,
      payments,
      timeMs: this.job(job).next?.atMs ?? 0,
    })
  }
  close(job: JobId, payments: readonly Payment[]): Uint8Array {
    const { certificate, batch } = this.closing(job, payments)
    return epochCloseTransaction(job, certificate, batch)
  }
  /** Shows of all, none of whom has the closing's certificate. */
  shows(job: JobId, payments: readonly Payment[] = []): Uint8Array[] {
    const { batch } = this.closing(job, payments)
    return this.job(job).epoch.members.map((peer) => boundShowOf(this.genesis, this.job(job), peer, batch))
  }
  held(job: JobId): bigint {
    return escrowOf(this.state.ledger, accountOfJob(job)) ?? 0n
  }
}

const owed = (amount: bigint, account = payee): Payment => ({ account: bytesOfAccount(account), amount })
const due = (world: Sites, job: JobId) => world.blocksUntil(() => world.timeMs >= (world.job(job).next?.atMs ?? 0))

test('what one site pays another counts alike for it at all peers, also where a recovery pays in the block that names its next epoch', () => {
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const world = new Sites()
    const [payer, paid] = [world.sites[from], world.sites[to]]
    world.blocksUntil(() => world.job(payer).recovering !== null)
    if (world.job(paid).recovering === null) due(world, paid)
    const amount = 30_000_000n
    const before = world.held(paid)
    const shows = world.shows(payer, [owed(amount, accountOfJob(paid))])
    expect(world.block(...shows, world.close(paid, []))).toEqual([])
    expect([world.job(payer).epoch.number, world.job(paid).epoch.number]).toEqual([2, 2])
    expect(world.job(payer).paid).toBe(amount)
    expect(world.held(paid)).toBeGreaterThan(before - 12_000_000n)
  }
})

const anyStep = fc.record({
  type: fc.constantFrom('close', 'close', 'close', 'too much', 'recover', 'recover', 'show', 'gift', 'leave', 'wait'),
  site: fc.nat(1),
  /** Of what may be paid. */
  perMille: fc.constantFrom(0, 1, 300, 999, 1000),
  to: fc.constantFrom('payee', 'payee', 'site', 'itself', 'commons', 'member'),
})
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

describe('in any order of closings, recoveries, gifts and leaving peers', () => {
  test('no coin comes or goes, each payment is made once, and what scripts are told that they may pay is there', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 4, maxLength: 14 }), (steps) => {
        const world = new Sites()
        const seen = { payee: 0n, left: 0 }
        for (const step of steps) take(world, step, seen)
      }),
      { numRuns: 12, seed: 34 },
    )
  })
})

function take(world: Sites, { type, site, perMille, to }: Step, seen: { payee: bigint; left: number }): void {
  const job = world.sites[site] as JobId
  if (world.job(job)?.state !== 'running') return void world.block()
  const before = world.job(job)
  const free = before.epoch.mayPay > before.paid ? before.epoch.mayPay - before.paid : 0n
  const amount = type === 'too much' ? free + 1n : (free * BigInt(perMille)) / 1000n
  const account = {
    payee,
    ...{ site: accountOfJob(world.sites[1 - site] as JobId), itself: accountOfJob(job), commons: COMMONS },
    member: accountOfPeer(before.epoch.members[0] as PeerId),
  }[to]
  const payments = amount === 0n ? [] : [owed(amount, account)]
  let moved = 0n
  if (type === 'wait') world.block()
  else if (type === 'gift') {
    const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
    const order = signTransfer({ to: accountOfJob(job), amount: 50_000_000n, nonce }, uploader, world.genesis.network)
    expect(world.block(order)).toEqual([])
  } else if (type === 'leave') {
    const signer = signers[seen.left]
    if (signer === undefined || seen.left++ > 1) return
    expect(world.block(signRevocation(signer.publicKey, 0, signer, world.genesis.network))).toEqual([])
  } else if (type === 'close' || type === 'too much') {
    world.blocksUntil(() => isOther(world.job(job), before) || world.timeMs >= (world.job(job).next?.atMs ?? 0))
    if (isOther(world.job(job), before)) return
    const refused = world.block(world.close(job, payments)).map(({ code }) => code)
    expect(refused).toEqual(type === 'close' ? [] : ['PAID_TOO_MUCH'])
    if (type === 'close') moved = amount
  } else {
    world.blocksUntil(() => isOther(world.job(job), before) || world.job(job).recovering !== null)
    if (isOther(world.job(job), before)) return
    if ((world.job(job).recovering?.shows.length ?? 0) > 0) return void world.block() // it waits for its end
    const shows = type === 'recover' ? world.shows(job, payments) : world.shows(job, [owed(free + 1n)])
    expect(world.block(...shows)).toEqual([])
    if (type === 'recover') moved = amount
  }
  const { ledger } = world.state
  expect((world.job(job)?.paid ?? before.paid) - before.paid).toBe(moved)
  if (to === 'payee' && moved > 0n) seen.payee += amount - taxOf(amount, world.genesis.settings.transferTaxPerMille)
  expect(balanceOf(ledger, payee)).toBe(seen.payee)
  for (const one of world.sites) {
    const entry = world.job(one)
    if (entry?.state !== 'running') expect(escrowOf(ledger, accountOfJob(one))).toBeUndefined()
    else for (const epoch of [entry.epoch, entry.next]) expect(world.held(one) + entry.paid).toBeGreaterThanOrEqual(epoch?.mayPay ?? 0n)
  }
}
const isOther = (now: Job | undefined, before: Job): boolean => now?.state !== 'running' || now.epoch.number !== before.epoch.number
