import { setTimeout } from 'node:timers/promises'
import {
  type BlockServer,
  buildTree,
  type ContentStore,
  memoryStore,
  missingBlocks,
  openBlockServer,
  wantBlocks,
} from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  certificateAsk,
  challengeMessage,
  challengeReplyMessage,
  finalMessage,
  firstStateBlock,
  provesResponse,
  type ResponseProof,
  readCheck,
  type SiteRequest,
  siteRequest,
  verifyReveals,
} from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { exchangeOver } from '../src/node/block-source.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { SiteHosts } from '../src/node/site-hosts.js'
import type { ScriptOutcome } from '../src/script-runtime.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'
import { closingOf, signers } from './network-world.js'
import { openAnswer } from './opened-answer.js'
import { readDuties } from './read-duties.js'
import { UNDISPUTED } from './undisputed.js'

const network = networkIdOf(new Uint8Array([1]))
const [self, visitor, stranger] = [1, 2, 3].map((seed) => createSigner(new Uint8Array(32).fill(seed))) as [never, never, never] as [
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
  ReturnType<typeof createSigner>,
]
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const files = buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }])
const start = firstStateBlock(files.root)
const view: SiteView = {
  ...{
    job,
    name: 'log',
    uploader: stranger.peerId,
    runtime: 'counter',
    epoch: 0,
    members: [self.peerId],
    previousMembers: [],
    openedByClosing: true,
  },
  ...{
    chainSeed: new Uint8Array(32),
    start: start.cid,
    startTimeMs: 0,
    opensMs: 0,
    rerun: [],
    next: null,
    recovering: false,
    closing: null,
    shows: [],
    disputes: [],
    ended: false,
  },
  cycleMs: 60_000,
  answersProvisional: false,
  previousEpoch: 0,
  ...UNDISPUTED,
}
const opened: SiteHosts[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((hosts) => hosts.close()))
})

const nobody: Overlay['request'] = () => Promise.reject(new Error('nobody'))
/** All sites of one peer, whose messages reach nobody. */
function hostsOf(store: ContentStore = memoryStore(), runtime = new CounterRuntime(), request = nobody) {
  const counts = new Map<string, number>()
  const logged: string[] = []
  const log = (_: object, sentence: string) => void logged.push(sentence)
  const overlay = { send: () => {}, request } as unknown as Overlay
  const failed: unknown[] = []
  const count = (code: string, by = 1): void => void counts.set(code, (counts.get(code) ?? 0) + by)
  const peerLog = { debug: () => {}, info: () => {}, warn: log, error: log }
  const hosts = new SiteHosts({
    ...{ signer: self, network, overlay, store: store.blocks, self: self.peerId },
    exchange: exchangeOver(overlay, store.blocks, count, peerLog),
    scripts: new ScriptQueue(runtime, store.blocks),
    log: peerLog,
    now: () => Date.now(),
    count,
    fail: (error) => void failed.push(error),
    holdBlocks: () => () => {},
    groupRecords: store.records('groups'),
    siteRecords: store.records('sites'),
    outboxRecords: store.records('outbox'),
    audits: { everyMs: Number.POSITIVE_INFINITY, below: () => 0, nonce: () => new Uint8Array(32) },
    ...readDuties(store, count),
    submitClose: () => {},
    submitShow: () => {},
  })
  opened.push(hosts)
  const ask = async (method: string, more: Partial<SiteRequest> = {}) => {
    const asked = {
      from: visitor.publicKey,
      job: bytesOfContentId(job),
      id: new Uint8Array(16),
      ms: Date.now(),
      seenEpoch: 0,
      seenStep: 0,
      parts: [],
    }
    const http = { method, target: '/', host: 'log', https: false, headers: [], body: new TextEncoder().encode('x') }
    const envelope = signMessage(siteRequest, { ...asked, ...http, ...more }, visitor, network)
    const answer = openAnswer(await hosts.answer(visitor.peerId, envelope), network)
    const { ran, body, state, proof } = answer
    const said = {
      ran,
      text: new TextDecoder().decode(body),
      state,
      proof,
      block: blocksOfResponse({ ...answer, request: sha256(envelope) }).cid,
    }
    if (answer.ran !== 'write') return { ...said, step: answer.step, certified: undefined }
    const named = certificateAsk.encode({ job: bytesOfContentId(job), certificate: answer.certificate })
    const { epoch = 0 } = hosts.hosted()[0] ?? {}
    const certified = verifyReveals(hosts.answerCertificate(named), { network, job, epoch, members: [self.peerId] })
    return { ...said, step: certified.step, certified }
  }
  return { hosts, counts, logged, failed, ask, runtime }
}
async function storeWithSite(): Promise<ContentStore> {
  const store = memoryStore()
  await store.blocks.put([...files.blocks, start])
  return store
}

test('every message between members reaches their groups, challenges of own work too; no other does', async () => {
  const { hosts, counts } = hostsOf(await storeWithSite())
  hosts.onViews([{ ...view, members: [self.peerId, visitor.peerId] }])
  const place = { job: bytesOfContentId(job), epoch: 0, step: 1, batch: new Uint8Array(32), from: visitor.publicKey }
  const challenge = signMessage(challengeMessage, { ...place, to: self.publicKey, draws: [0] }, visitor, network)
  const reply = { ...place, start: bytesOfContentId(start.cid), own: new Uint8Array(32), length: 0, chunks: [] }
  expect(hosts.onMessage(visitor.peerId, challenge)).toBe(true)
  expect(hosts.onMessage(visitor.peerId, signMessage(challengeReplyMessage, reply, visitor, network))).toBe(true)
  expect([counts.get('CHALLENGE_UNKNOWN'), counts.get('REPLY_UNASKED')]).toEqual([1, 1])
  expect(hosts.onMessage(visitor.peerId, readCheck.encode({ request: new Uint8Array(), reply: new Uint8Array() }))).toBe(false)
})

test('what a peer signed and can no longer read makes it sit its epoch out: it serves reads, signs nothing, and goes on', async () => {
  const store = await storeWithSite()
  await store.records('groups').put([[`${job}/0`, new Uint8Array([1, 2, 3])]])
  const { hosts, counts, ask, logged } = hostsOf(store)
  for (let block = 0; block < 3; block++) hosts.onViews([view])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  expect(counts.get('EPOCH_SAT_OUT')).toBe(1)
  expect(logged).toHaveLength(1)
  expect((await ask('GET')).ran).toBe('read')
  expect(await ask('POST')).toMatchObject({ ran: 'refused', text: 'NOT_A_MEMBER' })
  const next = { ...view, epoch: 1 }
  hosts.onViews([next])
  expect((await ask('POST')).ran).toBe('write')
})

test('a certified state that is no state ends neither the site nor the process', async () => {
  const store = memoryStore()
  const bytes = new Uint8Array([0x80])
  const nothing = { cid: contentIdOf(bytes, 'dag-cbor'), bytes }
  await store.blocks.put([nothing])
  const { hosts, counts, ask, failed } = hostsOf(store)
  hosts.onViews([{ ...view, start: nothing.cid }])
  await expect.poll(() => counts.get('SITE_TASK_FAILED')).toBe(1)
  expect(await ask('GET')).toMatchObject({ ran: 'refused', text: 'SITE_STARTING' })
  expect(failed).toEqual([])
})

test('what was lost is made again, with all below it, from whoever has it: also where the sites are of more peers than one fetch may ask', async () => {
  const [store, other] = [await storeWithSite(), await storeWithSite()]
  const previousMembers = Array.from({ length: 300 }, (_, i) => createSigner(sha256(Uint8Array.of(i >> 8, i & 255))).peerId)
  const [has, lacks] = [other, memoryStore()].map(({ blocks }) => openBlockServer({ get: blocks.get, now: () => 0 }))
  const { hosts, counts, logged } = hostsOf(store, undefined, async (to, request) => {
    if (numberOf(request) !== wantBlocks.number) throw new Error('not asked for here')
    return ((to === previousMembers.at(-1) ? has : lacks) as BlockServer).answer(self.peerId, request)
  })
  hosts.onViews([view])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  hosts.onViews([{ ...view, previousMembers }])
  await store.blocks.delete([start.cid, ...files.blocks.map(({ cid }) => cid)])
  expect(await hosts.mend([start.cid])).toBe(true)
  expect(missingBlocks(store.blocks.get, start.cid)).toEqual([])
  expect(counts.get('BLOCKS_REPAIRED')).toBe(1 + files.blocks.length)
  expect(counts.get('REPAIR_FAILED')).toBe(1) // the first 256
  const nowhere = contentIdOf(new Uint8Array([1]), 'raw')
  expect(await hosts.mend([nowhere])).toBe(false)
  expect(logged.at(-1)).toBe('blocks are missing or spoiled here, and nobody gave them')
})

test('a site that a peer can not run is declined once an epoch', () => {
  const { hosts, counts, logged } = hostsOf()
  for (let block = 0; block < 5; block++) hosts.onViews([{ ...view, runtime: 'another' }])
  expect(counts.get('RUNTIME_OTHER')).toBe(1)
  hosts.onViews([{ ...view, runtime: 'another', epoch: 1 }])
  expect(logged).toHaveLength(2)
  const jobs = Array.from({ length: 66 }, (_, i) => jobIdOf(contentIdOf(new Uint8Array([i]), 'dag-cbor')))
  hosts.onViews(jobs.map((one) => ({ ...view, job: one, members: [self.peerId, stranger.peerId] })))
  expect(counts.get('HOSTED_MAX')).toBe(2)
})

test('a site whose entry can not be run leaves the others alone', async () => {
  const { hosts, counts, ask } = hostsOf(await storeWithSite())
  const other = jobIdOf(contentIdOf(new Uint8Array([7]), 'dag-cbor'))
  const broken = { ...view, job: other, members: [self.peerId, self.peerId] } // a group can't have a member twice
  hosts.onViews([broken, view])
  expect((counts.get('EPOCH_SAT_OUT') ?? 0) + (counts.get('SITE_FAILED') ?? 0)).toBe(1)
  await expect.poll(() => hosts.hosted().some((one) => one.job === job)).toBe(true)
  expect((await ask('POST')).ran).toBe('write')
})

test('a request for a site that is not here, or that nobody signed, is an error of its asker alone', async () => {
  const { hosts, ask } = hostsOf()
  await expect(ask('GET')).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  await expect(async () => hosts.answer(visitor.peerId, new Uint8Array(9))).rejects.toMatchObject({ name: 'CryptoError' })
})

test('what a peer signs about a read is the state that the read ran on, though a later one became final meanwhile', async () => {
  class PausingRuntime extends CounterRuntime {
    onRead: (() => Promise<void>) | undefined
    override async run(...args: Parameters<CounterRuntime['run']>): Promise<ScriptOutcome> {
      const outcome = await super.run(...args)
      if (args[1].method === 'GET') await this.onRead?.()
      return outcome
    }
  }
  const runtime = new PausingRuntime()
  const { hosts, ask } = hostsOf(await storeWithSite(), runtime)
  hosts.onViews([{ ...view, cycleMs: 100 }]) // an empty batch becomes final every cycle
  await expect.poll(() => hosts.hosted().length).toBe(1)
  let ranOn = -1
  runtime.onRead = async () => {
    ranOn = hosts.hosted()[0]?.step ?? -1
    while ((hosts.hosted()[0]?.step ?? 0) <= ranOn) await setTimeout(20)
  }
  const read = await ask('GET')
  expect(read.step).toBeLessThanOrEqual(ranOn)
  expect(read.step).toBeLessThan(hosts.hosted()[0]?.step ?? 0)
})

test('two requests under one id: the second is refused and does not spoil the first', async () => {
  const store = await storeWithSite()
  const { hosts, ask } = hostsOf(store)
  hosts.onViews([{ ...view, members: [self.peerId, stranger.peerId] }]) // the other member is silent: nothing is decided
  await expect.poll(() => hosts.hosted().length).toBe(1)
  let settled = false
  const first = ask('POST').finally(() => {
    settled = true
  })
  expect(await ask('POST', { target: '/another' })).toMatchObject({ ran: 'refused', text: 'REQUEST_MISMATCH' })
  expect(settled).toBe(false)
  await hosts.close()
  expect(await first).toMatchObject({ ran: 'refused', text: 'GROUP_SLOW' })
})

test('records of epochs that the chain has closed are forgotten', async () => {
  const store = await storeWithSite()
  const records = store.records('groups')
  await records.put([0, 1, 2, 3, 12].map((epoch) => [`${job}/${epoch}`, new Uint8Array([epoch])] as const))
  const { hosts } = hostsOf(store)
  hosts.onViews([
    {
      ...view,
      epoch: 3,
      previousEpoch: 2,
      members: [stranger.peerId],
      next: { members: [self.peerId], chainSeed: new Uint8Array(32), atMs: 9e15, jurors: 0, mayPay: 0n },
    },
  ])
  await expect.poll(() => [...records.list('')].map(([key]) => key.split('/')[1])).toEqual(['12', '2', '3'])
})

test('sites that this peer has nothing of cost it one look each, however often it collects', async () => {
  const store = await storeWithSite()
  const [left, other] = [7, 8].map((n) => jobIdOf(contentIdOf(new Uint8Array([n]), 'dag-cbor'))) as [typeof job, typeof job]
  await store.records('groups').put([[`${left}/0`, new Uint8Array(40)]])
  let calls: string[] = []
  const records: ContentStore['records'] = (name) => {
    const space = store.records(name)
    const told = <A extends readonly unknown[], R>(what: string, call: (...args: A) => R) => {
      return (...args: A): R => {
        calls.push(`${name} ${what}`)
        return call(...args)
      }
    }
    return { ...space, get: told('get', space.get), list: told('list', space.list), delete: told('delete', space.delete) }
  }
  const { hosts } = hostsOf({ ...store, records })
  const strangers = { members: [stranger.peerId] as PeerId[], uploader: stranger.peerId }
  const start = contentIdOf(new Uint8Array([9]), 'raw')
  hosts.onViews([view, { ...view, ...strangers, job: left, ended: true }, { ...view, ...strangers, job: other, start }])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  expect([...hosts.holdings()].map((one) => one.view.job)).toEqual([job, left])
  await hosts.forgetLeft()
  expect([...store.records('groups').list(`${left}/`)]).toEqual([])
  calls = []
  for (let i = 0; i < 3; i++) {
    await hosts.forgetLeft()
    expect([...hosts.holdings()].map((one) => one.view.job)).toEqual([job])
  }
  expect(calls).toEqual(['groups list']) // of the one it has just forgotten
})

test('a leaver is gone after three blocks, and messages and requests after that find nothing', async () => {
  const { hosts, ask } = hostsOf(await storeWithSite())
  hosts.onViews([view])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  for (let block = 0; block < 3; block++) hosts.onViews([{ ...view, members: [stranger.peerId] as PeerId[], epoch: 1 }])
  expect(hosts.hosted()).toEqual([])
  await expect(ask('GET')).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  expect(hosts.onMessage(stranger.peerId, new Uint8Array([0x81, 0x18, 50]))).toBe(true)
})

test('a write’s answer carries its own step’s certificate and a proof of its place there, also when later steps are final, and no batch', async () => {
  const { hosts, ask } = hostsOf(await storeWithSite())
  hosts.onViews([{ ...view, cycleMs: 50 }]) // an empty batch becomes final every cycle
  await expect.poll(() => hosts.hosted().length).toBe(1)
  const ms = Date.now()
  const first = await ask('POST', { ms })
  await expect.poll(() => (hosts.hosted()[0]?.step ?? 0) > first.step).toBe(true)
  const again = await ask('POST', { ms })
  expect(again).toEqual(first)
  expect(again.certified?.state).toBe(contentIdOfBytes(again.state))
  expect(provesResponse(again.certified?.answer.responses ?? new Uint8Array(), again.block, again.proof as ResponseProof)).toBe(true)
  expect((await ask('GET')).proof).toBeNull()
  const other = certificateAsk.encode({ job: bytesOfContentId(job), certificate: new Uint8Array(32) })
  expect(hosts.answerCertificate(other)).toEqual(new Uint8Array())
  expect(() => hosts.answerCertificate(other.subarray(1))).toThrow('WIRE')
})

test('what ran under an id is told to the same request only', async () => {
  const { hosts, ask } = hostsOf(await storeWithSite())
  hosts.onViews([view])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  expect((await ask('POST', { target: '/mine' })).ran).toBe('write')
  expect(await ask('POST', { target: '/theirs' })).toMatchObject({ ran: 'refused', text: 'REQUEST_MISMATCH', proof: null })
})

test('a member that has lost a write’s proof says that it is behind', async () => {
  const store = await storeWithSite()
  const { hosts, ask } = hostsOf(store)
  hosts.onViews([view])
  await expect.poll(() => hosts.hosted().length).toBe(1)
  const ms = Date.now()
  expect((await ask('POST', { ms })).ran).toBe('write')
  expect((await ask('POST', { ms, id: new Uint8Array(16).fill(1) })).ran).toBe('write') // the last step is told again at a start
  await hosts.close()
  const { hosts: restarted, ask: askAgain } = hostsOf(store)
  restarted.onViews([view])
  await expect.poll(() => restarted.hosted().length).toBe(1)
  expect(await askAgain('POST', { ms })).toMatchObject({ ran: 'refused', text: 'MEMBER_BEHIND' })
})

test('a closing that pays more than the chain moves for it opens no epoch here', async () => {
  for (const amount of [11n, 2n ** 64n - 1n]) {
    const { hosts, logged, failed } = hostsOf(await storeWithSite())
    const members = signers.slice(0, 3).map(({ peerId }) => peerId)
    const next = { members: [...members.slice(0, 2), self.peerId], chainSeed: new Uint8Array(32), atMs: 1, jurors: 0, mayPay: 10n }
    hosts.onViews([{ ...view, members, next, funds: { settled: 0n, mayPay: 10n } }])
    const epoch = { members, number: 0, mayPay: 10n } as never
    const payments = [1, 2].map((i) => ({ account: new Uint8Array(32).fill(i), amount: amount / 2n + 1n }))
    const { certificate, batch } = closingOf(
      { network } as never,
      { job, epoch, next: null, paid: 0n },
      { root: start.cid, step: 1, payments },
    )
    const [from] = signers as [ReturnType<typeof createSigner>]
    const value = { job: bytesOfContentId(job), epoch: 0, step: 1, from: from.publicKey, certificate, batch }
    expect(hosts.onMessage(from.peerId, signMessage(finalMessage, value, from, network))).toBe(true)
    await setTimeout(20)
    expect([hosts.hosted(), logged, failed]).toEqual([[], [], []])
  }
})
