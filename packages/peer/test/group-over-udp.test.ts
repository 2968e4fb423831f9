import { randomBytes } from 'node:crypto'
import { buildTree, type ContentStore, memoryStore, openBlockServer, wantBlocks } from '@interpeer/content-store'
import {
  bytesOfContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  peekPayload,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import { type Overlay, openOverlay } from '@interpeer/overlay/node'
import { createVerification, firstStateBlock, siteReply, siteRequest } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { exchangeOver } from '../src/node/block-source.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { SiteClient } from '../src/node/site-client.js'
import { SiteHosts } from '../src/node/site-hosts.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'

const network = networkIdOf(new Uint8Array([1]))
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const files = buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }])
const start = firstStateBlock(files.root)

interface Member {
  readonly signer: Signer
  readonly overlay: Overlay
  readonly runtime: CounterRuntime
  readonly hosts: SiteHosts
  readonly counts: ReadonlyMap<string, number>
  readonly store: ContentStore
  readonly closed: readonly { certificate: Uint8Array; batch: Uint8Array }[]
  readonly close: () => Promise<void>
}
const opened: Member[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((member) => member.close()))
})

/** One peer's shells over a real socket; the chain's part is played by the test. */
async function openMember(store = memoryStore()): Promise<Member> {
  const signer = createSigner(new Uint8Array(randomBytes(32)))
  const overlay = await openOverlay({ signer, network, host: '127.0.0.1', port: 0 })
  const runtime = new CounterRuntime()
  const counts = new Map<string, number>()
  const closed: { certificate: Uint8Array; batch: Uint8Array }[] = []
  const count = (code: string): void => void counts.set(code, (counts.get(code) ?? 0) + 1)
  const server = openBlockServer({ get: store.blocks.get, now: () => performance.now() })
  const hosts = new SiteHosts({
    signer,
    network,
    overlay,
    exchange: exchangeOver(overlay, store.blocks, count, quiet),
    store: store.blocks,
    self: signer.peerId,
    scripts: new ScriptQueue(runtime, store.blocks),
    log: quiet,
    now: () => Date.now(),
    count,
    fail: (error) => {
      throw error
    },
    groupRecords: store.records('groups'),
    siteRecords: store.records('sites'),
    submitClose: (_, certificate, batch) => void closed.push({ certificate, batch }),
    submitShow: () => {},
  })
  overlay.onMessage((from, message) => void hosts.onMessage(from, message))
  overlay.onRequest(async (from, request) => {
    if (numberOf(request) === wantBlocks.number) return server.answer(from, request)
    if (numberOf(request) === siteRequest.number) return hosts.answer(request)
    throw new Error('unknown')
  })
  const close = async () => {
    await hosts.close()
    await overlay.close()
  }
  const member: Member = { signer, overlay, runtime, hosts, counts, store, closed, close }
  opened.push(member)
  return member
}

function introduce(members: readonly Member[]): void {
  for (const a of members) for (const b of members) if (a !== b) a.overlay.setAddress(b.signer.peerId, b.overlay.address)
}

function viewOf(members: readonly Member[], more: Partial<SiteView> = {}): SiteView {
  const ids = members.map(({ signer }) => signer.peerId)
  return {
    job,
    name: 'log',
    uploader: ids[0] as PeerId,
    runtime: 'counter',
    epoch: 0,
    members: ids,
    previousMembers: [],
    openedByClosing: true,
    chainSeed: new Uint8Array(32).fill(7),
    start: start.cid,
    startTimeMs: 0,
    opensMs: 0,
    rerun: [],
    next: null,
    recovering: false,
    ended: false,
    cycleMs: 1_000,
    ...more,
  }
}

const clientOf = ({ signer, overlay }: Member, view: () => SiteView) =>
  new SiteClient({ signer, network, overlay, verification: createVerification(network), now: () => Date.now(), viewOf: view })
const asking = (method: string, target: string, body = '') => ({
  method,
  target,
  host: 'log.localhost',
  https: false,
  headers: [],
  body: new TextEncoder().encode(body),
})

async function startGroup(size: number) {
  const members: Member[] = []
  for (let i = 0; i < size + 2; i++) members.push(await openMember())
  introduce(members)
  const [group, asker, spare] = [members.slice(0, size), members[size] as Member, members[size + 1] as Member]
  await group[0]?.store.blocks.put([...files.blocks, start])
  const view = viewOf(group)
  for (const member of group) member.hosts.onViews([view])
  return { group, asker, spare, view }
}

test.each([1, 2, 3, 5])(
  'a group of %i: a read is answered by one member, a write is run by all, once',
  async (size) => {
    const { group, asker, view } = await startGroup(size)
    const client = clientOf(asker, () => view)
    expect((await client.ask('log', asking('GET', '/'))).ran).toBe('read')
    const written = await client.ask('log', asking('POST', '/', 'one'))
    expect(written.ran).toBe('write')
    expect(written.certificate).toMatch(/^[0-9a-f]{64}$/)
    await client.ask('log', asking('POST', '/', 'two'))
    const read = await client.ask('log', asking('GET', '/'))
    expect(new TextDecoder().decode(read.body)).toMatch(/^one@\d+#\d+;two@\d+#\d+;$/)
    for (const { runtime } of group) expect(runtime.runs.filter((run) => run.startsWith('POST')).length).toBe(2)
    const reads = group.reduce((sum, { runtime }) => sum + runtime.runs.filter((run) => run.startsWith('GET')).length, 0)
    expect(reads).toBe(2)
  },
  20_000,
)

test('a write that is sent to every member at once, again and again, is run once and answered alike', async () => {
  const { group, asker } = await startGroup(5)
  await expect.poll(() => group.every(({ hosts }) => hosts.hosted().length === 1)).toBe(true) // before that they say SITE_STARTING
  const value = {
    from: asker.signer.publicKey,
    job: bytesOfContentId(job),
    id: new Uint8Array(randomBytes(16)),
    ms: Date.now(),
    seenEpoch: 0,
    seenStep: 0,
  }
  const post = { ...asking('POST', '/', 'once'), headers: [] }
  const envelope = signMessage(siteRequest, { ...value, ...post }, asker.signer, network)
  const send = ({ signer }: Member) => asker.overlay.request(signer.peerId, envelope, { timeoutMs: 10_000 })
  const replies = [...(await Promise.all([...group, ...group].map(send))), ...(await Promise.all(group.map(send)))]
  const bodies = replies.map((reply) => new TextDecoder().decode(siteReply.decode(peekPayload(reply) ?? new Uint8Array()).body))
  expect(new Set(bodies).size).toBe(1)
  expect(bodies[0]).toMatch(/^once@\d+#\d+;$/)
  for (const { runtime } of group) expect(runtime.runs).toEqual(['POST /'])
}, 20_000)

test('a GET that writes is promoted to an agreed write', async () => {
  const { asker, view } = await startGroup(3)
  const client = clientOf(asker, () => view)
  expect((await client.ask('log', asking('GET', '/touch'))).ran).toBe('write')
}, 20_000)

test('a member that computes something else is outvoted, marked, and nobody else is', async () => {
  const { group, asker, view } = await startGroup(5)
  const traitor = group[2] as Member
  traitor.runtime.lie = 'LIE'
  const client = clientOf(asker, () => view)
  for (const text of ['a', 'b', 'c']) expect((await client.ask('log', asking('POST', '/', text))).ran).toBe('write')
  const read = await client.ask('log', asking('GET', '/'), { member: group[0]?.signer.peerId as PeerId })
  expect(new TextDecoder().decode(read.body)).not.toContain('LIE')
}, 20_000)

test('a write goes through with one of five members gone', async () => {
  const { group, asker, view } = await startGroup(5)
  const client = clientOf(asker, () => view)
  await client.ask('log', asking('POST', '/', 'before'))
  for (const gone of group.slice(1, 2)) await gone.close()
  for (const text of ['x', 'y', 'z']) expect((await client.ask('log', asking('POST', '/', text))).ran, text).toBe('write')
}, 40_000)

test('the group moves: a newcomer takes a seat with the whole state, and the leaver leaves', async () => {
  const { group, asker, spare, view } = await startGroup(5)
  let now = view
  const client = clientOf(asker, () => now)
  await client.ask('log', asking('POST', '/', 'early'))
  const next = [spare, ...group.slice(1)]
  const ids = next.map(({ signer }) => signer.peerId)
  now = { ...view, next: { members: ids, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 1_500 } }
  for (const member of [...group, spare]) member.hosts.onViews([now])
  await expect.poll(() => group[1]?.closed.length, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => spare.hosts.hosted()[0]?.epoch, { timeout: 10_000 }).toBe(1)
  expect((await client.ask('log', asking('POST', '/', 'late'))).ran).toBe('write')
  const read = await client.ask('log', asking('GET', '/'), { member: spare.signer.peerId })
  expect(new TextDecoder().decode(read.body)).toMatch(/^early.*late/)
}, 40_000)

test('an epoch that the chain opened otherwise than the closing certificate did is sat out, not signed twice', async () => {
  const { group, view } = await startGroup(3)
  const { members } = view
  const next = { members, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 500 }
  for (const member of group) member.hosts.onViews([{ ...view, next }])
  await expect.poll(() => group.every(({ hosts }) => hosts.hosted()[0]?.epoch === 1), { timeout: 10_000 }).toBe(true)
  const recovered = { ...view, epoch: 1, chainSeed: new Uint8Array(32).fill(8), next: null }
  for (const member of group) member.hosts.onViews([recovered])
  for (const { counts } of group) expect(counts.get('EPOCH_SAT_OUT')).toBe(1)
}, 20_000)
