import { accountOfJob, accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { closeEscrow, escrowOf, type Ledger, LedgerError, mint, payFromEscrow } from '@interpeer/intercoin-ledger'
import { type Earning, endJob, type Job, priceOf, withJob } from '@interpeer/job-scheduler'
import { standingFor } from '@interpeer/vote-chain'
import type { NetworkState } from './network-state.js'

/** What a job's seats cost until its next change: what must be in escrow for its next epoch to begin. */
export function epochPrice({ timetable }: Pick<Job, 'timetable'>, { settings }: Pick<NetworkState, 'settings'>): bigint {
  const { seats, tenureMs } = timetable
  return BigInt(seats) * priceOf(tenureMs / seats, settings.cycleMs, settings.seatPricePerCycle)
}

/** Pays members from a job's escrow. Of a rotated key, its heir. Who is terminated gets nothing: it stays in the escrow. */
export function payMembers(state: NetworkState, { job }: Job, earnings: readonly Earning[]): Ledger {
  const escrow = accountOfJob(job)
  return earnings.reduce((ledger, { peer, amount }) => {
    const payee = standingFor(state.registry, peer)
    const isPaid = payee !== undefined && payee.standing !== 'terminated'
    return isPaid ? payFromEscrow(ledger, escrow, accountOfPeer(payee.peer), amount) : ledger
  }, state.ledger)
}

/**
 * A job whose escrow does not reach for its next epoch ends: it keeps its last certified state in its entry, its group serves it no
 * more, its name is free, and what is left goes to the account in its manifest.
 */
export function endIfPoor(state: NetworkState, job: Job): NetworkState {
  const escrow = accountOfJob(job.job)
  const held = escrowOf(state.ledger, escrow) ?? 0n
  if (held >= epochPrice(job, state)) return { ...state, jobs: withJob(state.jobs, job) }
  return { ...state, jobs: withJob(state.jobs, endJob(job)), ledger: closeEscrow(state.ledger, escrow, job.manifest.account) }
}

/** The block reward, in equal parts for those who certified the block before; what does not divide is not minted (§6.4.2.1). */
export function rewardCertifiers({ ledger, settings }: NetworkState, certifiers: readonly PeerId[]): Ledger {
  if (certifiers.length === 0) return ledger
  const share = settings.blockReward / BigInt(certifiers.length)
  return certifiers.reduce((paid, peer) => {
    try {
      return mint(paid, accountOfPeer(peer), share)
    } catch (error) {
      if (error instanceof LedgerError) return paid // an account that can hold no more
      throw error
    }
  }, ledger)
}
