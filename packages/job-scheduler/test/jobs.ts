import { contentIdOf, createSigner, type JobId, networkIdOf, type PeerId, sha256 } from '@interpeer/crypto-ids'
import {
  drawFirstGroup,
  type Job,
  type Jobs,
  jobOfManifest,
  lotteryOf,
  type Moment,
  openPublish,
  publishJob,
  seatsOfJob,
  signManifest,
  signPublish,
  sortedJobs,
  withJob,
} from '../src/index.js'

export const network = networkIdOf(Uint8Array.of(1))
export const files = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
export const peers = (count: number): readonly PeerId[] =>
  Array.from({ length: count }, (_, i) => createSigner(sha256(Uint8Array.of(3, i))).peerId)
export const uploader = createSigner(sha256(Uint8Array.of(4)))

/** A block's moment in which each of `owners` has one ticket. `jobs` are those of the block before: without them no seat can be drawn. */
export function moment(owners: readonly PeerId[], height: number, jobs: Jobs = new Map(), more: Partial<Moment> = {}): Moment {
  const seed = sha256(Uint8Array.of(height & 0xff, height >> 8))
  const firsts = new Map<JobId, number>()
  let seats = 0
  for (const job of sortedJobs(jobs)) {
    firsts.set(job.job, seats)
    seats += seatsOfJob(job)
  }
  return {
    height,
    timeMs: height * 1_000,
    seed,
    settings: { cycleMs: 1_000, tenureMs: 15_000, groupSizeMax: 9, recoveryCycles: 3, secondRecoveryCycles: 6 },
    lottery: lotteryOf(seed, { tickets: owners.length, seats, ownerOf: (ticket) => owners[ticket] as PeerId }),
    firstSeatOf: (job) => firsts.get(job),
    eligible: () => true,
    formerOf: () => [],
    eligibleCount: () => owners.length,
    mayPay: () => 0n,
    judgesBeside: (members) => owners.filter((peer) => !members.includes(peer)).length,
    ...more,
  }
}
/** Published in one block, and its group drawn in the next, with the seed of that one. */
export function published(jobs: Jobs, at: Moment, { name = 'wiki', seats = 5, createdMs = 0 } = {}): { jobs: Jobs; job: Job } {
  const manifest = signManifest({ name, seats, files, runtime: 'php', createdMs }, uploader, network)
  const order = openPublish(signPublish(manifest, 1n, uploader, network), network)
  const listed = publishJob(jobs, { ...order, start: files }, at)
  return { jobs: listed, job: listed.get(jobOfManifest(manifest)) as Job }
}
/** The same, and its group is drawn in the same moment: as if the block before had had the job. */
export function drawn(jobs: Jobs, owners: readonly PeerId[], height: number, options?: Parameters<typeof published>[2]) {
  const { jobs: listed, job } = published(jobs, moment(owners, height, jobs), options)
  const entry = drawFirstGroup(job, moment(owners, height, listed))
  return { jobs: withJob(listed, entry), job: entry }
}
