import { memoryStore, type RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { signReadContradiction, siteReply, siteRequest } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { ReadEvidence } from '../src/node/read-evidence.js'

const network = networkIdOf(new Uint8Array([1]))
const jobs = [0x80, 0x81].map((byte) => jobIdOf(contentIdOf(new Uint8Array([byte]), 'dag-cbor'))) as [
  ReturnType<typeof jobIdOf>,
  ReturnType<typeof jobIdOf>,
]
const state = contentIdOf(new Uint8Array([0x82]), 'dag-cbor')
const [visitor, checker] = [1, 2].map((seed) => createSigner(new Uint8Array(32).fill(seed))) as [Signer, Signer]
const liars = Array.from({ length: 20 }, (_, i) => createSigner(new Uint8Array(32).fill(100 + i)))
const response = { status: 200, headers: [], body: new Uint8Array() }

/** Evidence against a liar, about its `nth` reply. */
function evidence(liar: Signer, nth: number, job = jobs[0]): Uint8Array {
  const asked = {
    from: visitor.publicKey,
    job: bytesOfContentId(job),
    id: new Uint8Array(16).fill(nth),
    ms: 1,
    seenEpoch: 0,
    seenStep: 0,
    parts: [],
  }
  const http = { method: 'GET', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }
  const request = signMessage(siteRequest, { ...asked, ...http }, visitor, network)
  const place = { from: liar.publicKey, job: bytesOfContentId(job), request: sha256(request), ran: 'read' as const, epoch: 0, step: 0 }
  const on = { state: bytesOfContentId(state), stale: false, certificate: null, named: null, proof: null }
  const reply = signMessage(siteReply, { ...place, ...on, ...response, status: 404 }, liar, network)
  return signReadContradiction({ request, reply, runtime: 'r', outcome: { ...response, writes: false } }, checker, network)
}
function desk(records: RecordStore = memoryStore().records('read-evidence')) {
  const counts: string[] = []
  const desk = new ReadEvidence(records, (code) => void counts.push(code))
  const keep = (liar: Signer, nth: number, atMs = 1_000, job = jobs[0]) =>
    desk.keep(evidence(liar, nth, job), { job, answerer: liar.peerId, atMs })
  return { desk, keep, counts, records }
}
const [liar] = liars as [Signer]

test('evidence, and the state that it is about, are kept over restarts', async () => {
  const { desk: first, keep, records } = desk()
  await keep(liar, 1)
  const told = [{ job: jobs[0], answerer: liar.peerId, accuser: checker.peerId, state, atMs: 1_000, evidence: evidence(liar, 1) }]
  expect(first.all).toEqual(told)
  const { desk: again } = desk(records)
  expect(again.all).toEqual(told)
  expect(again.roots).toEqual([state])
})

test('the same is kept once, of one member of one site two, of all thirty-two: the rest is counted', async () => {
  const { desk: at, keep, counts } = desk()
  await Promise.all([keep(liar, 1), keep(liar, 1, 2_000), keep(liar, 2), keep(liar, 3), keep(liar, 1, 1_000, jobs[1])])
  expect(at.all.map(({ job }) => job)).toEqual([jobs[0], jobs[0], jobs[1]])
  expect(counts.filter((code) => code === 'READ_EVIDENCE_DROPPED')).toHaveLength(1)
  for (const one of liars) for (const nth of [1, 2]) await keep(one, nth)
  expect(at.all).toHaveLength(32)
})

test('after thirty days it is forgotten, on the disk too', async () => {
  const { desk: at, keep, records } = desk()
  await keep(liar, 1, 0)
  await keep(liar, 2, 1)
  await at.tidy(30 * 24 * 3_600_000 + 1)
  expect(at.all.map(({ atMs }) => atMs)).toEqual([1])
  expect(desk(records).desk.all.map(({ atMs }) => atMs)).toEqual([1])
})

test('what could not be written is not told as kept, and may be kept later', async () => {
  const { records } = desk()
  let isFull = true
  const failing: RecordStore = { ...records, put: (entries) => (isFull ? Promise.reject(new Error('full')) : records.put(entries)) }
  const { desk: at, keep } = desk(failing)
  await expect(keep(liar, 1)).rejects.toThrow('full')
  expect(at.all).toEqual([])
  isFull = false
  await keep(liar, 1)
  expect(at.all).toHaveLength(1)
})

test('spoiled records are passed over', async () => {
  const { records, keep } = desk()
  await keep(liar, 1)
  await records.put([
    [`${jobs[0]}/1/${'0'.repeat(64)}`, new Uint8Array([1])],
    ['other', new Uint8Array()],
  ])
  expect(desk(records).desk.all).toHaveLength(1)
  const broken = {
    ...records,
    list: () => {
      throw new Error('spoiled')
    },
  }
  const { desk: at, counts } = desk(broken)
  expect([at.all, counts]).toEqual([[], ['READ_EVIDENCE_UNREADABLE']])
})
