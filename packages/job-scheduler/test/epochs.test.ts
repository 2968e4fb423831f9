import { contentIdOf, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import {
  addShow,
  advanceJobs,
  closeEpoch,
  earningsOf,
  earningsWithin,
  endJob,
  type Job,
  type Jobs,
  planNext,
  publishJob,
  seatsOf,
  signManifest,
  withJob,
} from '../src/index.js'
import { drawn, files, moment, network, peers, published, uploader } from './jobs.js'

const tickets = peers(7)
const root = contentIdOf(Uint8Array.of(0x81), 'dag-cbor')
const closing = (epoch: number, timeMs: number) => ({ epoch, certificate: new Uint8Array(32), state: root, timeMs, outcomes: [], paid: 0n })
const nothing = () => undefined

function running(): { jobs: Jobs; job: Job } {
  const { jobs, job } = drawn(new Map(), tickets, 10)
  const advanced = advanceJobs(jobs, nothing, moment(tickets, 10, jobs)).jobs
  return { jobs: advanced, job: advanced.get(job.job) as Job }
}

test('the next epoch is named at least a cycle ahead, and differs in one seat', () => {
  const { job } = running()
  expect(job.next).toMatchObject({ seat: 1, atMs: 11_000 + 3_000 })
  expect(job.next?.members.filter((peer, seat) => peer !== job.epoch.members[seat])).toEqual([job.next?.joiner])
})

test('a closing certificate opens it; late ones keep to the timetable', () => {
  const { job, jobs } = running()
  expect(() => closeEpoch(job, closing(1, 14_000), moment(tickets, 13))).toThrow(expect.objectContaining({ code: 'EPOCH_TOO_EARLY' }))
  expect(() => closeEpoch(job, closing(2, 14_000), moment(tickets, 14))).toThrow(expect.objectContaining({ code: 'EPOCH_OTHER' }))
  expect(() => closeEpoch(endJob(job), closing(1, 14_000), moment(tickets, 14))).toThrow(expect.objectContaining({ code: 'JOB_ENDED' }))
  const late = closeEpoch(job, closing(1, 17_500), moment(tickets, 18))
  expect(late.endedMs).toBe(17_500)
  expect(late.job.epoch).toMatchObject({ number: 2, members: job.next?.members, start: root, startTimeMs: 17_500 })
  const planned = planNext(late.job, moment(tickets, 18, jobs))
  expect(planned.next).toMatchObject({ seat: 3, atMs: 20_000 }) // seat 2's time, 17,000, has passed: it stays another tenure
  const lying = closeEpoch(job, closing(1, 99_000), moment(tickets, 18))
  expect(lying.endedMs).toBe(18_000)
})

test('a late closing is paid for, up to when a recovery was due; a standstill after that is not', () => {
  const { job } = running()
  const paid = (closedMs: number, height: number) => closeEpoch(job, closing(1, closedMs), moment(tickets, height)).paidMs
  expect(paid(14_000, 14)).toBe(3_000)
  expect(paid(16_500, 17)).toBe(5_500)
  expect(paid(17_000, 17)).toBe(6_000)
  expect(paid(600_000_000, 600_000)).toBe(6_000)
  // the next epoch begins when this one ended, so the standstill is in neither
  expect(closeEpoch(job, closing(1, 600_000_000), moment(tickets, 600_000)).job.epoch.openedMs).toBe(600_000_000)
  expect(closeEpoch({ ...job, epoch: { ...job.epoch, openedMs: 99_000 } }, closing(1, 14_000), moment(tickets, 14)).paidMs).toBe(0)
})

test('a manifest is published within a week, and not a day before it was made', () => {
  const at = moment(tickets, 700_000) // 700,000,000 ms
  const made = (createdMs: number) => () => published(new Map(), at, { createdMs })
  const refusal = expect.objectContaining({ code: 'JOB_CREATED' })
  expect(made(95_199_999)).toThrow(refusal)
  expect(made(95_200_000)).not.toThrow()
  expect(made(786_400_000)).not.toThrow()
  expect(made(786_400_001)).toThrow(refusal)
})

test('a show that can never count is told from one that is early', () => {
  const { job } = running()
  const show = (epoch: number, member: PeerId, entry = job) => addShow(entry, { epoch, member, show: new Uint8Array(1), atMs: 17_000 })
  const outside = tickets.find((peer) => !job.epoch.members.includes(peer)) as PeerId
  const [member] = job.epoch.members as [PeerId]
  expect(() => show(2, member)).toThrow(expect.objectContaining({ code: 'EPOCH_OTHER' }))
  expect(() => show(1, outside)).toThrow(expect.objectContaining({ code: 'SHOW_STRANGER' }))
  expect(() => show(1, member, endJob(job))).toThrow(expect.objectContaining({ code: 'JOB_ENDED' }))
  expect(() => show(1, member)).toThrow(expect.objectContaining({ code: 'SHOW_NOT_WANTED' }))
})

test('a group of everybody hands over to itself', () => {
  const { jobs, job } = drawn(new Map(), tickets, 10, { seats: 7 })
  const planned = planNext(job, moment(tickets, 10, jobs))
  expect(planned.next?.joiner).toBe(planned.next?.leaver)
  expect(planned.next?.members).toEqual(job.epoch.members)
})

test('recovery: a closing batch that the shows bind opens the next epoch as its certificate would, with the members named for it', () => {
  const { jobs, job } = running()
  const closes = () => ({ state: root, timeMs: 12_345, rerun: [], closes: true, paid: 5n })
  const begun = advanceJobs(jobs, closes, moment(tickets, 17, jobs)).jobs.get(job.job) as Job
  const { next, epoch } = begun
  const showing = epoch.members.reduce((all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(1), atMs: 17_000 }), begun)
  const { jobs: after, away } = advanceJobs(withJob(jobs, showing), closes, moment(tickets, 17, jobs))
  const opened = after.get(job.job)?.epoch
  expect(after.get(job.job)?.paid).toBe(5n) // who has its certificate goes on from that
  expect(opened).toMatchObject({ number: 2, members: next?.members, seed: next?.seed, start: root, startTimeMs: 12_345, rerun: [] })
  expect([opened?.writesMayBeLost, away]).toEqual([false, []])
})

test('recovery: fewer shows than a quorum open the number after the next, which no hidden closing certificate can have opened', () => {
  const { jobs, job } = running()
  const nothing = () => ({ state: root, timeMs: 5, rerun: [], closes: false })
  const begun = advanceJobs(jobs, nothing, moment(tickets, 17, jobs)).jobs.get(job.job) as Job
  const two = begun.epoch.members
    .slice(0, 2)
    .reduce((all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(1), atMs: 17_000 }), begun)
  const later = advanceJobs(withJob(jobs, two), nothing, moment(tickets, 40, jobs)).jobs.get(job.job)
  expect(later?.epoch).toMatchObject({ number: 3, writesMayBeLost: true })
})

test('recovery: waits R cycles, then for shows; a quorum has two cycles of grace for the others', () => {
  const { jobs, job } = running()
  const at = (height: number, entry: Job) =>
    advanceJobs(withJob(jobs, entry), () => ({ state: root, timeMs: 5, rerun: [], closes: false }), moment(tickets, height, jobs))
  const of = (advanced: { jobs: Jobs }) => advanced.jobs.get(job.job) as Job
  expect(of(at(16, job)).recovering).toBeNull()
  const begun = of(at(17, job))
  expect(begun.recovering).toEqual({ sinceHeight: 17, sinceMs: 17_000, leave: [], waitsSinceMs: 17_000, shows: [], parts: [] })
  const [a, b, c, d, e] = job.epoch.members as [PeerId, PeerId, PeerId, PeerId, PeerId]
  const showing = (entry: Job, ...members: PeerId[]) =>
    members.reduce((all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(3), atMs: 17_000 }), entry)
  const four = showing(begun, a, b, c, d)
  expect(of(at(18, four)).epoch.number).toBe(1)
  const opened = at(19, four)
  expect(of(opened).epoch).toMatchObject({ number: 2, writesMayBeLost: false, start: root })
  expect(opened.away).toEqual([e])
  const all = showing(four, e)
  expect(of(at(18, all)).epoch).toMatchObject({ number: 2, members: job.epoch.members })
  expect(of(at(22, showing(begun, a, b))).epoch.number).toBe(1)
  expect(of(at(23, showing(begun, a, b))).epoch).toMatchObject({ number: 3, writesMayBeLost: true })
  expect(of(at(60, showing(begun, a))).epoch.number).toBe(1)
  // A closing certificate that comes after all ends it too.
  expect(closeEpoch(four, closing(1, 14_000), moment(tickets, 18)).job).toMatchObject({ recovering: null, epoch: { number: 2 } })
})

test('recovery: what one member shows as final and another did not know is not gone on from before that one can object', () => {
  const { jobs, job } = running()
  const shown = { state: root, timeMs: 5, rerun: [], closes: false, contested: true }
  const at = (height: number, entry: Job, contested: boolean) =>
    advanceJobs(withJob(jobs, entry), () => ({ ...shown, contested }), moment(tickets, height, jobs)).jobs.get(job.job) as Job
  const begun = at(17, job, true)
  const showing = (entry: Job, atMs: number, ...members: readonly PeerId[]) =>
    members.reduce((all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(3), atMs }), entry)
  const { members } = begun.epoch
  const all = showing(showing(begun, 17_000, ...members.slice(0, 4)), 18_000, ...members.slice(4))
  expect(at(18, all, false).epoch.number).toBe(2)
  expect(at(21, all, true).epoch.number).toBe(1) // four cycles since the last show
  expect(at(22, all, true).epoch).toMatchObject({ number: 2, members })
})

test('"Peers will join a peer-group … ahead of time": a job waits for the seed of the block after the one that published it', () => {
  const { jobs, job } = published(new Map(), moment(tickets, 10))
  expect([job.state, job.epoch.members]).toEqual(['waiting', []])
  // who makes block 10 knows its seed, and could choose what it publishes by it: block 10 does not draw
  expect(advanceJobs(jobs, nothing, moment(tickets, 10)).jobs.get(job.job)).toEqual(job)
  const begun = advanceJobs(jobs, nothing, moment(tickets, 11, jobs)).jobs.get(job.job) as Job
  expect(begun.state).toBe('running')
  expect(new Set(begun.epoch.members).size).toBe(5)
  expect(begun.epoch).toMatchObject({ openedMs: 12_000, openedHeight: 11 })
  // too few may be drawn: it waits on
  const few = moment(tickets, 11, jobs, { eligible: (peer) => tickets.indexOf(peer) < 4 })
  expect(advanceJobs(jobs, nothing, few).jobs.get(job.job)).toEqual(job)
})

test('who a recovery replaces is not named for the next epoch in the same block', () => {
  const { jobs, job } = running()
  const begun = advanceJobs(jobs, nothing, moment(tickets, 17, jobs)).jobs
  const shown = job.epoch.members.slice(0, 4)
  const entry = shown.reduce(
    (all, member) => addShow(all, { epoch: 1, member, show: new Uint8Array(1), atMs: 17_000 }),
    begun.get(job.job) as Job,
  )
  const from = () => ({ state: root, timeMs: 0, rerun: [], closes: false })
  for (let height = 19; height < 40; height++) {
    const { away, jobs: after } = advanceJobs(withJob(begun, entry), from, moment(tickets, height, jobs))
    expect(away).toEqual([job.epoch.members[4]])
    expect(after.get(job.job)?.epoch.members).not.toContain(away[0])
    expect(after.get(job.job)?.next?.joiner).not.toBe(away[0])
  }
})

test('pay: the seat’s price for its time, times the share of agreed steps; less where there is less', () => {
  const [a, b, c] = tickets as [PeerId, PeerId, PeerId]
  const outcomes = [
    { peer: a, agreed: 4, late: 0, absent: 0, contradicted: 0, unresolved: 0 },
    { peer: b, agreed: 1, late: 1, absent: 1, contradicted: 0, unresolved: 1 },
    { peer: c, agreed: 0, late: 0, absent: 0, contradicted: 4, unresolved: 0 },
  ]
  const earned = earningsOf(outcomes, 2_500, 1_000, 100n)
  expect(earned.map(({ amount }) => amount)).toEqual([250n, 62n, 0n])
  expect(earningsWithin(earned, 312n)).toEqual(earned)
  expect(earningsWithin(earned, 156n).map(({ amount }) => amount)).toEqual([125n, 31n, 0n])
})

test('names: taken while the job runs, free when it ended', () => {
  const { jobs, job } = running()
  expect(() => published(jobs, moment(tickets, 12), { createdMs: 1 })).toThrow(expect.objectContaining({ code: 'JOB_NAME_TAKEN' }))
  expect(published(withJob(jobs, endJob(job)), moment(tickets, 12), { createdMs: 1 }).jobs.size).toBe(2)
})

test.each([
  ['an upper-case name', { name: 'Wiki' }, 'name'],
  ['no seats', { seats: 0 }, 'seats'],
  ['32 seats', { seats: 32 }, 'seats'],
  ['an absolute entry', { entry: '/etc/passwd' }, 'entry'],
  ['an entry above', { entry: 'a/../../b' }, 'entry'],
])('%s is refused', (_, more, field) => {
  const given = { name: 'wiki', seats: 5, files, runtime: 'php', createdMs: 0, ...more }
  expect(() => signManifest(given, uploader, network)).toThrow(expect.objectContaining({ failure: expect.objectContaining({ field }) }))
})

test('a group larger than there are peers, or than the rules allow, is refused', () => {
  expect(() => published(new Map(), moment(peers(3), 10))).toThrow(expect.objectContaining({ code: 'JOB_GROUP_SIZE' }))
  expect(publishJob).toBeDefined()
})

test('pages get the times of seats', () => {
  const { job } = running()
  expect(seatsOf(job, 12_000).map(({ untilMs }) => untilMs)).toEqual([26_000, 14_000, 17_000, 20_000, 23_000])
})
