import { blockOf, memoryBlockStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOf,
  createSigner,
  networkIdOf,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { outboxReport, REQUEST_PART_BYTES, requestBlockOf, siteRequest, writeIdOf } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { KnownRequests } from '../src/node/known-requests.js'
import { checkWritesOf, isHeldWriteOf, isWriteOf } from '../src/node/site-writes.js'

const network = networkIdOf(Uint8Array.of(1))
const asker = createSigner(sha256(Uint8Array.of(2)))
const jobBytes = (n: number) => bytesOfContentId(contentIdOf(Uint8Array.of(0x80 + n), 'dag-cbor'))
const job = jobBytes(0)
const id = new Uint8Array(16).fill(3)

/** A signed request in a store, with these pieces of its body. */
async function held(pieces: readonly Uint8Array[], by: Signer = asker) {
  const store = memoryBlockStore()
  const blocks = pieces.map((bytes) => blockOf(bytes, 'raw'))
  const parts = blocks.map(({ cid }) => bytesOfContentId(cid))
  const asked = {
    from: by.publicKey,
    job,
    id,
    ms: 1_000,
    seenEpoch: 0,
    seenStep: 0,
    method: 'POST',
    target: '/',
    host: 'a',
    https: false,
  }
  const envelope = signMessage(siteRequest, { ...asked, headers: [], body: new Uint8Array(), parts }, by, network)
  const request = requestBlockOf(envelope, parts)
  await store.put([...blocks, request])
  const counted: string[] = []
  const around = { store, requests: new KnownRequests(network), count: (code: string) => void counted.push(code) }
  return { around, counted, ref: { id: writeIdOf({ from: by.publicKey, id }), ms: 1_000, cid: request.cid } }
}

test('what a juror is to run is what the batch says of it: the id, time and job that its asker signed', async () => {
  const { around, counted, ref } = await held([])
  const of = { job, members: [] }
  expect(isHeldWriteOf(of, ref, around)).toBe(true)
  expect(isHeldWriteOf(of, { ...ref, cid: contentIdOf(Uint8Array.of(9), 'raw') }, around)).toBe(true) // not here: the run says so
  expect(counted).toEqual([])
  expect(isHeldWriteOf(of, { ...ref, id: new Uint8Array(16) }, around)).toBe(false)
  expect(isHeldWriteOf(of, { ...ref, ms: 1_001 }, around)).toBe(false)
  expect(isHeldWriteOf({ ...of, job: jobBytes(1) }, ref, around)).toBe(false)
  expect(counted).toEqual(['REQUEST_MISMATCH', 'REQUEST_MISMATCH', 'REQUEST_MISMATCH'])
})
test('and pieces that are no body', async () => {
  const whole = await held([new Uint8Array(REQUEST_PART_BYTES), Uint8Array.of(1)])
  expect(isHeldWriteOf({ job, members: [] }, whole.ref, whole.around)).toBe(true)
  const short = await held([Uint8Array.of(1), new Uint8Array(REQUEST_PART_BYTES)])
  expect(isHeldWriteOf({ job, members: [] }, short.ref, short.around)).toBe(false)
})

test("an id of one asker is no other one's, whoever signs it: else a collator could have the group answer it with something else for good", async () => {
  const thief = createSigner(sha256(Uint8Array.of(9)))
  const [mine, other] = [await held([]), await held([], thief)]
  const of = { job, members: [thief.peerId] }
  expect(mine.ref.id).not.toEqual(other.ref.id)
  expect(isHeldWriteOf(of, other.ref, other.around)).toBe(true)
  expect(isHeldWriteOf(of, { ...other.ref, id: mine.ref.id }, other.around)).toBe(false)
  expect(isHeldWriteOf(of, { ...other.ref, id }, other.around)).toBe(false)
  const said = { job, id, ms: 1_000, key: new Uint8Array(32), turn: 0, outcome: 'declined' as const, answer: null }
  const report = signMessage(outboxReport, { from: thief.publicKey, ...said }, thief, network)
  const ref = { ms: 1_000, cid: contentIdOf(report, 'raw') }
  const around = { requests: new KnownRequests(network), network }
  expect(isWriteOf(of, { ...ref, id: other.ref.id }, report, around)).toBe(true)
  expect(isWriteOf(of, { ...ref, id: mine.ref.id }, report, around)).toBe(false)
})
test('of an epoch’s writes its outbox hears the reports, if they are what is said of them, and nothing else', async () => {
  const { ref: asked, around: held1 } = await held([])
  const said = {
    job,
    id,
    ms: 1_000,
    key: new Uint8Array(32),
    turn: 0,
    outcome: 'sent' as const,
    answer: { status: 250, headers: [], body: new Uint8Array() },
  }
  const report = signMessage(outboxReport, { from: asker.publicKey, ...said }, asker, network)
  const ref = { id: writeIdOf({ from: asker.publicKey, id }), ms: 1_000, cid: contentIdOf(report, 'raw') }
  const heard: number[] = []
  const reading = { requests: new KnownRequests(network), network }
  const checkOf = (members: readonly PeerId[]) => checkWritesOf({ job, members }, reading, ({ turn }) => void heard.push(turn))
  expect(checkOf([asker.peerId])(asked, held1.store.get(asked.cid) as Uint8Array)).toBe(true)
  expect([checkOf([])(ref, report), checkOf([asker.peerId])({ ...ref, ms: 1_001 }, report), heard]).toEqual([false, false, []])
  expect([checkOf([asker.peerId])(ref, report), heard]).toEqual([true, [0]])
})
