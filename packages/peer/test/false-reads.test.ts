import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wantBlocks } from '@interpeer/content-store'
import { accountOfPeer, bytesOfContentId, createSigner, type Signer } from '@interpeer/crypto-ids'
import { openOverlay } from '@interpeer/overlay/node'
import { SETTINGS } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { openPeer } from '../src/node/open-peer.js'
import type { Peer, PeerOptions } from '../src/node/peer-api.js'
import { CounterRuntime } from './counter-runtime.js'
import { FalseReader } from './false-reader.js'

const [honest, other, liar, uploader] = [1, 2, 3, 4].map((seed) => createSigner(new Uint8Array(32).fill(seed))) as [
  Signer,
  Signer,
  Signer,
  Signer,
]
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-false-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return folder
}
const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
const genesis = JSON.stringify({
  ...{ protocol: 1, settings: { ...usual, cycleMs: 300, tenureMs: 600_000, roundMs: 800 }, seed: 'c3'.repeat(32), startMs: Date.now() },
  peers: [honest, other, liar].map(({ peerId }) => peerId),
  balances: [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }],
})
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
async function open(signer: Signer, options: Partial<PeerOptions>): Promise<Peer> {
  const usually = { signer, genesis, host: '127.0.0.1', port: 0, bootstrap: [], runtime: null, log: quiet }
  const peer = await openPeer({ ...usually, data: newFolder(), ...options })
  undo.push(() => peer.close())
  return peer
}

test('whole peers: the member that answers a page falsely is named by those who asked and those who ran it again, also after a restart', async () => {
  const data = newFolder()
  const collection = { graceMs: 100, everyMs: 100 }
  const first = await open(honest, { runtime: new CounterRuntime(), data, collection })
  const bootstrap = [{ peer: first.peerId, ...first.address }]
  await open(other, { runtime: new CounterRuntime(), bootstrap })
  await open(liar, { runtime: new FalseReader(), bootstrap })
  const gateway = await open(uploader, { bootstrap, readChecksPerMille: 1_000 })
  const folder = newFolder()
  writeFileSync(join(folder, 'log'), '')
  const publication = { folder, name: 'log', groupSize: 3, escrow: 9_000_000_000n, runtimeId: 'counter', progress: () => {} }
  const { job } = await gateway.publish(publication)
  const page = { method: 'GET', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }
  await gateway.askSite('log', { ...page, method: 'POST' })
  const ask = (member: Signer) => gateway.askSite('log', page, { member: member.peerId })
  const toldOf = (peer: Peer) => peer.contradictions().map((one) => [one.job, one.answerer])
  await expect
    .poll(
      () =>
        ask(liar).then(
          () => toldOf(gateway).length,
          () => 0,
        ),
      { interval: 300 },
    )
    .toBeGreaterThan(0)
  for (const member of [honest, other]) await ask(member)
  expect(new Set(toldOf(gateway).flat())).toEqual(new Set([job, liar.peerId]))
  await expect.poll(() => new Set(toldOf(first).flat())).toEqual(new Set([job, liar.peerId]))
  expect(gateway.counters().READ_CONTRADICTED).toBeGreaterThan(0)

  // the site goes on; what the evidence is about stays, and so does the evidence
  await gateway.askSite('log', { ...page, method: 'POST' })
  const told = first.contradictions()
  await first.close()
  const again = await open(honest, { runtime: new CounterRuntime(), data, collection })
  expect(again.contradictions()).toEqual(expect.arrayContaining([...told])) // more may have come before it ended
  const overlay = await openOverlay({ signer: other, network: again.network, host: '127.0.0.1', port: 0 })
  undo.push(() => overlay.close())
  overlay.setAddress(again.peerId, again.address)
  await expect.poll(() => again.counters().COLLECTED_BLOCKS ?? 0).toBeGreaterThan(0)
  const [state] = told.map((one) => bytesOfContentId(one.state))
  // the peer of the same key is there still, and takes this one's session over now and then
  const want = wantBlocks.encode({ cids: [state as Uint8Array] })
  await expect.poll(async () => (await overlay.request(again.peerId, want)).length).toBeGreaterThan(36)
})
