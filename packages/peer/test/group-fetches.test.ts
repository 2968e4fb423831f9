import { type Block, blockOf, openBlockServer, openExchange } from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import {
  BODIES_STRAGGLER_MS,
  firstStateBlock,
  GROUP_DEFAULTS,
  type GroupSetup,
  REQUEST_PART_BYTES,
  requestBlockOf,
  siteRequest,
} from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { GroupFetches } from '../src/node/group-fetches.js'
import { replaceNodeTimers } from './node-timers.js'

const signers = Array.from({ length: 5 }, (_, i) => createSigner(new Uint8Array(32).fill(i + 1)))
const peers = signers.map(({ peerId }) => peerId)
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const network = networkIdOf(Uint8Array.of(1))
const [self, silent, ...honest] = peers as [PeerId, PeerId, ...PeerId[]]

/** Peers that answer at once, but one that never does, and a clock that the test moves. */
function fetching(blocks: readonly Block[], alsoAsk: readonly PeerId[] = []) {
  const alarms = new Set<{ readonly atMs: number; readonly act: () => void }>()
  let nowMs = 0
  const held = new Map<string, Uint8Array>()
  const server = openBlockServer({ get: (cid) => blocks.find((one) => one.cid === cid)?.bytes, now: () => nowMs })
  const asked: PeerId[] = []
  const read: string[] = []
  const exchange = openExchange({
    get: (cid) => {
      read.push(cid)
      return held.get(cid)
    },
    put: async (all) => {
      for (const { cid, bytes } of all) held.set(cid, bytes)
    },
    ask: (peer, request) => {
      asked.push(peer)
      return peer === silent ? new Promise(() => {}) : Promise.resolve(server.answer(self, request))
    },
    clock: {
      now: () => nowMs,
      after: (ms, act) => {
        const alarm = { atMs: nowMs + ms, act }
        alarms.add(alarm)
        return () => alarms.delete(alarm)
      },
    },
  })
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const passTo = async (ms: number): Promise<void> => {
    nowMs = ms
    for (const alarm of [...alarms]) {
      if (alarm.atMs > nowMs) continue
      alarms.delete(alarm)
      alarm.act()
    }
    for (let left = 10; left > 0; left--) await settled()
  }
  const given: number[] = []
  const setup = { job, network, members: peers }
  const around = { exchange, store: { get: (cid: string) => held.get(cid) }, self, count: () => {} }
  const fetches = new GroupFetches(setup as unknown as GroupSetup, around as never, {
    alsoAsk: () => alsoAsk,
    give: (event) => given.push(event.type === 'bodies' ? event.requests.length : -1),
    signal: new AbortController().signal,
  })
  return { fetches, given, asked, read, passTo }
}

test('one silent member does not keep bodies back for as long as would have this one say that they are withheld', async () => {
  const blocks = Array.from({ length: 8 }, (_, i) => blockOf(Uint8Array.of(i), 'raw'))
  const { fetches, given, asked, passTo } = fetching(blocks)
  const requests = blocks.map(({ cid }, i) => ({ id: new Uint8Array(16).fill(i), ms: 1, cid }))
  void fetches.bodies(requests, [silent, ...honest])
  await passTo(0)
  expect(asked).toContain(silent)
  expect(given).toEqual([])
  await passTo(BODIES_STRAGGLER_MS)
  expect(given).toEqual([8])
  // all of the largest group have been asked before half the window is over
  expect(BODIES_STRAGGLER_MS * Math.ceil(Math.log2(32))).toBeLessThan(GROUP_DEFAULTS.dissentWindowMs / 2)
})

test('nor does it keep back a body that lies in pieces', async () => {
  const parts = [1, 2, 3, 4].map((byte) => blockOf(new Uint8Array(REQUEST_PART_BYTES).fill(byte), 'raw'))
  const [asker] = signers as [Signer]
  const request = {
    ...{ from: asker.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16), ms: 1, seenEpoch: 1, seenStep: 0 },
    ...{ method: 'POST', target: '/', host: 'site', https: false, headers: [], body: new Uint8Array() },
    parts: parts.map(({ cid }) => bytesOfContentId(cid)),
  }
  const block = requestBlockOf(signMessage(siteRequest, request, asker, network), request.parts)
  const { fetches, given, asked, passTo } = fetching([...parts, block])
  void fetches.bodies([{ id: request.id, ms: 1, cid: block.cid }], honest)
  await passTo(0)
  expect([asked.includes(silent), given]).toEqual([true, [0]])
  await passTo(2 * BODIES_STRAGGLER_MS)
  expect(given).toEqual([0, 1])
})

const state = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const files = blockOf(Uint8Array.of(0x80), 'dag-cbor')

test('a state that the machine asks for again while it comes is not walked over again', async () => {
  const { fetches, given, read, passTo } = fetching([state])
  void fetches.state(state.cid, [silent])
  await passTo(0)
  for (let left = 20; left > 0; left--) void fetches.state(state.cid, [silent])
  await passTo(0)
  expect([read, given]).toEqual([[state.cid], []])
})

test('whoever may have it too is asked, though the try before waits for one that is silent', async () => {
  const { fetches, given, passTo } = fetching([state, files])
  void fetches.state(state.cid, [silent])
  await passTo(0)
  expect(given).toEqual([])
  void fetches.state(state.cid, [silent, ...honest])
  await passTo(0)
  for (const ms of [1_000, 2_000]) await passTo(ms)
  expect(given).toEqual([-1])
})

test('when nobody had it, asking another ends the rest before the next try', async () => {
  const blocks: Block[] = []
  const { fetches, given, asked, passTo } = fetching(blocks)
  const rests: number[] = []
  const restore = replaceNodeTimers({
    setTimeout: <T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal | undefined } = {}) => {
      rests.push(ms ?? 1)
      return new Promise<T>((resolve) => signal?.addEventListener('abort', () => resolve(value as T)))
    },
  })
  try {
    const [first, second] = honest as [PeerId, PeerId]
    void fetches.state(state.cid, [first])
    await passTo(0)
    expect([rests.length, given, asked]).toEqual([1, [], [first]])
    blocks.push(state, files)
    void fetches.state(state.cid, [first])
    await passTo(0)
    expect(given).toEqual([])
    void fetches.state(state.cid, [second])
    await passTo(0)
    expect([rests.length, given, asked.includes(second)]).toEqual([1, [-1], true])
  } finally {
    restore()
  }
})

test('a batch that no member gives jurors may have', async () => {
  const block = blockOf(Uint8Array.of(7), 'raw')
  const [juror] = honest as [PeerId]
  for (const also of [[], [juror]]) {
    const { fetches, given, asked, passTo } = fetching([block], also)
    void fetches.batch(sha256(block.bytes), [silent])
    await passTo(0)
    await passTo(BODIES_STRAGGLER_MS)
    expect([asked.includes(juror), given]).toEqual(also.length > 0 ? [true, [-1]] : [false, []])
  }
})
