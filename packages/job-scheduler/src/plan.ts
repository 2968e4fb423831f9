import { bytesOfContentId, type ContentId, type JobId, type PeerId, sealOf } from '@interpeer/crypto-ids'
import { drawPeer } from './draw.js'
import { SchedulerError } from './errors.js'
import { type Job, type Jobs, jobNamed, type NextEpoch, sortedJobs, withJob } from './job.js'
import type { Manifest } from './manifest.js'
import { firstChangeFrom, tenureFor } from './timetable.js'

/** The block that a transition happens in, and the rules of its height. */
export interface Moment {
  readonly height: number
  readonly timeMs: number
  /** The block's seed: what every draw in it uses. */
  readonly seed: Uint8Array
  readonly settings: {
    readonly cycleMs: number
    readonly tenureMs: number
    readonly groupSizeMax: number
    readonly recoveryCycles: number
    readonly secondRecoveryCycles: number
  }
  /** The owner of each ticket, in the order of their keys. */
  readonly tickets: readonly PeerId[]
  readonly eligible: (peer: PeerId) => boolean
}

/** The seed of one epoch, from the seed of the block that planned it: known to all before the epoch opens. */
export const epochSeed = (seed: Uint8Array, job: JobId, epoch: number): Uint8Array =>
  sealOf('epoch seed', [seed, bytesOfContentId(job), epoch])

/** The place of a job's first seat among all seats, and how many there are. Ended jobs have none. */
export function seatsBefore(jobs: Jobs, job: JobId): { readonly before: number; readonly seats: number } {
  let [before, seats, reached] = [0, 0, false]
  for (const one of sortedJobs(jobs)) {
    if (one.job === job) reached = true
    if (one.state === 'ended') continue
    if (!reached) before += one.timetable.seats
    seats += one.timetable.seats
  }
  return { before, seats }
}

/** Draws peers for seats of one job, in order; each is skipped by the ones after it. Undefined where a seat stays empty. */
export function drawSeats(
  jobs: Jobs,
  job: JobId,
  seatNumbers: readonly number[],
  staying: readonly PeerId[],
  moment: Moment,
): (PeerId | undefined)[] {
  const { before, seats } = seatsBefore(jobs, job)
  const taken = [...staying]
  return seatNumbers.map((seat) => {
    const draw = { seed: moment.seed, tickets: moment.tickets, seat: before + seat, seats }
    const peer = drawPeer(draw, { staying: taken, eligible: moment.eligible })
    if (peer !== undefined) taken.push(peer)
    return peer
  })
}

/**
 * A new job: its first group is drawn with the block's seed and begins one cycle later.
 * @throws {SchedulerError} JOB_EXISTS, JOB_NAME_TAKEN, JOB_GROUP_SIZE
 */
export function publishJob(
  jobs: Jobs,
  order: { readonly job: JobId; readonly manifest: Manifest; readonly envelope: Uint8Array; readonly start: ContentId },
  moment: Moment,
): Jobs {
  const { job, manifest, envelope, start } = order
  const { name, seats } = manifest
  const { cycleMs, tenureMs, groupSizeMax } = moment.settings
  if (jobs.has(job)) throw new SchedulerError({ code: 'JOB_EXISTS', job })
  if (jobNamed(jobs, name) !== undefined) throw new SchedulerError({ code: 'JOB_NAME_TAKEN', name })
  const most = Math.min(groupSizeMax, [...new Set(moment.tickets)].filter(moment.eligible).length)
  if (seats > most) throw new SchedulerError({ code: 'JOB_GROUP_SIZE', wanted: seats, most })
  const startMs = moment.timeMs + cycleMs
  const timetable = { startMs, seats, tenureMs: tenureFor(seats, manifest.tenureMs || tenureMs, cycleMs) }
  const entry: Job = {
    job,
    state: 'running',
    manifest,
    manifestEnvelope: envelope,
    timetable,
    epoch: {
      number: 1,
      members: [],
      sinceMs: Array.from({ length: seats }, () => startMs),
      seed: epochSeed(moment.seed, job, 1),
      start,
      startTimeMs: 0,
      openedMs: startMs,
      openedHeight: moment.height,
      certificate: null,
      rerun: [],
      writesMayBeLost: false,
    },
    next: null,
    recovering: null,
    last: null,
  }
  const listed = withJob(jobs, entry)
  const drawn = drawSeats(listed, job, [...Array(seats).keys()], [], moment)
  const members = drawn.filter((peer): peer is PeerId => peer !== undefined)
  return withJob(listed, { ...entry, epoch: { ...entry.epoch, members } })
}

/** When a recovery is due: R cycles after the time of a change for which no closing certificate came. */
export const recoveryDueMs = ({ atMs }: Pick<NextEpoch, 'atMs'>, { settings }: Pick<Moment, 'settings'>): number =>
  atMs + settings.recoveryCycles * settings.cycleMs

/** Names the next epoch where none is named yet: at the first change at least one cycle ahead. */
export function planNext(jobs: Jobs, entry: Job, moment: Moment): Job {
  const { job, state, epoch, timetable, next, recovering } = entry
  if (state === 'ended' || next !== null || recovering !== null) return entry
  const { seat, atMs } = firstChangeFrom(timetable, Math.max(moment.timeMs + moment.settings.cycleMs, epoch.openedMs + 1))
  const leaver = epoch.members[seat] as PeerId
  const staying = epoch.members.filter((peer) => peer !== leaver)
  const { before, seats } = seatsBefore(jobs, job)
  const draw = { seed: moment.seed, tickets: moment.tickets, seat: before + seat, seats }
  const joiner = drawPeer(draw, { staying, leaver, eligible: moment.eligible }) ?? leaver
  const members = epoch.members.map((peer, i) => (i === seat ? joiner : peer))
  return { ...entry, next: { members, seed: epochSeed(moment.seed, job, epoch.number + 1), seat, leaver, joiner, atMs } }
}
