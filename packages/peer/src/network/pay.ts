import {
  type AccountId,
  accountOfBytes,
  accountOfJob,
  accountOfPeer,
  bytesOfAccount,
  CryptoError,
  type PeerId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import {
  balanceOf,
  COMMONS,
  closeEscrow,
  escrowOf,
  type Ledger,
  LedgerError,
  mint,
  move,
  payFromEscrow,
  taxOf,
} from '@interpeer/intercoin-ledger'
import { type Earning, endJob, inOrder, type Job, priceOf, withJob } from '@interpeer/job-scheduler'
import type { Payment } from '@interpeer/peer-group'
import { standingFor } from '@interpeer/vote-chain'
import { judgedCasesOf } from './disputes.js'
import type { NetworkState } from './network-state.js'

/** What a job's seats cost until its next change: what must be in escrow for its next epoch to begin. */
export function epochPrice({ timetable }: Pick<Job, 'timetable'>, { settings }: Pick<NetworkState, 'settings'>): bigint {
  const { seats, tenureMs } = timetable
  return BigInt(seats) * priceOf(tenureMs / seats, settings.cycleMs, settings.seatPricePerCycle)
}

/** Where money for an account goes: that of a rotated key, to its heir's. */
export function payeeOf({ registry }: Pick<NetworkState, 'registry'>, account: AccountId): AccountId {
  const peer = peerOfAccount(account)
  const heir = peer === undefined ? undefined : standingFor(registry, peer)
  return heir === undefined ? account : accountOfPeer(heir.peer)
}
/** The peer whose key an account is; undefined: its bytes are no key, as a job's account are not but by chance. */
function peerOfAccount(account: AccountId): PeerId | undefined {
  try {
    return peerIdOfKey(bytesOfAccount(account))
  } catch (error) {
    if (error instanceof CryptoError) return undefined
    throw error
  }
}

/** Pays members from a job's escrow. Of a rotated key, its heir. What can't reach its payee, who is terminated or can hold no more, stays in the escrow. */
export function payMembers(state: NetworkState, { job }: Job, earnings: readonly Earning[]): Ledger {
  const escrow = accountOfJob(job)
  return earnings.reduce((ledger, { peer, amount }) => {
    const payee = standingFor(state.registry, peer)
    const isPaid = payee !== undefined && payee.standing !== 'terminated'
    return isPaid ? whereItFits(ledger, () => payFromEscrow(ledger, escrow, accountOfPeer(payee.peer), amount)) : ledger
  }, state.ledger)
}

/**
 * Carries out what a job's scripts paid. The tax that a transfer pays is taken out of each (§6.7.1), so that nobody pays through a job to pay none; a rotated key's coins go to its heir.
 * What could not reach anybody stays in the escrow: its payee is terminated, or can hold no more. It counts as paid all the same.
 */
export function payOut(state: NetworkState, { job }: Job, payments: readonly Payment[]): Ledger {
  const escrow = accountOfJob(job)
  return payments.reduce((ledger, { account, amount }) => {
    const to = payeeOf(state, accountOfBytes(account))
    if (isTerminated(state, to)) return ledger
    const tax = taxOf(amount, state.settings.transferTaxPerMille)
    return whereItFits(ledger, () => payFromEscrow(payFromEscrow(ledger, escrow, COMMONS, tax), escrow, to, amount - tax))
  }, state.ledger)
}
/** A payment of the chain's own; the same ledger where the payee can hold no more. */
function whereItFits(ledger: Ledger, pay: () => Ledger): Ledger {
  try {
    return pay()
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'LEDGER_OVERFLOW') return ledger
    throw error
  }
}
function isTerminated({ registry }: Pick<NetworkState, 'registry'>, account: AccountId): boolean {
  const peer = peerOfAccount(account)
  return peer !== undefined && registry.get(peer)?.standing === 'terminated'
}

/**
 * A job whose escrow does not reach for its next epoch ends: it keeps its last certified state in its entry, its group serves it no
 * more, its name is free, and what is left goes to the account in its manifest.
 */
export function endIfPoor(state: NetworkState, job: Job): NetworkState {
  const escrow = accountOfJob(job.job)
  const held = escrowOf(state.ledger, escrow) ?? 0n
  return held >= epochPrice(job, state) ? { ...state, jobs: withJob(state.jobs, job) } : ended(state, job)
}
function ended(state: NetworkState, job: Job): NetworkState {
  const { ledger: held } = state
  const account = payeeOf(state, job.manifest.account)
  // what that account can't hold stays where it is: the end of a job must not stop the chain
  const ledger = whereItFits(held, () => closeEscrow(held, accountOfJob(job.job), account))
  return { ...state, jobs: withJob(state.jobs, endJob(job)), ledger }
}

/** Jobs that found no group within an interval end, and their escrows go back: nobody's coins wait for peers that never come. */
export function endWaiting(state: NetworkState, timeMs: number): NetworkState {
  const { intervalCycles, cycleMs } = state.settings
  const late = [...state.jobs.values()].filter(
    (job) => job.state === 'waiting' && timeMs >= job.timetable.startMs + intervalCycles * cycleMs,
  )
  return inOrder(late).reduce(ended, state)
}

/**
 * Jobs whose recovery came to nothing end, an interval after the second deadline: those who hold their state are gone, and no seats, coins or name wait for ever. Counted in heights, so that a chain
 * that stood still takes nobody's time to show. What is being judged waits for the verdict, which has a deadline of its own, and so does a closing that is kept, unless a verdict opens the next epoch in its place.
 * @returns also the members that did not show
 */
export function endStuck(state: NetworkState): { readonly state: NetworkState; readonly away: readonly PeerId[] } {
  const { secondRecoveryCycles, intervalCycles } = state.settings
  const judged = new Set([...state.disputes.values()].flatMap(({ job, judgment }) => (judgment === null ? [job] : [])))
  const stuck = [...state.jobs.values()].filter(
    ({ job, epoch, recovering, closing }) =>
      recovering !== null &&
      (closing === null || judgedCasesOf(state.disputes, job, epoch.number).length > 0) &&
      !judged.has(job) &&
      state.height - recovering.sinceHeight >= secondRecoveryCycles + intervalCycles,
  )
  const away = stuck.flatMap(({ epoch, recovering }) =>
    epoch.members.filter((peer) => recovering?.shows.some(({ member }) => member === peer) === false),
  )
  return { state: inOrder(stuck).reduce(ended, state), away }
}

/** The block reward, in equal parts for those who certified the block before; what does not divide is not minted (§6.4.2.1). */
export function rewardCertifiers({ ledger, settings, registry }: NetworkState, certifiers: readonly PeerId[]): Ledger {
  if (certifiers.length === 0) return ledger
  const share = settings.blockReward / BigInt(certifiers.length)
  return certifiers.reduce((paid, peer) => {
    const payee = standingFor(registry, peer)
    if (payee?.standing === 'terminated') return paid
    try {
      return mint(paid, accountOfPeer(payee?.peer ?? peer), share)
    } catch (error) {
      if (error instanceof LedgerError) return paid // an account that can hold no more
      throw error
    }
  }, ledger)
}

/**
 * What the chain itself takes from one account for another, untaxed: as much as there is. The owner's nonce is not used up by it. It is no transaction that could be refused, so nothing moves
 * where the other account could not hold it: a block must not stop the chain.
 */
export function movedAtMost(ledger: Ledger, { from, to, most }: { from: AccountId; to: AccountId; most: bigint }): Ledger {
  const balance = balanceOf(ledger, from)
  const amount = most < balance ? most : balance
  if (amount === 0n) return ledger
  try {
    return move(ledger, { from, to, amount })
  } catch (error) {
    if (error instanceof LedgerError) return ledger
    throw error
  }
}
