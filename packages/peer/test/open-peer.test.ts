import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildTree, judgeAudit, openAudit, signClaim, wantBlocks } from '@interpeer/content-store'
import { openLmdbStore } from '@interpeer/content-store/node'
import {
  accountOfPeer,
  bytesOfContentId,
  type ContentId,
  createSigner,
  jobIdOf,
  type NetworkId,
  networkIdOf,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { type Overlay, openOverlay } from '@interpeer/overlay/node'
import { siteRequest } from '@interpeer/peer-group'
import { checkHeader, checkPeer, checkTicket, parseGenesis, SETTINGS } from '@interpeer/vote-chain'
import { encodeCbor, MESSAGE_NUMBERS } from '@interpeer/wire-codec'
import { afterEach, expect, test } from 'vitest'
import { addressExchange, mergeAddresses, signAddress } from '../src/address-record.js'
import type { ChainProof } from '../src/network/index.js'
import { proveLightly } from '../src/node/light-proof.js'
import { openPeer } from '../src/node/open-peer.js'
import type { Peer, PeerOptions } from '../src/node/peer-api.js'
import { CounterRuntime } from './counter-runtime.js'

const seeder = createSigner(sha256(new Uint8Array([1])))
const attacker = createSigner(sha256(new Uint8Array([2])))
const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
const startMs = Date.now()
const genesisOf = (seed: string) => ({
  ...{ protocol: 1, settings: { ...usual, cycleMs: 200, tenureMs: 60_000, roundMs: 150 }, peers: [seeder.peerId], balances: [] },
  ...{ seed: seed.repeat(32), startMs },
})
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-peer-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return folder
}
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
async function open(data: string, seed = 'a5', more: Partial<PeerOptions> = {}): Promise<Peer> {
  const at = { host: '127.0.0.1', port: 0, bootstrap: [], runtime: new CounterRuntime(), log: quiet }
  const peer = await openPeer({ ...at, data, signer: seeder, genesis: JSON.stringify(genesisOf(seed)), ...more })
  undo.push(() => peer.close())
  return peer
}
async function attack(peer: Peer): Promise<Overlay> {
  const overlay = await openOverlay({ signer: attacker, network: peer.network, host: '127.0.0.1', port: 0 })
  undo.push(() => overlay.close())
  overlay.setAddress(peer.peerId, peer.address)
  return overlay
}
const get = { method: 'GET', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }

test('others are told the address to advertise, otherwise the bound one, and none that stands for all', async () => {
  const told = async (more: Partial<PeerOptions>) => {
    const peer = await open(newFolder(), 'a5', more)
    const overlay = await attack(peer)
    overlay.setAddress(peer.peerId, { host: '127.0.0.1', port: peer.address.port })
    const reply = await overlay.request(peer.peerId, addressExchange.encode({ records: [] }))
    const known = addressExchange.decode(reply).records
    const all = { isReachable: () => true, isKnown: () => true, hasAnswered: () => true, isBelieved: () => true }
    const rules = { network: peer.network, nowMs: Date.now(), self: attacker.peerId, ...all }
    const address = mergeAddresses(new Map(), known, rules).addresses.get(peer.peerId)
    expect(peer.advertised).toEqual(address && { host: address.host, port: address.port })
    return [peer.address.port, peer.advertised] as const
  }
  expect((await told({ advertise: { host: '203.0.113.7', port: 4_000 } }))[1]).toEqual({ host: '203.0.113.7', port: 4_000 })
  const [port, advertised] = await told({})
  expect(advertised).toEqual({ host: '127.0.0.1', port })
  expect((await told({ host: '0.0.0.0' }))[1]).toBeUndefined()
  const unreachable = open(newFolder(), 'a5', { advertise: { host: '0.0.0.0', port: 4_000 } })
  await expect(unreachable).rejects.toMatchObject({ code: 'ADDRESS_SYNTAX' })
})

test('whatever a stranger sends, the peer goes on', async () => {
  const peer = await open(newFolder())
  const overlay = await attack(peer)
  const bare = Object.values(MESSAGE_NUMBERS).map((number) => encodeCbor([number, new Uint8Array(36), 0, [], null]))
  const cose = bare.map((payload) => encodeCbor([new Uint8Array([0xa1, 1, 0x32]), new Uint8Array(), payload, new Uint8Array(64)]))
  const noise = [0, 1, 2, 100, 5_000].map((size) => new Uint8Array(size).fill(0xfb))
  const asked = { from: attacker.publicKey, id: new Uint8Array(16), ms: 0, seenEpoch: 4e9, seenStep: 4e9, parts: [], ...get }
  const unknownJob = signMessage(siteRequest, { ...asked, job: new Uint8Array(36) }, attacker, peer.network)
  const otherNetwork = signMessage(
    siteRequest,
    { ...asked, job: new Uint8Array(36) },
    attacker,
    networkIdOf(new Uint8Array([9])) as NetworkId,
  )
  const all = [...bare, ...cose, ...noise, unknownJob, otherNetwork]
  for (const message of all) overlay.send(peer.peerId, message)
  const replies = await Promise.allSettled(all.map((message) => overlay.request(peer.peerId, message, { timeoutMs: 5_000 })))
  expect(replies.filter(({ status }) => status === 'fulfilled')).toEqual([])
  const { height } = peer.chain()
  await expect.poll(() => peer.chain().height).toBeGreaterThan(height + 1)
  expect(
    await overlay.request(peer.peerId, wantBlocks.encode({ cids: [] } as never)).catch((error: { code: string }) => error.code),
  ).toBeDefined()
  expect(peer.counters().MESSAGE_UNKNOWN).toBeGreaterThan(0)
})

test('a false address among many spoils neither the others nor the next start, and is passed on to nobody', async () => {
  const data = newFolder()
  const peer = await open(data)
  const overlay = await attack(peer)
  const others = [3, 4].map((seed) => createSigner(sha256(new Uint8Array([seed]))))
  const sign = (signer: typeof seeder, host: string, port = 9) => signAddress(signer, peer.network, { host, port }, Date.now())
  const records = [sign(others[0] as never, '1:2'), new Uint8Array(9), sign(others[1] as never, '127.0.0.1')]
  records.push(sign(attacker, '127.0.0.1', overlay.address.port))
  const reply = await overlay.request(peer.peerId, addressExchange.encode({ records }))
  expect(addressExchange.decode(reply).records.slice(1)).toEqual(records.slice(-1)) // after its own: it sees that the attacker is there
  expect(peer.heardMs(attacker.peerId)).toBeGreaterThan(0)
  await peer.close()
  const store = openLmdbStore(join(data, 'store'))
  await store.records('addresses').put([['spoiled', new Uint8Array([1])]])
  await store.close()
  const again = await open(data)
  const known = await (await attack(again)).request(again.peerId, addressExchange.encode({ records: [] }))
  expect(addressExchange.decode(known).records.slice(1)).toEqual(records.slice(-1))
})

test('one process at a time has a folder, and it belongs to one network', async () => {
  const data = newFolder()
  const peer = await open(data)
  await expect(open(data)).rejects.toMatchObject({ code: 'DATA_IN_USE' })
  await peer.close()
  await expect(open(data, 'b6')).rejects.toMatchObject({ code: 'DATA_OTHER_NETWORK' })
  await (await open(data)).close() // what was refused has let go of everything
})

test('a peer proves an entry of the chain to who knows the block by its hash; after a restart too', async () => {
  const data = newFolder()
  const check = ({ block, header, proof }: ChainProof) => checkTicket(checkHeader(block, header).peers, 0n, proof).entry.peer
  let height = 0
  for (const _ of ['first start', 'second start']) {
    const peer = await open(data)
    await expect.poll(() => peer.chain().height).toBeGreaterThan(height + 1)
    const shown = peer.proof({ type: 'ticket', ticket: 0n })
    expect(shown?.height).toBe(peer.chain().height)
    expect(check(shown as ChainProof)).toBe(seeder.peerId)
    height = peer.chain().height
    await peer.close()
  }
})

test('a peer that closes ends what is under way, and closing twice is closing once', async () => {
  const peer = await open(newFolder())
  const publication = {
    folder: newFolder(),
    name: 'log',
    groupSize: 1,
    escrow: 1n,
    runtimeId: 'counter',
    progress: () => {},
  }
  const publishing = peer.publish(publication).catch((error: { code: string }) => error.code)
  await expect(peer.askSite('log', get)).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  await Promise.all([peer.close(), peer.close()])
  expect(await publishing).toBe('CLOSED')
  await expect(peer.askSite('log', get)).rejects.toMatchObject({ code: 'CLOSED' })
})

test('who speaks for a site can have its members keep an old state, for a while; nobody else can, nor end it', async () => {
  const uploader = createSigner(sha256(new Uint8Array([8])))
  const balances = [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }]
  const genesis = JSON.stringify({ ...genesisOf('d8'), balances })
  const at = { host: '127.0.0.1', port: 0, log: quiet, genesis }
  const data = newFolder()
  const collection = { graceMs: 100, everyMs: 100 }
  const openHost = () => openPeer({ ...at, data, signer: seeder, runtime: new CounterRuntime(), bootstrap: [], collection })
  let host = await openHost()
  undo.push(() => host.close())
  const bootstrap = [{ peer: host.peerId, ...host.address }]
  const visitor = await openPeer({ ...at, data: newFolder(), signer: uploader, runtime: null, bootstrap })
  const folder = newFolder()
  writeFileSync(join(folder, 'log'), '')
  mkdirSync(join(folder, 'a/.git'), { recursive: true })
  symlinkSync('/etc/passwd', join(folder, 'a/.git/outward')) // what no site can have, if it were read
  const said: string[] = []
  const progress = (line: string) => void said.push(line)
  const publication = { folder, name: 'log', groupSize: 1, escrow: 5_000_000_000n, runtimeId: 'counter', passOver: ['.git'], progress }
  const { job } = await visitor.publish(publication)
  expect(said[1]).toBe('left out: a/.git')
  const write = async () => {
    const { state } = await visitor.askSite('log', { ...get, method: 'POST' })
    return state as ContentId
  }
  const [claimed, loose] = [await write(), await write()]
  const untilMs = () => Date.now() + 3_600_000
  expect(await visitor.claim(job, [claimed], untilMs())).toEqual([host.peerId])
  await expect(visitor.claim(jobIdOf(claimed), [claimed], untilMs())).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  await write()
  await visitor.close()

  const overlayOf = async (signer: typeof seeder) => {
    const overlay = await openOverlay({ signer, network: host.network, host: '127.0.0.1', port: 0 })
    undo.push(() => overlay.close())
    overlay.setAddress(host.peerId, host.address)
    return overlay
  }
  const [asUploader, stranger] = [await overlayOf(uploader), await overlayOf(attacker)]
  const has = async (cid: ContentId): Promise<boolean> => {
    const reply = await asUploader.request(host.peerId, wantBlocks.encode({ cids: [bytesOfContentId(cid)] }))
    return reply.length > 36
  }
  const endBy = (signer: typeof seeder, envelopeOf: (envelope: Uint8Array) => Uint8Array = (envelope) => envelope) => {
    const envelope = signClaim({ job, roots: [], issuedMs: Date.now(), untilMs: Date.now() }, signer, host.network)
    return (signer === uploader ? asUploader : stranger).request(host.peerId, envelopeOf(envelope)).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    )
  }
  await expect.poll(() => has(loose)).toBe(false)
  expect(await has(claimed)).toBe(true)
  expect(await endBy(attacker)).toBe('REFUSED')
  expect(await endBy(uploader, (envelope) => envelope.with(-1, (envelope.at(-1) as number) ^ 1))).toBe('REFUSED')
  await host.close()
  host = await openHost()
  for (const overlay of [asUploader, stranger]) overlay.setAddress(host.peerId, host.address)
  await new Promise((resolve) => setTimeout(resolve, 600)) // several collections
  expect(await has(claimed)).toBe(true)
  expect(await endBy(uploader)).toBe('taken')
  await expect.poll(() => has(claimed)).toBe(false)
  expect(host.counters().COLLECTED_BLOCKS).toBeGreaterThan(0)
  expect(host.storage()).toMatchObject({ maxBytes: null })
  expect(host.storage().usedBytes).toBeGreaterThan(0)
})

test('blocks are given to peers with a part in a site, who may also audit them, and to nobody else', async () => {
  const uploader = createSigner(sha256(new Uint8Array([7])))
  const balances = [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }]
  const genesis = JSON.stringify({ ...genesisOf('c7'), balances })
  const at = { host: '127.0.0.1', port: 0, log: quiet, genesis }
  const host = await openPeer({ ...at, data: newFolder(), signer: seeder, runtime: new CounterRuntime(), bootstrap: [] })
  undo.push(() => host.close())
  const bootstrap = [{ peer: host.peerId, ...host.address }]
  const visitor = await openPeer({ ...at, data: newFolder(), signer: uploader, runtime: null, bootstrap })
  undo.push(() => visitor.close())
  const folder = newFolder()
  writeFileSync(join(folder, 'log'), 'a file of a site')
  utimesSync(join(folder, 'log'), 1, 1)
  await visitor.publish({ folder, name: 'log', groupSize: 1, escrow: 5_000_000_000n, runtimeId: 'counter', progress: () => {} })
  const { root, blocks } = buildTree([{ path: 'log', mode: 0o644, mtimeS: 1, bytes: new TextEncoder().encode('a file of a site') }])
  const want = wantBlocks.encode({ cids: [bytesOfContentId(root)] })
  const stranger = await attack(host)
  expect(await stranger.request(host.peerId, want).catch((error: { code: string }) => error.code)).toBe('REFUSED')
  const audit = openAudit(host.peerId, blocks, new Uint8Array(32).fill(5))
  expect(await stranger.request(host.peerId, audit.request).catch((error: { code: string }) => error.code)).toBe('REFUSED')
  expect(host.counters().BLOCKS_REFUSED).toBe(2)
  await visitor.close()
  const asUploader = await openOverlay({ signer: uploader, network: host.network, host: '127.0.0.1', port: 0 })
  undo.push(() => asUploader.close())
  asUploader.setAddress(host.peerId, host.address)
  expect((await asUploader.request(host.peerId, want)).length).toBeGreaterThan(36)
  const audited = judgeAudit(audit, await asUploader.request(host.peerId, audit.request), 1)
  expect(audited.map(({ outcome }) => outcome)).toEqual(blocks.map(() => 'held'))
})

test('a new peer begins at a checkpoint of those it is told of, goes on from there, and from the genesis where it is told to', async () => {
  const settings = { ...genesisOf('a5').settings, checkpointCycles: 4, lookBack: 2 }
  const genesis = JSON.stringify({ ...genesisOf('a5'), startMs: Date.now(), settings })
  const first = await open(newFolder(), 'a5', { genesis })
  await expect.poll(() => first.chain().height).toBeGreaterThan(12)
  const bootstrap = [{ peer: first.peerId, ...first.address }]
  // whoever has nothing of the chain is shown an entry of the newest checkpoint
  const lightly = { signer: attacker, genesis: parseGenesis(genesis), host: '127.0.0.1', bootstrap, log: quiet }
  const shown = await proveLightly({ type: 'peer', peer: first.peerId }, lightly)
  expect(shown.height % 4).toBe(0)
  const { entry } = checkPeer(checkHeader(shown.block, shown.header).peers, first.peerId, shown.proof)
  expect(entry?.standing).toBe('joined')
  await expect(proveLightly({ type: 'ticket', ticket: 0n }, lightly)).rejects.toMatchObject({ code: 'REQUEST_MALFORMED' })
  for (const [sync, message] of [
    ['checkpoints', 'the chain begins at a checkpoint'],
    ['genesis', undefined],
  ] as const) {
    const said: { message: string | undefined; height: number }[] = []
    const log = {
      ...quiet,
      info: (facts: { height?: number } | string, message?: string) =>
        void said.push({ message, height: Number((facts as { height?: number }).height) }),
    }
    const signer = createSigner(sha256(new TextEncoder().encode(sync)))
    const data = newFolder()
    const second = await open(data, 'a5', { genesis, bootstrap, sync, signer, runtime: null, log: log as never })
    const begun = said.find((one) => one.message === 'the chain begins at a checkpoint')
    expect(begun?.message).toBe(message)
    if (begun !== undefined) expect(second.chain().height).toBeGreaterThanOrEqual(begun.height)
    if (begun !== undefined) expect(begun.height % 4).toBe(0)
    const { height } = first.chain()
    await expect.poll(() => second.chain().height).toBeGreaterThan(height)
    await second.close()
    // and again from its own folder
    const again = await open(data, 'a5', { genesis, bootstrap, sync, signer, runtime: null })
    if (sync === 'checkpoints') expect(again.chain().height).toBeGreaterThanOrEqual(8)
    await expect.poll(() => again.chain().height).toBeGreaterThan(height)
    await again.close()
  }
})
