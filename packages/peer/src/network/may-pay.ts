import { accountOfJob } from '@interpeer/crypto-ids'
import { AMOUNT_MAX, escrowOf } from '@interpeer/intercoin-ledger'
import { type Job, priceOf } from '@interpeer/job-scheduler'
import type { NetworkState } from './network-state.js'
import { epochPrice } from './pay.js'

/**
 * What a job's scripts may have paid by the end of an epoch that is named now, of all that they ever paid (ADR 0034): what it has in escrow beside what it needs to be run. Kept back are the seats of three
 * epochs (the one that runs, the one that is named, and one more, so that no payment ends the job at the next change), and of the first two as long as members are paid for a closing that is late.
 */
export function mayPayOf({ ledger, settings }: Pick<NetworkState, 'ledger' | 'settings'>, job: Job): bigint {
  const { seats } = job.timetable
  const late = BigInt(seats) * priceOf(settings.recoveryCycles * settings.cycleMs, settings.cycleMs, settings.seatPricePerCycle)
  const kept = 3n * epochPrice(job, { settings }) + 2n * late
  const held = escrowOf(ledger, accountOfJob(job.job)) ?? 0n
  const sum = job.paid + (held > kept ? held - kept : 0n)
  return sum < AMOUNT_MAX ? sum : AMOUNT_MAX
}
