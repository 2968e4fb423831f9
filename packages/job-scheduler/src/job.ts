import { bytesOfContentId, type ContentId, type JobId, type PeerId } from '@interpeer/crypto-ids'
import { compareBytes } from '@interpeer/wire-codec'
import type { Manifest } from './manifest.js'
import type { Timetable } from './timetable.js'

/** Who runs a job, from what state: the chain's decision, not the group's (design §6). */
export interface Epoch {
  /** From 1 on. */
  readonly number: number
  /** In the order of the seats. */
  readonly members: readonly PeerId[]
  /** Since when each member has its seat. */
  readonly sinceMs: readonly number[]
  /** 32 bytes: decides who collates which step. */
  readonly seed: Uint8Array
  /** The group state block to begin from. */
  readonly start: ContentId
  /** The time of the last batch before; 0 in the first epoch. Times of batches only grow. */
  readonly startTimeMs: number
  readonly openedMs: number
  /** The height of the block that recorded it. */
  readonly openedHeight: number
  /** The hash of the closing certificate that opened it; null in the first epoch and after a recovery. */
  readonly certificate: Uint8Array | null
  /** Batches that a recovery binds, to be run again unchanged before anything else. */
  readonly rerun: readonly Uint8Array[]
  /** It was opened on fewer shows than a quorum. */
  readonly writesMayBeLost: boolean
  /** How many jurors could be drawn when it was named, at most 2N + 1. With fewer than N, no jury judges what is said against its steps. */
  readonly jurors: number
  /** What the job's scripts may have paid by its end, in units, of all that they ever paid (ADR 0034): known when it was named, so that all its members count alike. */
  readonly mayPay: bigint
}
/** The change that comes next: one seat. Its epoch opens with the closing certificate of this one. */
export interface NextEpoch {
  readonly members: readonly PeerId[]
  readonly seed: Uint8Array
  readonly seat: number
  readonly leaver: PeerId
  /** The leaver itself where nobody else could be drawn. */
  readonly joiner: PeerId
  readonly atMs: number
  /** As in the epoch that it becomes. */
  readonly jurors: number
  readonly mayPay: bigint
}
export interface Recovering {
  readonly sinceHeight: number
  readonly sinceMs: number
  /** Who is to lose its seat by it, though it shows: what a verdict on the epoch before said of it, where that epoch stayed closed. */
  readonly leave: readonly PeerId[]
  /** Since when it waits: since it began, or since the last show, or part of one, came. */
  readonly waitsSinceMs: number
  /** In the order in which blocks took them. */
  readonly shows: readonly { readonly member: PeerId; readonly show: Uint8Array }[]
  /** Shows that come in parts: the hash of each, and its bytes so far. */
  readonly parts: readonly { readonly member: PeerId; readonly show: Uint8Array; readonly bytes: Uint8Array }[]
}
/** A closing certificate that not all members revealed. It is carried out once whoever was kept out has had its time to object. */
export interface HeldClosing {
  readonly certificate: Uint8Array
  readonly batch: Uint8Array
  /** The block that recorded it. */
  readonly height: number
  /** Height and time of that block, or of the last one in which a jury let stand what was said against it. */
  readonly sinceHeight: number
  readonly sinceMs: number
}
export const recoveringSince = (height: number, timeMs: number, leave: readonly PeerId[] = []): Recovering => {
  return { sinceHeight: height, sinceMs: timeMs, leave, waitsSinceMs: timeMs, shows: [], parts: [] }
}
/** The last closing certificate that a block recorded. */
export interface LastClosing {
  readonly epoch: number
  readonly certificate: Uint8Array
  readonly state: ContentId
  readonly atMs: number
  readonly height: number
}
export interface Job {
  readonly job: JobId
  /** `waiting`: published, and its first group is drawn with the seed of the next block. */
  readonly state: 'waiting' | 'running' | 'ended'
  readonly manifest: Manifest
  /** Signed: what the JobId is the hash of. */
  readonly manifestEnvelope: Uint8Array
  readonly timetable: Timetable
  readonly epoch: Epoch
  readonly next: NextEpoch | null
  readonly recovering: Recovering | null
  readonly closing: HeldClosing | null
  readonly last: LastClosing | null
  /** What the chain has moved of its coins, in units, of all that its scripts ever paid. */
  readonly paid: bigint
}
/** The `jobs` data set. */
export type Jobs = ReadonlyMap<JobId, Job>

/** In the order of their ids, in which their seats are counted. */
export function sortedJobs(jobs: Jobs): readonly Job[] {
  const keyed = [...jobs.values()].map((job) => ({ job, key: bytesOfContentId(job.job) }))
  return keyed.sort((a, b) => compareBytes(a.key, b.key)).map(({ job }) => job)
}
/** By their ids: what moves coins goes by this, since a peer that started from a checkpoint has them in another order than one that saw them come. */
export const inOrder = (jobs: readonly Job[]): readonly Job[] => jobs.toSorted((a, b) => (a.job < b.job ? -1 : 1))
export const withJob = (jobs: Jobs, job: Job): Jobs => new Map(jobs).set(job.job, job)
/** The job with that name that runs, or is about to. */
export const jobNamed = (jobs: Jobs, name: string): Job | undefined =>
  [...jobs.values()].find(({ state, manifest }) => state !== 'ended' && manifest.name === name)

/** Seats that a job has in the draw: none once it ended. */
export const seatsOfJob = ({ state, timetable }: Pick<Job, 'state' | 'timetable'>): number => (state === 'ended' ? 0 : timetable.seats)
/** Who has a seat in a job, or is named for one: each once. Nobody in a job that ended. */
export function seatHoldersOf({ state, epoch, next }: Job): readonly PeerId[] {
  return state === 'ended' ? [] : [...new Set([...epoch.members, ...(next?.members ?? [])])]
}

const DAY_MS = 86_400_000
/** A manifest is published within a week of when it says that it was made, and not more than a day before: so an order to publish it can't be played again when its job is forgotten. */
export const PUBLISHED_WITHIN_MS = 7 * DAY_MS
export const PUBLISHED_AHEAD_MS = DAY_MS
/** An ended job's entry, with its last certified root, stays in the map for a week. */
const ENDED_KEPT_MS = 7 * DAY_MS
/** After this time an ended job's entry is forgotten: blocks until then prove it, and those after that it is gone. */
export const forgottenAfterMs = ({ last, timetable, manifest }: Pick<Job, 'last' | 'timetable' | 'manifest'>): number =>
  Math.max((last?.atMs ?? timetable.startMs) + ENDED_KEPT_MS, manifest.createdMs + PUBLISHED_WITHIN_MS)

/** Most batches that a recovery binds, and bytes of a show: a show carries certificates and commit sets of the open steps. */
export const RERUN_MAX = 64
export const SHOW_BYTES_MAX = 368_640
