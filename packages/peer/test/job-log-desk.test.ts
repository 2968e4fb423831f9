import { contentIdOf, createSigner, jobIdOf, networkIdOf, sha256 } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { loggedRun } from '../src/job-log/logged-run.js'
import { jobLogPage } from '../src/job-log/messages.js'
import { signLogRequest } from '../src/job-log/request.js'
import { JobLogDesk } from '../src/node/job-log-desk.js'

const [member, other, uploader, stranger] = [1, 2, 3, 4].map((seed) => createSigner(sha256(Uint8Array.of(seed))))
if (!member || !other || !uploader || !stranger) throw new Error('no keys')
const network = networkIdOf(Uint8Array.of(1))
const jobOf = (n: number) => jobIdOf(contentIdOf(Uint8Array.of(0x18, n), 'dag-cbor'))
const job = jobOf(100)
const NOW_MS = 1_000_000
const run = (target: string) =>
  loggedRun(
    { id: new Uint8Array(16), method: 'GET', target },
    { type: 'abstained', reason: 'GUARD_TIME' },
    { ran: 'read', timeMs: 1, step: 7 },
  )

function deskAt(nowMs = () => NOW_MS) {
  const counted: string[] = []
  const readerOf = (asked: string) => (asked === jobOf(200) ? undefined : uploader?.peerId)
  const desk = new JobLogDesk({ network, self: member?.peerId as never, now: nowMs, readerOf, count: (code) => counted.push(code) })
  return { desk, counted }
}
const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'ok'
  } catch (error) {
    return String((error as { code?: string }).code)
  }
}

test('the uploader reads on from where it was', () => {
  const { desk } = deskAt()
  const ask = (cursor?: { ring: Uint8Array; after: number }) =>
    jobLogPage.decode(desk.answer(signLogRequest({ job, to: member.peerId, cursor, nowMs: NOW_MS }, uploader, network)))
  expect(ask()).toMatchObject({ until: 0, entries: [] })
  desk.add(job, run('/a'), 4)
  const first = ask()
  expect(first.entries).toMatchObject([{ number: 1, epoch: 4, target: '/a', status: 0, said: 'GUARD_TIME' }])
  desk.add(job, run('/b'), 4)
  expect(ask({ ring: first.ring, after: first.until }).entries).toMatchObject([{ number: 2, target: '/b' }])
})

test.each([
  ['its uploader', 'ok', {}, uploader],
  ['a stranger', 'JOB_LOGS_REFUSED', {}, stranger],
  ['a member', 'JOB_LOGS_REFUSED', {}, member],
  ['the uploader, of another member', 'JOB_LOGS_REFUSED', { to: other.peerId }, uploader],
  ['the uploader a while ago', 'JOB_LOGS_REFUSED', { nowMs: NOW_MS - 60_001 }, uploader],
  ['the uploader in a while', 'JOB_LOGS_REFUSED', { nowMs: NOW_MS + 60_001 }, uploader],
  ['the uploader, of a job that is none', 'JOB_LOGS_REFUSED', { job: jobOf(200) }, uploader],
])('asked by %s: %s', (_, code, given, signer) => {
  const { desk } = deskAt()
  desk.add(job, run('/secret'), 0)
  const envelope = signLogRequest({ job, to: member.peerId, cursor: undefined, nowMs: NOW_MS, ...given }, signer, network)
  expect(codeOf(() => desk.answer(envelope))).toBe(code)
})

test('a forged or spoiled request is refused by its code', () => {
  const { desk } = deskAt()
  const envelope = signLogRequest({ job, to: member.peerId, cursor: undefined, nowMs: NOW_MS }, uploader, networkIdOf(Uint8Array.of(2)))
  expect(codeOf(() => desk.answer(envelope))).toBe('SIGNATURE_WRONG')
  expect(codeOf(() => desk.answer(new Uint8Array(9)))).toBe('ENVELOPE_MALFORMED')
})

test('who reads without end is told to wait', () => {
  let nowMs = NOW_MS
  const { desk, counted } = deskAt(() => nowMs)
  desk.add(job, run('/a'), 0)
  const ask = () => codeOf(() => desk.answer(signLogRequest({ job, to: member.peerId, cursor: undefined, nowMs }, uploader, network)))
  expect(Array.from({ length: 21 }, ask)).toEqual([...Array.from({ length: 20 }, () => 'ok'), 'JOB_LOGS_BUSY'])
  nowMs += 1_000
  expect(ask()).toBe('ok')
  expect(counted).toEqual(['JOB_LOGS_BUSY'])
})

test('of many sites, those that ran last are remembered', () => {
  const { desk } = deskAt()
  for (let n = 0; n <= 64; n++) desk.add(jobOf(n), run(`/${n}`), 0)
  const entriesOf = (n: number) =>
    jobLogPage.decode(
      desk.answer(signLogRequest({ job: jobOf(n), to: member.peerId, cursor: undefined, nowMs: NOW_MS }, uploader, network)),
    ).entries
  expect([entriesOf(0).length, entriesOf(1).length, entriesOf(64).length]).toEqual([0, 1, 1])
})
