import { editHeldMap, emptyHeldMap, type HeldMap, proveEntry, readAt, readHeldMap, readTotal } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, keyOfPeerId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addShow,
  advanceJobs,
  checkJob,
  closeEpoch,
  endJob,
  holdClosing,
  type Job,
  type Jobs,
  jobsEdits,
  jobsEntries,
  type Moment,
  type Recovery,
  seatsOfJob,
  sortedJobs,
  withJob,
} from '../src/index.js'
import { drawn, moment, peers, published } from './jobs.js'

const tickets = peers(7)
const root = contentIdOf(Uint8Array.of(0x81), 'dag-cbor')
const mapOf = (jobs: Jobs): HeldMap => editHeldMap(emptyHeldMap(), jobsEntries(jobs))
const proofIn = (map: HeldMap, key: Uint8Array): Uint8Array => readHeldMap(map, (get, at) => proveEntry(get, at, key)).proof
const recoverFrom = (): Recovery => ({
  state: root,
  timeMs: 1,
  rerun: [new Uint8Array(2_000).fill(1), new Uint8Array(3).fill(2)],
  closes: false,
})

type Change = (jobs: Jobs, at: Moment) => Jobs
const onJob =
  (which: number, change: (job: Job, at: Moment) => Job): Change =>
  (jobs, at) => {
    const job = [...jobs.values()][which]
    return job === undefined ? jobs : withJob(jobs, change(job, at))
  }
/** Publishes, closes, keeps closings, shows, ends, and lets time pass, so that recoveries begin and end; often it is refused. */
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.nat(3).map(
      (i): Change =>
        (jobs, at) =>
          published(jobs, at, { name: `site${i}`, createdMs: i }).jobs,
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(3).map((which) =>
      onJob(which, (job, at) => {
        const said = { epoch: job.epoch.number, certificate: new Uint8Array(32), state: root, timeMs: at.timeMs, outcomes: [], paid: 0n }
        return closeEpoch(job, said, at).job
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(3), fc.nat(4), fc.nat(300)).map(([which, seat, length]) =>
      onJob(which, (job) => {
        const [member, show] = [job.epoch.members[seat] as PeerId, new Uint8Array(length)]
        return addShow(job, { epoch: job.epoch.number, member, show, atMs: 1 })
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(3), fc.nat(9))
      .map(([which, byte]) =>
        onJob(which, (job, at) => holdClosing(job, { certificate: Uint8Array.of(byte), batch: Uint8Array.of(byte, byte) }, at)),
      ),
  },
  { weight: 1, arbitrary: fc.nat(3).map((which) => onJob(which, endJob)) },
  { weight: 4, arbitrary: fc.constant<Change>((jobs, at) => advanceJobs(jobs, recoverFrom, at).jobs) },
)
const after = (jobs: Jobs, change: Change, at: Moment): Jobs => {
  try {
    return change(jobs, at)
  } catch {
    return jobs
  }
}

test('after every change the edits make the map that the jobs make, in whatever order they came', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyChange, fc.nat(9)), { minLength: 10, maxLength: 40 }), (changes) => {
      let [jobs, height]: [Jobs, number] = [new Map(), 10]
      let map = mapOf(jobs)
      for (const [change, passed] of changes) {
        height += passed
        const next = after(jobs, change, moment(tickets, height, jobs))
        ;[map, jobs] = [editHeldMap(map, jobsEdits(jobs, next)), next]
        expect(map).toEqual(mapOf(new Map([...jobs].reverse())))
      }
    }),
    { numRuns: 60 },
  )
})

test('a job is proven by its id: who runs it, until when, and from what state', () => {
  const { jobs, job } = drawn(new Map(), tickets, 10)
  const running = advanceJobs(jobs, recoverFrom, moment(tickets, 10, jobs)).jobs
  const more = published(running, moment(tickets, 10, jobs), { name: 'other', seats: 3 })
  const [before, map] = [mapOf(running), mapOf(more.jobs)]
  const key = bytesOfContentId(job.job)
  const record = checkJob(map.root.hash, job.job, proofIn(map, key))
  const entry = more.jobs.get(job.job) as Job
  expect(record).toMatchObject({ state: 'running', manifest: entry.manifestEnvelope, recovering: null, closing: null, last: null })
  expect(record?.epoch.members).toEqual(entry.epoch.members.map(keyOfPeerId))
  expect(record?.next).toMatchObject({ seat: entry.next?.seat, atMs: entry.next?.atMs })
  expect(checkJob(before.root.hash, more.job.job, proofIn(before, bytesOfContentId(more.job.job)))).toBeUndefined()
  expect(() => checkJob(before.root.hash, job.job, proofIn(map, key))).toThrow(expect.objectContaining({ code: 'MAP_PROOF_WRONG' }))
  expect(jobsEdits(running, more.jobs)).toHaveLength(1)
})

test('the sums say whose seat a number is: jobs that wait have seats, ended ones have none', () => {
  const first = drawn(new Map(), tickets, 10)
  const { jobs, job } = published(first.jobs, moment(tickets, 10, first.jobs), { name: 'other', seats: 3 })
  const inOrder = sortedJobs(jobs)
  const map = mapOf(jobs)
  const ownerOf = (unit: number) => readHeldMap(map, (get, at) => readAt(get, at, BigInt(unit))).entry
  const seats = inOrder.flatMap((one) => Array<Job>(seatsOfJob(one)).fill(one))
  expect(seats).toHaveLength(8)
  for (const [unit, one] of seats.entries()) expect(ownerOf(unit).key).toEqual(bytesOfContentId(one.job))
  expect(readHeldMap(mapOf(withJob(jobs, endJob(job))), readTotal).total).toBe(5n)
})

test('the largest entry there can be is small: shows and batches are named by their hashes', () => {
  const { jobs, job } = drawn(new Map(), tickets, 10)
  const members = Array.from({ length: 32 }, (_, i) => tickets[i % 7] as PeerId)
  const [show, batch] = [new Uint8Array(120_000), new Uint8Array(131_072)]
  const large: Job = {
    ...job,
    manifestEnvelope: new Uint8Array(2_176),
    epoch: { ...job.epoch, members, sinceMs: members.map(() => 2 ** 53 - 1), rerun: Array.from({ length: 64 }, () => batch) },
    recovering: {
      ...{ sinceHeight: 2 ** 53 - 1, sinceMs: 2 ** 53 - 1, waitsSinceMs: 2 ** 53 - 1, leave: members },
      shows: members.map((member) => ({ member, show })),
      parts: members.map((member) => ({ member, show: sha256(show), bytes: show })),
    },
    closing: { certificate: show, batch, height: 2 ** 53 - 1, sinceHeight: 2 ** 53 - 1, sinceMs: 2 ** 53 - 1 },
  }
  const map = mapOf(withJob(jobs, large))
  const proof = proofIn(map, bytesOfContentId(job.job))
  expect(proof.length).toBeLessThan(13_000)
  const record = checkJob(map.root.hash, job.job, proof)
  expect(record?.epoch.rerun[63]).toEqual(sha256(batch))
  expect(record?.recovering?.shows[31]).toEqual({ member: keyOfPeerId(members[31] as PeerId), show: sha256(show) })
  expect(record?.closing).toMatchObject({ certificate: sha256(show), batch: sha256(batch) })
})
