import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountOfPeer, createSigner, type JobId, type PeerId, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { openOverlay } from '@interpeer/overlay/node'
import { SETTINGS, voteMessage } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { openPeer } from '../src/node/open-peer.js'
import type { Peer, PeerOptions } from '../src/node/peer-api.js'
import type { ScriptOutcome } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'

// Eight whole peers, of which four run a site: the other four judge what those disagree on (docs/protocol/jury.md).
const signers = Array.from({ length: 8 }, (_, i) => createSigner(sha256(Uint8Array.of(77, i))))
const uploader = createSigner(sha256(Uint8Array.of(76)))
const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-jury-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return folder
}
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A member whose lies contradict nothing that anybody signed: only a run shows them. */
class Crooked extends CounterRuntime {
  /** It agrees to writes as all do, and answers reads with what it likes. */
  readsFalsely = false
  /** It has the others' answers, and not what a run leaves on its way. */
  runsNothing = false
  override async run(...[root, request, at]: Parameters<CounterRuntime['run']>): Promise<ScriptOutcome> {
    const outcome = await super.run(root, request, at)
    if (outcome.type !== 'answered') return outcome
    if (this.runsNothing) return { ...outcome, transcript: sha256(outcome.transcript) }
    return this.readsFalsely && outcome.changes.length === 0 ? { ...outcome, body: new TextEncoder().encode('another page') } : outcome
  }
}
interface Seeder {
  readonly signer: Signer
  readonly runtime: Crooked
  readonly peer: Peer
}
/** A network whose site has one page, written to by POST. */
class Network {
  readonly seeders: Seeder[] = []
  gateway: Peer
  job: JobId

  private constructor(gateway: Peer, job: JobId, seeders: Seeder[]) {
    this.gateway = gateway
    this.job = job
    this.seeders = seeders
  }
  static async open(readChecksPerMille = 0): Promise<Network> {
    const genesis = JSON.stringify({
      ...{
        protocol: 1, // eight peers in one process: on a loaded machine half a second is too short for a cycle, and jurors fetch for longer than five
        settings: { ...usual, cycleMs: 1_000, tenureMs: 600_000, roundMs: 600, disputeFetchCycles: 12, disputeAnswerCycles: 12 },
        seed: 'c3'.repeat(32),
        startMs: Date.now(),
      },
      peers: signers.map(({ peerId }) => peerId),
      balances: [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }],
    })
    const open = async (signer: Signer, options: Partial<PeerOptions>): Promise<Peer> => {
      const usually = { signer, genesis, host: '127.0.0.1', port: 0, bootstrap: [], runtime: null, log: quiet }
      const peer = await openPeer({ ...usually, data: newFolder(), ...options })
      undo.push(() => peer.close())
      return peer
    }
    const seeders: Seeder[] = []
    for (const signer of signers) {
      const runtime = new Crooked()
      const bootstrap = seeders.slice(0, 1).map(({ peer }) => ({ peer: peer.peerId, ...peer.address }))
      seeders.push({ signer, runtime, peer: await open(signer, { runtime, bootstrap }) })
    }
    const first = seeders[0] as Seeder
    const gateway = await open(uploader, { bootstrap: [{ peer: first.peer.peerId, ...first.peer.address }], readChecksPerMille })
    const folder = newFolder()
    writeFileSync(join(folder, 'log'), '')
    const publication = { folder, name: 'log', groupSize: 4, escrow: 9_000_000_000n, runtimeId: 'counter', progress: () => {} }
    const { job } = await gateway.publish(publication)
    return new Network(gateway, job, seeders)
  }

  get state() {
    return this.gateway.chain().state
  }
  get members(): readonly Seeder[] {
    return (this.state.jobs.get(this.job)?.epoch.members ?? []).map((peer) => this.#seeder(peer))
  }
  #seeder(peer: PeerId): Seeder {
    return this.seeders.find(({ signer }) => signer.peerId === peer) as Seeder
  }
  posted(text: string) {
    return { method: 'POST', target: '/', host: 'log', https: false, headers: [], body: new TextEncoder().encode(text) }
  }
  /** Writes until it is acknowledged: a frozen group takes nothing. */
  async write(text: string): Promise<void> {
    const page = this.posted(text)
    const isDone = () =>
      this.gateway.askSite('log', page).then(
        ({ status }) => status === 200,
        () => false,
      )
    await expect.poll(isDone, { timeout: 100_000, interval: 300 }).toBe(true)
  }
  async read(): Promise<string> {
    const page = { method: 'GET', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }
    const { status, body } = await this.gateway.askSite('log', page)
    expect(status).toBe(200)
    return new TextDecoder().decode(body)
  }
  badReviews(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.state.registry].flatMap(([peer, { agreement }]) => (agreement.bad > 0 ? [[peer, agreement.bad]] : [])),
    )
  }
}

test('one member of four answers falsely: its word freezes the group, the jury finds against it, and the site goes on without it', async () => {
  const network = await Network.open()
  await network.write('before')
  const liar = network.members[1] as Seeder
  expect(network.state.jobs.get(network.job)?.epoch.jurors).toBe(4)
  liar.runtime.lie = ' and what nobody wrote'
  await network.write('after')
  await expect.poll(() => network.members).not.toContain(liar)
  expect(network.members).toHaveLength(4)
  expect(Object.keys(network.badReviews())).toEqual([liar.signer.peerId])
  expect(await network.read()).toMatch(/^before@\d+#\d+;(after@\d+#\d+;)+$/)
  // nobody is ended: an answer that is false is no proof of a lie
  expect([...network.state.registry.values()].filter(({ standing }) => standing !== 'joined')).toEqual([])
})

test('three of four collude: the one that is left brings it to the chain, and what the jury came to stands, though none of the three has it', async () => {
  const network = await Network.open()
  await network.write('before')
  const [honest, ...liars] = network.members as [Seeder, ...Seeder[]]
  for (const { runtime } of liars) runtime.lie = ' and what nobody wrote'
  void network.gateway.askSite('log', network.posted('after')).catch(() => {})
  await expect.poll(() => Object.keys(network.badReviews()).length, { timeout: 100_000, interval: 100 }).toBe(3)
  // they have their seats still: with no more lies the site goes on
  for (const { runtime } of liars) runtime.lie = ''
  const names = liars.map(({ signer }) => signer.peerId)
  expect(Object.keys(network.badReviews()).sort()).toEqual(names.sort())
  await network.write('later')
  expect(await network.read()).not.toContain('nobody')
  expect(honest.peer.counters().STEP_DISPUTED).toBeGreaterThan(0)
})

/** The one that lost its seat for what a jury found, and nobody else is marked. */
async function onlyLeaves(network: Network, liar: Seeder, act: () => Promise<unknown>): Promise<void> {
  const members = () => network.state.jobs.get(network.job)?.epoch.members ?? []
  const others = network.members.filter((one) => one !== liar).map(({ signer }) => signer.peerId)
  const hasLeft = () =>
    act().then(
      () => members().includes(liar.signer.peerId),
      () => members().includes(liar.signer.peerId),
    )
  await expect.poll(hasLeft, { timeout: 100_000, interval: 300 }).toBe(false)
  expect(members()).toEqual(expect.arrayContaining(others))
  expect(Object.keys(network.badReviews())).toEqual([liar.signer.peerId])
  expect([...network.state.registry.values()].filter(({ standing }) => standing !== 'joined')).toEqual([])
}

test('a member answers reads falsely: who ran one again calls a jury, and the liar is marked and leaves its seat; nothing is lost', async () => {
  const network = await Network.open(1_000)
  await network.write('before')
  const liar = network.members[1] as Seeder
  liar.runtime.readsFalsely = true
  const page = { method: 'GET', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }
  await onlyLeaves(network, liar, () => network.gateway.askSite('log', page, { member: liar.signer.peerId }))
  await network.write('after')
  expect(await network.read()).toMatch(/^before@\d+#\d+;(after@\d+#\d+;)+$/)
})

test('a member has the others’ answers and no run of its own: a jury that runs the batch again finds so, also in what it says of the others', async () => {
  const network = await Network.open()
  await network.write('before')
  const parrot = network.members[2] as Seeder
  parrot.runtime.runsNothing = true
  await onlyLeaves(network, parrot, () => network.gateway.askSite('log', network.posted('more')))
  parrot.runtime.runsNothing = false
  await network.write('after')
})

test('a peer that votes for two blocks is brought to the chain by whoever noticed, and its account ends; nobody else’s does', async () => {
  const network = await Network.open()
  const { peer, signer } = network.seeders[5] as Seeder
  const voted = await openOverlay({ signer, network: peer.network, host: '127.0.0.1', port: 0 })
  undo.push(() => voted.close())
  await peer.close()
  const witness = network.seeders[2] as Seeder
  voted.setAddress(witness.signer.peerId, witness.peer.address)
  // until the height stays the same for both
  const isEnded = () => {
    const { height } = witness.peer.chain()
    for (const byte of [1, 2]) {
      const place = { height: height + 1, round: 0, kind: 'soft' as const, attempt: 0, proof: null, block: new Uint8Array(32).fill(byte) }
      voted.send(witness.signer.peerId, signMessage(voteMessage, { ...place, voter: signer.publicKey }, signer, peer.network))
    }
    return network.state.registry.get(signer.peerId)?.standing
  }
  await expect.poll(isEnded, { interval: 200 }).toBe('terminated')
  const standings = [...network.state.registry].filter(([, { standing }]) => standing !== 'joined').map(([id]) => id)
  expect(standings).toEqual([signer.peerId])
})
