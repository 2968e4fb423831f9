import { ContentStoreError, memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { createVerification, revealMessage } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { Trial } from '../src/node/accusation-trial.js'
import { type AccusationRun, findingOf } from '../src/node/judge-accusation.js'
import { KnownRequests } from '../src/node/known-requests.js'

const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const start = contentIdOf(Uint8Array.of(0x81), 'dag-cbor')
const [accuser, accused, juror] = [1, 2, 3].map((n) => createSigner(sha256(Uint8Array.of(63, n)))) as [Signer, Signer, Signer]
type Signer = ReturnType<typeof createSigner>
const none = new Uint8Array(32)
const answer = { root: bytesOfContentId(start), responses: none, effects: none, fuel: 0, final: 0, disputed: 0, own: none }
const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank: 0, batch: sha256(Uint8Array.of(7)), from: accused.publicKey }
const reveal = signMessage(revealMessage, { ...place, start: bytesOfContentId(start), salt: none, answer }, accused, network)

/** What a juror finds of an own part whose evidence it was given, and whose batch and state come to these failures until the time is over. */
async function foundAfter(batch: string, state: string) {
  const store = memoryStore().blocks
  await store.put([{ cid: contentIdOf(reveal, 'raw'), bytes: reveal }])
  let nowMs = 0
  const failing = (code: string) => {
    nowMs = 10
    return Promise.reject(new ContentStoreError({ code } as never))
  }
  const exchange = {
    fetchBlocks: ([cid]: readonly never[]) => (store.has(cid as never) ? Promise.resolve() : failing(batch)),
    fetchDag: () => failing(state),
  }
  const run = {
    ...{ exchange, store, self: juror.peerId, signer: juror, count: () => {}, now: () => nowMs, signal: new AbortController().signal },
    ...{ requests: new KnownRequests(network), verification: createVerification(network) },
  }
  const about = { job, epoch: 1, members: [accuser.peerId, accused.peerId], start, accuser: accuser.peerId, accused: accused.peerId }
  const times = { fetchUntilMs: 10, answerUntilMs: 1_000, deadlineMs: 2_000 }
  const one = { ...about, ...times, kind: 'own-part', evidence: sha256(reveal), jury: [juror.peerId] }
  return findingOf(one as never, 'any', run as unknown as AccusationRun, () => {})
}

test.each([
  ['not-fetched', 'FETCH_FAILED', 'FETCH_FAILED'],
  ['undecided', 'STORE_FULL', 'FETCH_FAILED'],
  ['undecided', 'FETCH_FAILED', 'FETCH_CROWDED'],
])(
  'it is %s where the batch ends in %s and the state in %s: what this host had no room for is nobody else’s fault',
  async (finding, batch, state) => {
    expect(await foundAfter(batch, state)).toBe(finding)
  },
)

test.each([
  ['not-ended', [[0]]], // from the beginning of the time to answer on
  ['not-ended', [[50]]],
  ['undecided', [[51]]], // this host had other things to do for more than half of it
  ['undecided', []],
  ['not-ended', [[0, 30], [80]]], // 30 and 20 ms
  ['undecided', [[0, 30], [81]]], // what its second run waited for is this host’s business
  [
    'undecided',
    [
      [0, 30],
      [60, 79],
    ],
  ],
  ['undecided', [[0, 49]]], // it waits for its second run still
] as const)(
  'it is %s where of 100 ms a run that does not end had the turns %j: who chose it answers for it only where it had its time',
  async (finding, turns) => {
    let nowMs = 0
    const run = { now: () => nowMs, signal: new AbortController().signal }
    const trial = new Trial({ fetchUntilMs: 0, answerUntilMs: 100 }, run, run.now)
    for (const [beganMs, endedMs] of turns) {
      nowMs = beganMs
      trial.onBegin()
      if (endedMs === undefined) continue
      nowMs = endedMs
      trial.onEnd()
    }
    nowMs = 100
    expect(await trial.inTime(new Promise(() => {}))).toBe(finding)
    expect(trial.run.signal.aborted).toBe(true)
  },
)

test('a run that does not end is stopped after half of the time to answer, so that others have some, whichever turn it is in', async () => {
  const clock = { now: () => performance.now(), signal: new AbortController().signal }
  // the end is far away: who waited for it would not come to the next line
  const answerUntilMs = performance.now() + 10_000_000
  const trial = new Trial({ fetchUntilMs: answerUntilMs - 100, answerUntilMs }, clock)
  const found = trial.inTime(new Promise(() => {}))
  trial.onBegin()
  trial.onEnd()
  trial.onBegin()
  expect(await found).toBe('not-ended')
})

test('a clock that is set forward while a run has its turn says nothing of the run', async () => {
  let nowMs = 0
  const run = { now: () => nowMs, signal: new AbortController().signal }
  const trial = new Trial({ fetchUntilMs: 0, answerUntilMs: 100_000_000 }, run)
  trial.onBegin()
  nowMs = 60_000_000
  expect(await trial.inTime(new Promise((resolve) => setImmediate(() => resolve('unfit'))))).toBe('unfit')
})

test('a run that ends in time says what it found, and one that this peer stops says nothing', async () => {
  const stop = new AbortController()
  const of = { now: () => 0, signal: stop.signal }
  expect(await new Trial({ fetchUntilMs: 0, answerUntilMs: 100_000 }, of).inTime(Promise.resolve('unfit'))).toBe('unfit')
  const stopped = new Trial({ fetchUntilMs: 0, answerUntilMs: 100_000 }, of)
  stopped.onBegin()
  const found = stopped.inTime(new Promise(() => {}))
  stop.abort()
  expect(await found).toBe('undecided')
})
