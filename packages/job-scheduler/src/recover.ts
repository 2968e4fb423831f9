import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { SchedulerError } from './errors.js'
import { forgottenAfterMs, inOrder, type Job, type Jobs, type NextEpoch, RERUN_MAX, type Recovering, recoveringSince } from './job.js'
import { drawFirstGroup, drawSeats, epochSeed, jurorsFor, type Moment, planNext, recoveryDueMs } from './plan.js'

/** What the shows of an old group come to. */
export interface Recovery {
  readonly state: ContentId
  readonly timeMs: number
  /** Later batches that someone may be bound to: run again unchanged, in order. */
  readonly rerun: readonly Uint8Array[]
  /** The old group closed its epoch, though its certificate was not shown: the next one opens as that would have opened it. */
  readonly closes: boolean
  /** What its closing batch pays, in units; left out: nothing. Whoever has its certificate goes on from that. */
  readonly paid?: bigint
  /** Members that a verdict sends away: they lose their seats though they showed. */
  readonly leave?: readonly PeerId[]
  /** A jury can judge it, and some show a final step that another who showed has not seen. */
  readonly contested?: boolean
  /** By a verdict: a closing certificate that the chain then refuses may have opened the next number among members, and they must not sign in it twice. */
  readonly judged?: boolean
}
/** Verified shows to what they come to; undefined where they come to nothing. */
export type RecoverFrom = (entry: Job, shows: readonly Uint8Array[]) => Recovery | undefined

/** Members whose answers decide: floor(2N/3) + 1. */
export const groupQuorum = (seats: number): number => Math.floor((2 * seats) / 3) + 1
/** Cycles that a recovery waits after the last show once it has a quorum, so that who is merely slow keeps its seat. */
const GRACE_CYCLES = 2
/** The same if shows are contested, also with all of them: whoever has not seen what the others show fetches it, runs it, and brings its objection, in several parts where it is long. */
const CONTESTED_CYCLES = 4

/** Begins a recovery where no closing certificate came for R cycles after the time of a change. */
export function noClose(entry: Job, moment: Moment): Job {
  const { height, timeMs } = moment
  const { state, next, recovering, closing } = entry
  if (state !== 'running' || next === null || recovering !== null || closing !== null) return entry
  if (timeMs < recoveryDueMs(next, moment)) return entry
  return { ...entry, recovering: recoveringSince(height, timeMs) }
}

/**
 * Records what a member of the old group holds, in a block of time `atMs`. The caller has verified that it signed it, for this job and epoch.
 * @throws {SchedulerError} EPOCH_OTHER, SHOW_STRANGER, JOB_ENDED, SHOW_NOT_WANTED (it may be, later: a recovery may begin), SHOW_KNOWN
 */
export function addShow(entry: Job, { epoch, member, show, atMs }: { epoch: number; member: PeerId; show: Uint8Array; atMs: number }): Job {
  const recovering = wantsShow(entry, epoch, member)
  const parts = recovering.parts.filter((one) => one.member !== member)
  return { ...entry, recovering: { ...recovering, waitsSinceMs: atMs, shows: [...recovering.shows, { member, show }], parts } }
}
/** The recovery that a member's show is wanted for. @throws {SchedulerError} as `addShow` */
export function wantsShow(entry: Job, epoch: number, member: PeerId): Recovering {
  const { recovering } = entry
  if (epoch !== entry.epoch.number) throw new SchedulerError({ code: 'EPOCH_OTHER', current: entry.epoch.number, given: epoch })
  if (!entry.epoch.members.includes(member)) throw new SchedulerError({ code: 'SHOW_STRANGER' })
  if (entry.state === 'ended') throw new SchedulerError({ code: 'JOB_ENDED', job: entry.job })
  if (recovering === null) throw new SchedulerError({ code: 'SHOW_NOT_WANTED' })
  if (recovering.shows.some((one) => one.member === member)) throw showedAlready()
  return recovering
}
export const showedAlready = (): SchedulerError => new SchedulerError({ code: 'SHOW_KNOWN' })

/** Whether the shows so far may open the next epoch, and whether writes may be lost by that. */
export function isRecoverable(entry: Job, { timeMs, settings }: Moment): 'no' | 'yes' | 'writes-may-be-lost' {
  const { recovering, timetable } = entry
  if (recovering === null) return 'no'
  const [shown, seats] = [recovering.shows.length, timetable.seats]
  const quorum = groupQuorum(seats)
  const waitedMs = timeMs - recovering.waitsSinceMs
  if (shown === seats || (shown >= quorum && waitedMs >= GRACE_CYCLES * settings.cycleMs)) return 'yes'
  const late = waitedMs >= settings.secondRecoveryCycles * settings.cycleMs
  return late && shown >= seats - quorum + 1 ? 'writes-may-be-lost' : 'no'
}

/** What became of a recovery in a block. */
export interface Recovered {
  readonly job: Job
  /** Who did not show. */
  readonly away: readonly PeerId[]
  /** Whom it replaced: not drawn again in this block. Where the old group closed its epoch it replaced nobody, and who left by the timetable may be drawn like anyone. */
  readonly gone: readonly PeerId[]
}
/** Opens the next epoch from shows. Who showed keeps its seat; the others are replaced where somebody else can be drawn. */
export function recovered(entry: Job, recoverFrom: RecoverFrom, moment: Moment): Recovered {
  const ready = isRecoverable(entry, moment)
  const { recovering, epoch } = entry
  if (ready === 'no' || recovering === null) return { job: entry, away: [], gone: [] }
  const recovery = recoverFrom(
    entry,
    recovering.shows.map(({ show }) => show),
  )
  const isEarly = recovery?.contested === true && moment.timeMs - recovering.waitsSinceMs < CONTESTED_CYCLES * moment.settings.cycleMs
  if (recovery === undefined || isEarly || recovery.rerun.length > RERUN_MAX) return { job: entry, away: [], gone: [] }
  const { next } = entry
  // what fewer than a quorum shows must not open a number that a closing certificate in other hands may have opened
  const lost = ready === 'writes-may-be-lost'
  const number = epoch.number + (lost || recovery.judged === true ? 2 : 1)
  if (recovery.closes && next !== null) return { job: opened({ ...entry, next }, recovery, moment, { number, lost }), away: [], gone: [] }
  const shown = recovering.shows.map(({ member }) => member)
  const away = epoch.members.filter((peer) => !shown.includes(peer))
  const staying = shown.filter((peer) => recovery.leave?.includes(peer) !== true)
  const empty = epoch.members.flatMap((peer, seat) => (staying.includes(peer) ? [] : [seat]))
  const drawn = drawSeats(entry, empty, { staying: epoch.members }, moment)
  const members = epoch.members.map((peer, seat) => (staying.includes(peer) ? peer : (drawn[empty.indexOf(seat)] ?? peer)))
  const job: Job = {
    ...entry,
    epoch: {
      number,
      members,
      sinceMs: epoch.sinceMs.map((ms, seat) => (members[seat] === epoch.members[seat] ? ms : moment.timeMs)),
      seed: epochSeed(moment.seed, entry.job, number),
      start: recovery.state,
      startTimeMs: recovery.timeMs,
      openedMs: moment.timeMs,
      openedHeight: moment.height,
      certificate: null,
      rerun: recovery.rerun,
      writesMayBeLost: lost,
      jurors: jurorsFor(members, moment),
      mayPay: stillMayPay(entry, moment),
    },
    next: null,
    recovering: null,
    closing: null,
  }
  return { job, away, gone: epoch.members.filter((peer) => !members.includes(peer)) }
}

/** Nothing was settled, and batches that are run again were promised as much as their epoch might pay. */
function stillMayPay(entry: Job, moment: Moment): bigint {
  const now = moment.mayPay(entry)
  // biome-ignore lint/complexity/useMathMinMax: bigints
  return now > entry.epoch.mayPay ? now : entry.epoch.mayPay
}

/** The next epoch as its closing certificate opens it, wherever that is. */
function opened(
  entry: Job & { readonly next: NextEpoch },
  { state, timeMs, paid = 0n }: Recovery,
  moment: Moment,
  { number, lost }: { readonly number: number; readonly lost: boolean },
): Job {
  const { epoch, next } = entry
  const openedMs = Math.min(Math.max(timeMs, next.atMs), moment.timeMs)
  return {
    ...entry,
    epoch: {
      number,
      members: next.members,
      sinceMs: epoch.sinceMs.map((ms, seat) => (seat === next.seat && next.joiner !== next.leaver ? openedMs : ms)),
      seed: next.seed,
      start: state,
      startTimeMs: timeMs,
      openedMs,
      openedHeight: moment.height,
      certificate: null,
      rerun: [],
      writesMayBeLost: lost,
      jurors: next.jurors,
      mayPay: next.mayPay,
    },
    next: null,
    recovering: null,
    closing: null,
    paid: entry.paid + paid,
  }
}

/**
 * What the clock alone does to all jobs, at the end of each block: first groups are drawn, recoveries begin and end, next epochs are named, and jobs that ended long ago are forgotten.
 * Draws see tickets and seats of the block before, so the order of jobs is nothing to them. A recovery may pay, another site too: all recoveries end before any epoch is named, and in the order of
 * their jobs' ids, which is the same on a peer that did not see them come.
 */
export function advanceJobs(
  jobs: Jobs,
  recoverFrom: RecoverFrom,
  moment: Moment,
): { readonly jobs: Jobs; readonly away: readonly PeerId[] } {
  const changed: Job[] = []
  const away: PeerId[] = []
  const forgotten: Job[] = []
  const ends = new Map(recoveringIn(jobs).map((entry) => [entry.job, recovered(entry, recoverFrom, moment)]))
  for (const entry of jobs.values()) {
    if (entry.state === 'ended') {
      if (moment.timeMs > forgottenAfterMs(entry)) forgotten.push(entry)
      continue
    }
    const begun = noClose(drawFirstGroup(entry, moment), moment)
    const opened = ends.get(entry.job) ?? { job: begun, away: [], gone: [] }
    away.push(...opened.away)
    const planned = planNext(opened.job, moment, opened.gone)
    if (planned !== entry) changed.push(planned)
  }
  if (changed.length + forgotten.length === 0) return { jobs, away }
  const all = new Map(jobs)
  for (const { job } of forgotten) all.delete(job)
  for (const entry of changed) all.set(entry.job, entry)
  return { jobs: all, away }
}
/** In the order of their ids. */
const recoveringIn = (jobs: Jobs): readonly Job[] =>
  inOrder([...jobs.values()].filter(({ state, recovering }) => state !== 'ended' && recovering !== null))
