import { contentIdOf, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import {
  addShow,
  advanceJobs,
  blobsOfJobs,
  closeEpoch,
  endJob,
  type HeldClosing,
  holdClosing,
  isHeldLongEnough,
  type Job,
  type Jobs,
  jobFrom,
  jobsEntries,
  noClose,
  type Recovery,
  withJob,
} from '../src/index.js'
import { drawn, moment, network, peers } from './jobs.js'

const tickets = peers(7)
const root = contentIdOf(Uint8Array.of(0x81), 'dag-cbor')
const [certificate, batch] = [Uint8Array.of(1, 2), Uint8Array.of(3)]
const nothing = () => undefined

/** The next epoch is named for 14,000 ms; a recovery would be due at 17,000. */
function running(): { jobs: Jobs; job: Job } {
  const { jobs, job } = drawn(new Map(), tickets, 10)
  const named = advanceJobs(jobs, nothing, moment(tickets, 10, jobs)).jobs
  return { jobs: named, job: named.get(job.job) as Job }
}
const heldAt = (job: Job, height: number): Job => holdClosing(job, { certificate, batch }, moment(tickets, height))
const shown = (job: Job, members: readonly PeerId[]): Job =>
  members.reduce((all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(1), atMs: 17_000 }), job)

describe('a closing certificate that is kept', () => {
  test('stands in the job’s entry with its block’s height and time, and nothing else changes', () => {
    const { job } = running()
    const held = heldAt(job, 15)
    expect(held).toEqual({ ...job, closing: { certificate, batch, height: 15, sinceHeight: 15, sinceMs: 15_000 } })
  })
  test('may be carried out from the sixth cycle on, counted from when it last began to wait', () => {
    const closing = heldAt(running().job, 15).closing as HeldClosing
    const isDue = (sinceMs: number, height: number) => isHeldLongEnough({ ...closing, sinceMs }, moment(tickets, height))
    expect([15, 20, 21, 22].map((height) => isDue(15_000, height))).toEqual([false, false, true, true])
    expect([21, 25, 26].map((height) => isDue(20_000, height))).toEqual([false, false, true])
  })
  test('begins no recovery, however late it is; without it one begins', () => {
    const { job, jobs } = running()
    const held = heldAt(job, 15)
    for (const height of [17, 18, 600]) expect(noClose(held, moment(tickets, height))).toBe(held)
    expect(advanceJobs(withJob(jobs, held), nothing, moment(tickets, 600, jobs)).jobs.get(job.job)?.recovering).toBeNull()
    expect(noClose({ ...held, closing: null }, moment(tickets, 17)).recovering).toMatchObject({ sinceHeight: 17, sinceMs: 17_000 })
  })
  test('is gone when it is carried out, and when the job ends', () => {
    const held = heldAt(running().job, 15)
    const closing = { epoch: 1, certificate: sha256(certificate), state: root, timeMs: 14_000, outcomes: [], paid: 0n }
    expect(closeEpoch(held, closing, moment(tickets, 21)).job).toMatchObject({ epoch: { number: 2, start: root }, closing: null })
    expect(endJob(held)).toMatchObject({ state: 'ended', closing: null })
  })
  test.each([
    [true, 3], // it was judged: members may have gone on by the certificate
    [false, 2],
  ])('is gone when a recovery opens the next epoch (judged: %j, number %i), and waits where that comes to nothing', (judged, number) => {
    const { job, jobs } = running()
    const begun = noClose(job, moment(tickets, 17))
    const held = heldAt(shown(begun, job.epoch.members), 17)
    const after = (recovery: Recovery | undefined) =>
      advanceJobs(withJob(jobs, held), () => recovery, moment(tickets, 17, jobs)).jobs.get(job.job)
    expect(after(undefined)).toMatchObject({ epoch: { number: 1 }, closing: { certificate } })
    const recovery = { state: root, timeMs: 5, rerun: [], closes: false, judged }
    expect(after(recovery)).toMatchObject({ epoch: { number }, recovering: null, closing: null })
    expect(after({ ...recovery, closes: true })).toMatchObject({
      epoch: { number, members: job.next?.members },
      recovering: null,
      closing: null,
    })
  })
})

test('a job comes back with the closing that is kept, once both of its parts are at hand', () => {
  const { job, jobs } = running()
  const held = heldAt(job, 15)
  const all = withJob(jobs, held)
  const [entry] = jobsEntries(all) as [ReturnType<typeof jobsEntries>[number]]
  const blobs = new Map(blobsOfJobs(all).map((one) => [hexOf(sha256(one)), one]))
  expect([...blobs.values()]).toEqual([certificate, batch])
  const read = (...lacking: readonly (Uint8Array | undefined)[]) =>
    jobFrom(entry, network, (hash) => {
      const found = blobs.get(hexOf(hash))
      return lacking.includes(found) ? undefined : found
    })
  expect(read()).toEqual(held)
  expect([read(certificate), read(batch), read(certificate, batch)]).toEqual([undefined, undefined, undefined])
})
