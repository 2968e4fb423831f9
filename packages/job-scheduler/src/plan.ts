import { bytesOfContentId, type ContentId, type JobId, type PeerId, sealOf } from '@interpeer/crypto-ids'
import { drawPeer, type Lottery } from './draw.js'
import { SchedulerError } from './errors.js'
import { type Job, type Jobs, jobNamed, type NextEpoch, PUBLISHED_AHEAD_MS, PUBLISHED_WITHIN_MS, withJob } from './job.js'
import type { Manifest } from './manifest.js'
import { firstChangeFrom, tenureFor } from './timetable.js'

/** The block that a transition happens in, and the rules of its height. */
export interface Moment {
  readonly height: number
  readonly timeMs: number
  /** The block's seed. */
  readonly seed: Uint8Array
  readonly settings: {
    readonly cycleMs: number
    readonly tenureMs: number
    readonly groupSizeMax: number
    readonly recoveryCycles: number
    readonly secondRecoveryCycles: number
  }
  /** What draws seats: this block's seed over the tickets and seats of the block before. */
  readonly lottery: Lottery
  /** The place of a job's first seat among all seats in the block before; undefined: that block did not have the job. */
  readonly firstSeatOf: (job: JobId) => number | undefined
  /** Whether a peer may be drawn for one more seat, of that job, as of the block before. */
  readonly eligible: (peer: PeerId, job: { readonly job: JobId; readonly uploader: PeerId }) => boolean
  /** The keys that a peer had before, as of the block before: a seat of one of them is its own. */
  readonly formerOf: (peer: PeerId) => readonly PeerId[]
  /** How many peers may be drawn at all. */
  readonly eligibleCount: () => number
  /** How many peers may be jurors, none of these members among them, as of the block before. */
  readonly judgesBeside: (members: readonly PeerId[]) => number
  /** What a job's scripts may have paid by the end of an epoch that is named now, in units, of all that they ever paid: as of this block, its transactions included. */
  readonly mayPay: (job: Job) => bigint
}

/** The seed of one epoch, from the seed of the block that planned it: known to all before the epoch opens. */
export const epochSeed = (seed: Uint8Array, job: JobId, epoch: number): Uint8Array =>
  sealOf('epoch seed', [seed, bytesOfContentId(job), epoch])

/**
 * Draws peers for seats of one job, in order; each is passed over by the ones after it. Undefined where a seat stays empty: nobody may take
 * it, or the job was not there in the block before, whose seats are drawn.
 * @param staying members that keep their seats, and others that must not get one
 */
export function drawSeats(
  { job, manifest }: Pick<Job, 'job' | 'manifest'>,
  seatNumbers: readonly number[],
  { staying, leaver }: { readonly staying: readonly PeerId[]; readonly leaver?: PeerId },
  { lottery, firstSeatOf, eligible, formerOf }: Moment,
): (PeerId | undefined)[] {
  const first = firstSeatOf(job)
  const taken = [...staying]
  const rules = { leaver, formerOf, eligible: (peer: PeerId) => eligible(peer, { job, uploader: manifest.uploader }) }
  return seatNumbers.map((seat) => {
    const peer = first === undefined ? undefined : drawPeer(lottery, first + seat, { ...rules, staying: taken })
    if (peer !== undefined) taken.push(peer)
    return peer
  })
}

/** The jurors that a group of these members could have now: 2N + 1, or all there are. All its members must count alike, so the chain's entry says it. */
export const jurorsFor = (members: readonly PeerId[], { judgesBeside }: Moment): number =>
  Math.min(2 * members.length + 1, judgesBeside(members))

/**
 * A new job. It waits for its first group: who makes this block knows its seed, and could choose JobIds for it.
 * @throws {SchedulerError} JOB_EXISTS, JOB_CREATED: its manifest is too old, or of a time to come, JOB_NAME_TAKEN, JOB_GROUP_SIZE
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
  const [fromMs, untilMs] = [moment.timeMs - PUBLISHED_WITHIN_MS, moment.timeMs + PUBLISHED_AHEAD_MS]
  if (manifest.createdMs < fromMs || manifest.createdMs > untilMs) throw new SchedulerError({ code: 'JOB_CREATED', fromMs, untilMs })
  if (jobNamed(jobs, name) !== undefined) throw new SchedulerError({ code: 'JOB_NAME_TAKEN', name })
  const most = Math.min(groupSizeMax, moment.eligibleCount())
  if (seats > most) throw new SchedulerError({ code: 'JOB_GROUP_SIZE', wanted: seats, most })
  const startMs = moment.timeMs + cycleMs
  const timetable = { startMs, seats, tenureMs: tenureFor(seats, manifest.tenureMs || tenureMs, cycleMs) }
  const entry: Job = {
    job,
    state: 'waiting',
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
      jurors: 0,
      mayPay: 0n,
    },
    next: null,
    recovering: null,
    closing: null,
    last: null,
    paid: 0n,
  }
  return withJob(jobs, entry)
}

/** Draws a waiting job's first group, in the first block with enough peers for it; it begins one cycle later. */
export function drawFirstGroup(entry: Job, moment: Moment): Job {
  if (entry.state !== 'waiting') return entry
  const { timetable, epoch, job } = entry
  // a job that waits for long must cost a block next to nothing: no draw that must come to nothing, and no seat after an empty one
  if (moment.eligibleCount() < timetable.seats) return entry
  const members: PeerId[] = []
  for (let seat = 0; seat < timetable.seats; seat++) {
    const [peer] = drawSeats(entry, [seat], { staying: members }, moment)
    if (peer === undefined) return entry
    members.push(peer)
  }
  const startMs = moment.timeMs + moment.settings.cycleMs
  return {
    ...entry,
    state: 'running',
    timetable: { ...timetable, startMs },
    epoch: {
      ...epoch,
      members,
      sinceMs: members.map(() => startMs),
      seed: epochSeed(moment.seed, job, 1),
      openedMs: startMs,
      openedHeight: moment.height,
      jurors: jurorsFor(members, moment),
      mayPay: moment.mayPay(entry),
    },
  }
}

/** When a recovery is due: R cycles after the time of a change for which no closing certificate came. */
export const recoveryDueMs = ({ atMs }: Pick<NextEpoch, 'atMs'>, { settings }: Pick<Moment, 'settings'>): number =>
  atMs + settings.recoveryCycles * settings.cycleMs

/**
 * Names the next epoch where none is named yet: at the first change at least one cycle ahead.
 * @param gone members that a recovery in this block replaced
 */
export function planNext(entry: Job, moment: Moment, gone: readonly PeerId[] = []): Job {
  const { job, state, epoch, timetable, next, recovering } = entry
  if (state !== 'running' || next !== null || recovering !== null) return entry
  const { seat, atMs } = firstChangeFrom(timetable, Math.max(moment.timeMs + moment.settings.cycleMs, epoch.openedMs + 1))
  const leaver = epoch.members[seat] as PeerId
  const staying = epoch.members.filter((peer) => peer !== leaver)
  const joiner = drawSeats(entry, [seat], { staying: [...staying, ...gone.filter((peer) => peer !== leaver)], leaver }, moment)[0] ?? leaver
  const members = epoch.members.map((peer, i) => (i === seat ? joiner : peer))
  const seed = epochSeed(moment.seed, job, epoch.number + 1)
  return { ...entry, next: { members, seed, seat, leaver, joiner, atMs, jurors: jurorsFor(members, moment), mayPay: moment.mayPay(entry) } }
}
