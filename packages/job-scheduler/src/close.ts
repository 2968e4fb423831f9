import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { SchedulerError } from './errors.js'
import type { HeldClosing, Job } from './job.js'
import { type Moment, recoveryDueMs } from './plan.js'

/** How often one member did what in the epoch's steps. */
export interface SeatOutcome {
  readonly peer: PeerId
  readonly agreed: number
  /** It said itself that its run had not ended. */
  readonly late: number
  readonly absent: number
  /** Its answer was another. */
  readonly contradicted: number
  /** Its answer was another, and no jury could say which was right. */
  readonly unresolved: number
}
/** What a closing certificate says, once verified. */
export interface Closing {
  readonly epoch: number
  /** SHA-256 of the certificate. */
  readonly certificate: Uint8Array
  /** The group state that the next epoch begins from. */
  readonly state: ContentId
  /** The closing batch's time. */
  readonly timeMs: number
  readonly outcomes: readonly SeatOutcome[]
  /** What the job's scripts paid since the last closing, in units. */
  readonly paid: bigint
}
export interface Earning {
  readonly peer: PeerId
  readonly amount: bigint
}

/**
 * Ends an epoch by its closing certificate and opens the next, from the root it names. Also while a recovery waits for shows. Its members
 * are paid for `paidMs`: from its opening to its end, but no longer than until a recovery was due. What is later than that is a standstill,
 * of the group or of the chain, and nobody's work.
 * @throws {SchedulerError} JOB_ENDED, EPOCH_OTHER, EPOCH_TOO_EARLY, PAID_TOO_MUCH: more than its scripts might
 */
export function closeEpoch(
  entry: Job,
  closing: Closing,
  moment: Moment,
): { readonly job: Job; readonly endedMs: number; readonly paidMs: number } {
  const { job, state, epoch, next } = entry
  if (state === 'ended') throw new SchedulerError({ code: 'JOB_ENDED', job })
  if (closing.epoch !== epoch.number) throw new SchedulerError({ code: 'EPOCH_OTHER', current: epoch.number, given: closing.epoch })
  if (next === null || moment.timeMs < next.atMs) throw new SchedulerError({ code: 'EPOCH_TOO_EARLY', atMs: next?.atMs ?? 0 })
  const paid = entry.paid + closing.paid
  if (closing.paid > 0n && paid > epoch.mayPay)
    throw new SchedulerError({ code: 'PAID_TOO_MUCH', paid: String(paid), most: String(epoch.mayPay) })
  const endedMs = Math.min(Math.max(closing.timeMs, next.atMs), moment.timeMs)
  const paidUntilMs = Math.min(endedMs, recoveryDueMs(next, moment))
  const opened: Job = {
    ...entry,
    epoch: {
      number: epoch.number + 1,
      members: next.members,
      sinceMs: epoch.sinceMs.map((ms, i) => (i === next.seat && next.joiner !== next.leaver ? endedMs : ms)),
      seed: next.seed,
      start: closing.state,
      startTimeMs: closing.timeMs,
      openedMs: endedMs,
      openedHeight: moment.height,
      certificate: closing.certificate,
      rerun: [],
      writesMayBeLost: false,
      jurors: next.jurors,
      mayPay: next.mayPay,
    },
    next: null,
    recovering: null,
    closing: null,
    last: {
      epoch: epoch.number,
      certificate: closing.certificate,
      state: closing.state,
      atMs: endedMs,
      height: moment.height,
    },
    paid,
  }
  return { job: opened, endedMs, paidMs: Math.max(0, paidUntilMs - epoch.openedMs) }
}
/** The job is over: nobody is paid for it any more, and its name is free. */
export const endJob = (entry: Job): Job => ({ ...entry, state: 'ended', next: null, recovering: null, closing: null })

/**
 * Cycles that the chain keeps a closing certificate which not all members revealed. Longer than for contested shows: here no visitor waits, and who was kept out begins to look only when it learns of it.
 */
const HELD_CYCLES = 6

/** Keeps a closing certificate for a while: who did not reveal it may have been kept out of what it closes. The caller has checked that it could be carried out. */
export const holdClosing = (entry: Job, { certificate, batch }: Pick<HeldClosing, 'certificate' | 'batch'>, moment: Moment): Job => ({
  ...entry,
  closing: { certificate, batch, height: moment.height, sinceHeight: moment.height, sinceMs: moment.timeMs },
})

/** Whether a closing certificate that is kept may be carried out now, if no jury judges what was said against it: in blocks too, for a chain that stood still takes nobody's time. */
export const isHeldLongEnough = ({ sinceHeight, sinceMs }: HeldClosing, { height, timeMs, settings }: Moment): boolean =>
  height - sinceHeight >= HELD_CYCLES && timeMs - sinceMs >= HELD_CYCLES * settings.cycleMs

/** What one seat costs for a time, in units. */
export const priceOf = (durationMs: number, cycleMs: number, pricePerCycle: bigint): bigint =>
  (pricePerCycle * BigInt(Math.max(0, durationMs))) / BigInt(cycleMs)

/**
 * What an epoch's members have earned: the price of their seat for its time, times the share of steps in which they agreed. All
 * others earn nothing.
 */
export function earningsOf(
  outcomes: readonly SeatOutcome[],
  durationMs: number,
  cycleMs: number,
  pricePerCycle: bigint,
): readonly Earning[] {
  const price = priceOf(durationMs, cycleMs, pricePerCycle)
  return outcomes.map(({ peer, agreed, late, absent, contradicted, unresolved }) => {
    const steps = BigInt(agreed + late + absent + contradicted + unresolved)
    return { peer, amount: steps === 0n ? 0n : (price * BigInt(agreed)) / steps }
  })
}
/** The same, where less money is there than was earned: each gets its part of what is there. */
export function earningsWithin(earnings: readonly Earning[], held: bigint): readonly Earning[] {
  const total = earnings.reduce((sum, { amount }) => sum + amount, 0n)
  return total <= held ? earnings : earnings.map(({ peer, amount }) => ({ peer, amount: (amount * held) / total }))
}
