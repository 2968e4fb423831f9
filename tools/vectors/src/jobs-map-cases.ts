import { type EntryVector, entriesOfJobs, type JobFields, mapOf, provenIn, replaced, withValue } from './data-sets.js'
import { hexOfWords, linkTo, named } from './maker.js'

const peer = (n: number): string => named(`member ${n}`)
const jobId = (n: number): string => linkTo(`job ${n}`)
const times = <T>(count: number, make: (i: number) => T): readonly T[] => Array.from({ length: count }, (_, i) => make(i))

/** A job that runs in its first epoch, with so many seats. */
function jobOf(n: number, seats: number) {
  return {
    job: jobId(n),
    state: 'running',
    manifest: hexOfWords(`manifest ${n}`),
    startMs: 1_000_000,
    tenureMs: 80_000,
    epoch: {
      number: 1,
      members: times(seats, peer),
      sinceMs: times(seats, () => 1_000_000),
      seed: named(`seed of ${n}`),
      start: linkTo('the first state'),
      startTimeMs: 0,
      openedMs: 1_000_000,
      openedHeight: 12,
      certificate: null as string | null,
      rerun: [] as readonly string[],
      writesMayBeLost: false,
      jurors: 11,
      mayPay: '0',
    },
    next: null as object | null,
    recovering: null as JobFields['recovering'],
    closing: null as JobFields['closing'],
    last: null as object | null,
    paid: '0',
  }
}
/** A job of five seats in which every field that may be empty is not. */
function oneOfEverything() {
  const job = jobOf(2, 5)
  const certificate = named('a certificate')
  const joiner = peer(7)
  return {
    ...job,
    state: 'ended',
    epoch: {
      ...job.epoch,
      number: 70_000,
      startTimeMs: Number.MAX_SAFE_INTEGER,
      certificate,
      rerun: ['01'.repeat(40), ''],
      writesMayBeLost: true,
      jurors: 0,
      mayPay: '18446744073709551615',
    },
    next: {
      ...{
        members: job.epoch.members.with(2, joiner),
        seed: named('the next seed'),
        seat: 2,
        leaver: peer(2),
        joiner,
        atMs: 1_016_000,
        jurors: 4,
        mayPay: '7000000000',
      },
    },
    recovering: {
      sinceHeight: 30,
      sinceMs: 1_030_000,
      leave: [peer(5)],
      waitsSinceMs: 1_034_000,
      parts: [{ member: peer(4), show: named('a show'), bytes: 'd3'.repeat(400) }],
      shows: [
        { member: peer(3), show: 'd2'.repeat(300) },
        { member: peer(1), show: '00' },
      ],
    },
    closing: { certificate: 'c1'.repeat(300), batch: 'c2'.repeat(200), height: 31, sinceHeight: 33, sinceMs: 1_033_000 },
    last: { epoch: 69_999, certificate, state: linkTo('a last state'), atMs: 1_000_000, height: 12 },
    paid: '18446744073709551614',
  }
}
const LISTS = {
  'no job': [],
  'a job of one seat': [jobOf(1, 1)],
  'one of everything': [oneOfEverything()],
  'twelve jobs': [...times(11, (i) => jobOf(10 + i, i + 1)), oneOfEverything()],
}

/** The map of jobs, and proofs of it, by the CDDL and the rule of maps. */
export function jobsMapVectors() {
  const maps = Object.entries(LISTS).map(([name, jobs]) => ({ name, jobs, entries: entriesOfJobs(jobs) }))
  const map = (name: string): readonly EntryVector[] => maps.find((one) => one.name === name)?.entries ?? []
  const [all, one] = [map('twelve jobs'), map('one of everything')]
  const { job, epoch } = oneOfEverything()
  const proof = (name: string, expect: string, entries: readonly EntryVector[], of: string, more = {}) => ({
    name,
    expect,
    job: of,
    ...provenIn(entries, of),
    ...more,
  })
  return {
    lists: maps.map(({ name, jobs, entries }) => ({ name, jobs, ...mapOf(entries) })),
    jobs: [
      proof('a job', 'ok', all, job, { members: epoch.members }),
      proof('no such job', 'ok', all, jobId(3), { members: null }),
      { ...proof('another list’s root', 'MAP_PROOF_WRONG', all, job), root: mapOf(one).root },
      proof(
        'a record that ends early',
        'WIRE_MALFORMED',
        withValue(one, job, (value) => value.slice(0, -2)),
        job,
      ),
      proof(
        'a fourth state',
        'WIRE_SHAPE',
        withValue(one, job, (value) => replaced(value, '8a014a', '8a034a')),
        job,
      ),
    ],
  }
}
