import { contentIdOf, createSigner, jobIdOf, networkIdOf, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { expect, test } from 'vitest'
import { loggedRun } from '../src/job-log/logged-run.js'
import { JobLogDesk } from '../src/node/job-log-desk.js'
import { readJobLogs } from '../src/node/read-job-logs.js'
import type { SiteView } from '../src/site-view.js'

const [first, second, gone, uploader] = [1, 2, 3, 4].map((seed) => createSigner(sha256(Uint8Array.of(seed)))) as [
  Signer,
  Signer,
  Signer,
  Signer,
]
const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const now = () => 1_000_000
const viewOf = (...members: readonly PeerId[]) =>
  ({ job, uploader: uploader.peerId, members, previousMembers: [], next: null }) as unknown as SiteView
const said = (n: number) =>
  loggedRun(
    { id: new Uint8Array(16), method: 'GET', target: `/${n}` },
    {
      type: 'answered',
      status: 200,
      headers: [],
      body: new Uint8Array(),
      changes: [],
      fuel: 0,
      transcript: new Uint8Array(),
      log: 'x'.repeat(4_000),
    },
    { ran: 'read', timeMs: n, step: 1 },
  )

function membersWith(counts: ReadonlyMap<Signer, number>) {
  const desks = new Map<PeerId, JobLogDesk>()
  for (const [{ peerId }, count] of counts) {
    const desk = new JobLogDesk({ network, self: peerId, now, readerOf: () => uploader.peerId, count: () => {} })
    for (let n = 1; n <= count; n++) desk.add(job, said(n), 0)
    desks.set(peerId, desk)
  }
  let asked = 0
  const request = async (to: PeerId, body: Uint8Array): Promise<Uint8Array> => {
    asked++
    const desk = desks.get(to)
    if (desk === undefined) throw Object.assign(new Error('no way'), { code: 'PEER_UNREACHABLE' })
    return desk.answer(body)
  }
  const own = (): Uint8Array => {
    throw Object.assign(new Error('not here'), { code: 'NOT_HERE' })
  }
  return { at: { signer: uploader, network, overlay: { request } as unknown as Overlay, own, now }, asked: () => asked }
}

test('each member is read to its end, page by page; who does not answer says why and is read on from where it was', async () => {
  const { at, asked } = membersWith(
    new Map([
      [first, 30],
      [second, 2],
    ]),
  )
  const cursor = { ring: new Uint8Array(8), after: 3 }
  const read = await readJobLogs(viewOf(first.peerId, second.peerId, gone.peerId), new Map([[gone.peerId, cursor]]), at)
  expect(read.map(({ peer, entries, failure }) => [peer, entries.length, failure])).toEqual([
    [first.peerId, 30, undefined],
    [second.peerId, 2, undefined],
    [gone.peerId, 0, 'PEER_UNREACHABLE'],
  ])
  expect(read[2]?.cursor).toEqual(cursor)
  expect(asked()).toBe(4) // the first one's came in two pages

  const since = new Map(read.flatMap(({ peer, cursor }) => (cursor === undefined ? [] : [[peer, cursor] as const])))
  const again = await readJobLogs(viewOf(second.peerId), since, at)
  expect(again.map(({ peer, isMember, entries }) => [peer, isMember, entries.length])).toEqual([
    [second.peerId, true, 0],
    [first.peerId, false, 0], // it left its seat, and is still read
    [gone.peerId, false, 0],
  ])
})

test('who did not publish the site asks nobody', async () => {
  const { at, asked } = membersWith(new Map([[first, 1]]))
  await expect(readJobLogs(viewOf(first.peerId), new Map(), { ...at, signer: second })).rejects.toMatchObject({ code: 'JOB_LOGS_REFUSED' })
  expect(asked()).toBe(0)
})
