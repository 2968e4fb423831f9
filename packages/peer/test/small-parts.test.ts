import { memoryStore, wantBlocks } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type PeerId, signMessage } from '@interpeer/crypto-ids'
import { siteRequest } from '@interpeer/peer-group'
import { afterEach, expect, test, vi } from 'vitest'
import { addressExchange } from '../src/address-record.js'
import { numberOf } from '../src/message-number.js'
import { parseEndpoint } from '../src/node/endpoint.js'
import { ServedSite } from '../src/node/served-site.js'
import { Waker } from '../src/node/waker.js'
import { decodeServed, encodeServed, isLater, type ServedState } from '../src/served-state.js'
import { isStale } from '../src/site-view.js'

afterEach(() => void vi.useRealTimers())
const signer = createSigner(new Uint8Array(32).fill(1))
const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
const job = jobIdOf(cid)
const place = (epoch: number, step: number): ServedState => ({ epoch, step, state: cid, files: cid, certificate: null, timeMs: 5 })

test('the number of a message is read from an envelope, from a bare message, and from nothing else', () => {
  const request = {
    from: signer.publicKey,
    job: bytesOfContentId(cid),
    id: new Uint8Array(16),
    ms: 0,
    seenEpoch: 0,
    seenStep: 0,
    ...{ method: 'GET', target: '/', host: '', https: false, headers: [], body: new Uint8Array() },
  }
  expect(numberOf(signMessage(siteRequest, request, signer, networkIdOf(new Uint8Array())))).toBe(siteRequest.number)
  expect(numberOf(addressExchange.encode({ records: [] }))).toBe(addressExchange.number)
  expect(numberOf(wantBlocks.encode({ cids: [] } as never))).toBe(wantBlocks.number)
  for (const bytes of [[], [0x80], [0x61, 0x61], [0x81, 0x41, 0], [0x81, 0x18], [0xff, 1], [0x81, 0x20]]) {
    expect(numberOf(Uint8Array.from(bytes)), String(bytes)).toBeUndefined()
  }
})

test.each([
  [`${signer.peerId}@127.0.0.1:4000`, { peer: signer.peerId, host: '127.0.0.1', port: 4000 }],
  [`${signer.peerId}@[::1]:65535`, { peer: signer.peerId, host: '::1', port: 65_535 }],
  [`${signer.peerId}@127.0.0.1:0`, undefined],
  [`${signer.peerId}@127.0.0.1:65536`, undefined],
  [`${signer.peerId}@example.org:4000`, undefined],
  [`${signer.peerId}@1.2.3:4000`, undefined],
  [`${signer.peerId}@127.0.0.1`, undefined],
  ['z6Mk@127.0.0.1:4000', undefined],
  ['', undefined],
])('endpoint %s', (text, endpoint) => {
  expect(parseEndpoint(text)).toEqual(endpoint)
})

test('a served state is the same after it was stored', () => {
  const certified = { ...place(3, 4), certificate: { certificate: new Uint8Array(24 * 1024), batch: new Uint8Array(16 * 1024) } }
  expect(decodeServed(encodeServed(certified))).toEqual(certified)
  expect(decodeServed(encodeServed(place(0, 0)))).toEqual(place(0, 0))
})

test('later is by epoch, then by step; stale is older than two cycles and a moment', () => {
  expect([isLater(place(1, 0), place(0, 9)), isLater(place(1, 1), place(1, 1)), isLater(place(0, 9), place(1, 0))]).toEqual([
    true,
    false,
    false,
  ])
  expect([isStale(0, { cycleMs: 1_000 }, 3_000), isStale(0, { cycleMs: 1_000 }, 3_001)]).toEqual([false, true])
})

function site(records = memoryStore().records('sites')) {
  const counted: string[] = []
  return {
    counted,
    records,
    served: new ServedSite(
      job,
      records,
      () => Date.now(),
      (code) => counted.push(code),
    ),
  }
}

test('a site serves its last state again after a restart, and never goes back', async () => {
  const { served, records } = site()
  await served.serve(place(1, 2))
  await served.serve(place(1, 1))
  expect(served.state).toEqual(place(1, 2))
  expect(site(records).served.state).toEqual(place(1, 2))
})

test('a stored state that is spoiled is forgotten, and the site goes on', async () => {
  const records = memoryStore().records('sites')
  await records.put([[job, new Uint8Array([1, 2, 3])]])
  const { served, counted } = site(records)
  expect(served.state).toBeUndefined()
  expect(counted).toEqual(['SERVED_UNREADABLE'])
  await served.serve(place(1, 2))
  expect(served.state?.step).toBe(2)
})

test('who saw a later state waits for it, for so long, and not after the site has closed', async () => {
  vi.useFakeTimers()
  const { served } = site()
  const caught = served.catchUp({ epoch: 0, step: 2 }, 3_000)
  await served.serve(place(0, 1))
  await served.serve(place(0, 2))
  expect(await caught).toBe(true)
  expect(await served.catchUp({ epoch: 0, step: 1 }, 0)).toBe(true)
  const never = served.catchUp({ epoch: 0, step: 3 }, 3_000)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(await never).toBe(false)
  const closed = served.catchUp({ epoch: 0, step: 3 }, 3_000)
  served.close()
  expect(await closed).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})

test('a machine is not woken before its time, though the clock is set back or the time is far away', async () => {
  vi.useFakeTimers({ now: 0 })
  let woken = 0
  const waker = new Waker(
    () => Date.now(),
    () => woken++,
  )
  waker.at(1_000)
  await vi.advanceTimersByTimeAsync(500)
  vi.setSystemTime(0)
  await vi.advanceTimersByTimeAsync(999)
  expect(woken).toBe(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(woken).toBe(1)
  waker.at(Date.now() + 2 ** 31 + 5)
  await vi.advanceTimersByTimeAsync(2 ** 31 + 4)
  expect(woken).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(woken).toBe(2)
  waker.at(Date.now() + 10)
  waker.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('the members of the epoch before are remembered for as long as an epoch lasts', async () => {
  const { siteViews } = await import('../src/site-views.js')
  const jobs = (number: number, members: string[]) =>
    new Map([
      [
        job,
        {
          job,
          manifest: { name: 'wiki', uploader: 'u', runtime: 'r' },
          epoch: { number, members: members as PeerId[], seed: new Uint8Array(32), start: cid, startTimeMs: 0, openedMs: 0, rerun: [] },
          next: null,
          recovering: null,
          state: number === 3 ? 'ended' : 'running',
        },
      ],
    ]) as never
  const first = siteViews(jobs(1, ['a', 'b']), 1_000, new Map())
  expect(first.get(job)).toMatchObject({ epoch: 1, previousMembers: [], cycleMs: 1_000, ended: false, recovering: false, next: null })
  const second = siteViews(jobs(2, ['b', 'c']), 1_000, first)
  expect(second.get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(2, ['b', 'c']), 1_000, second).get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(3, ['c', 'd']), 1_000, second).get(job)).toMatchObject({ previousMembers: ['b', 'c'], ended: true })
})
