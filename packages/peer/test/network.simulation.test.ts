import { accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { assertConserved, signTransfer } from '@interpeer/intercoin-ledger'
import { seeds, World } from '@interpeer/simulator'
import {
  blocksReply,
  type ChainEffect,
  type ChainEvent,
  type ChainState,
  createVerification,
  openChain,
  stepChain,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { epochCloseTransaction, type NetworkState, networkApplication } from '../src/network/index.js'
import { AGREED, closingOf, networkGenesis, publication, START_MS, showOf, signerOf, signers, uploader } from './network-world.js'

type Event = { [K in ChainEvent['type']]: Omit<Extract<ChainEvent, { type: K }>, 'nowMs'> }[ChainEvent['type']]
interface Node {
  chain: ChainState<NetworkState> | undefined
  readonly blocks: Uint8Array[]
  record: Uint8Array | undefined
  wakes: number
}

/** Seven chain peers that are also the members of a site's group, which close their epochs on time while enough of them live. */
class SimulatedNetwork {
  readonly genesis = networkGenesis({ seatPricePerCycle: 10_000 })
  readonly world: World
  readonly nodes: Node[] = signers.map(() => ({ chain: undefined, blocks: [], record: undefined, wakes: 0 }))
  readonly hashes = new Map<number, Set<string>>()
  readonly application = networkApplication(this.genesis.network)
  readonly verification = createVerification(this.genesis.network)
  readonly dead = new Set<PeerId>()
  crashPerMille: number

  constructor(seed: number, crashPerMille: number, lossPerMille: number) {
    this.world = new World({ seed, startMs: START_MS, lossPerMille, delayMsMax: 150 })
    this.crashPerMille = crashPerMille
    for (const i of this.nodes.keys()) this.start(i)
  }
  get best(): NetworkState {
    const tips = this.nodes.flatMap(({ chain }) => (chain === undefined ? [] : [chain.tip]))
    return tips.reduce((a, b) => (b.height > a.height ? b : a)).state
  }
  start(i: number): void {
    const node = this.nodes[i] as Node
    const signer = signers[i] as (typeof signers)[number]
    if (node.chain !== undefined || this.dead.has(signer.peerId)) return
    const { genesis, application, verification, world } = this
    const { blocks, record } = node
    const opened = openChain({ genesis, application, signer, blocks, record, verification, nowMs: world.nowMs })
    node.chain = opened.state
    this.#perform(i, opened.effects)
  }
  kill(peer: PeerId): void {
    this.dead.add(peer)
    ;(this.nodes[signers.findIndex(({ peerId }) => peerId === peer)] as Node).chain = undefined
  }
  give(i: number, event: Event): void {
    const node = this.nodes[i] as Node
    if (node.chain === undefined) return
    const { state, effects } = stepChain(node.chain, { ...event, nowMs: this.world.nowMs } as ChainEvent)
    node.chain = state
    this.#perform(i, effects)
  }
  #perform(i: number, effects: readonly ChainEffect<NetworkState>[]): void {
    for (const effect of effects) {
      const durable = effect.type === 'persist' || effect.type === 'send'
      if (durable && this.world.random.chance(this.crashPerMille)) {
        ;(this.nodes[i] as Node).chain = undefined
        this.world.after(1_500, () => this.start(i))
        return
      }
      this.#carryOut(i, effect)
    }
  }
  #carryOut(i: number, effect: ChainEffect<NetworkState>): void {
    const node = this.nodes[i] as Node
    const signer = signers[i] as (typeof signers)[number]
    if (effect.type === 'persist') node.record = effect.bytes
    if (effect.type === 'send') this.#send(i, effect.to, effect.envelope)
    if (effect.type === 'serve') {
      const reply = blocksReply(node.blocks.slice(effect.fromHeight - 1, effect.untilHeight), signer, this.genesis.network)
      if (reply !== undefined) this.#send(i, effect.to, reply)
    }
    if (effect.type === 'wake') {
      const turn = ++node.wakes
      this.world.at(effect.atMs, () => turn === node.wakes && this.give(i, { type: 'time' }))
    }
    if (effect.type !== 'block') return
    const { height } = effect.block.header
    node.blocks.push(effect.bytes)
    this.hashes.set(height, (this.hashes.get(height) ?? new Set()).add(hexOf(effect.hash)))
    assertConserved(effect.state.ledger)
    this.world.after(1, () => this.#asMember(i, effect.state))
  }
  /** What a member of a group would bring to the chain at this state. */
  #asMember(i: number, { jobs, timeMs }: NetworkState): void {
    const { peerId } = signers[i] as (typeof signers)[number]
    for (const entry of jobs.values()) {
      const { epoch, next, recovering } = entry
      if (entry.state === 'ended' || next === null || !epoch.members.includes(peerId)) continue
      const alive = epoch.members.filter((peer) => !this.dead.has(peer))
      if (recovering !== null) this.give(i, { type: 'submit', transaction: showOf(this.genesis, entry, peerId) })
      else if (timeMs >= next.atMs && alive.length >= 4) {
        const outcomes = epoch.members.map((peer) => ({
          ...AGREED,
          agreed: alive.includes(peer) ? 3 : 0,
          absent: alive.includes(peer) ? 0 : 3,
        }))
        const { certificate, batch } = closingOf(this.genesis, entry, { by: alive.slice(0, 4), outcomes })
        this.give(i, { type: 'submit', transaction: epochCloseTransaction(entry.job, certificate, batch) })
      }
    }
  }
  #send(from: number, to: PeerId, envelope: Uint8Array): void {
    const receiver = signers.indexOf(signerOf(to))
    const { peerId } = signers[from] as (typeof signers)[number]
    this.world.post(from, receiver, () => this.give(receiver, { type: 'message', from: peerId, envelope }))
  }
}

test.each(seeds(2))(
  'hand-over after hand-over on a chain that loses messages and peers; coins conserved at every height (seed %i)',
  (seed) => {
    const network = new SimulatedNetwork(seed, 2, 60)
    const { job, transaction } = publication(network.genesis)
    network.give(0, { type: 'submit', transaction })
    const to = accountOfPeer((signers[1] as (typeof signers)[number]).peerId)
    network.world.after(9_000, () => {
      network.give(2, { type: 'submit', transaction: signTransfer({ to, amount: 5n, nonce: 0 }, uploader, network.genesis.network) })
    })
    network.world.run({ untilMs: START_MS + 18_000 })
    network.crashPerMille = 0
    network.world.heal(20)
    for (const i of network.nodes.keys()) network.start(i)
    network.world.run({ untilMs: START_MS + 32_000 })
    for (const [height, hashes] of network.hashes) expect([height, hashes.size]).toEqual([height, 1])
    const heights = network.nodes.map(({ blocks }) => blocks.length)
    expect(Math.max(...heights) - Math.min(...heights)).toBeLessThanOrEqual(1)
    expect(Math.max(...heights)).toBeGreaterThan(25)
    expect(network.best.jobs.get(job)?.epoch.number).toBeGreaterThan(5)
  },
)

test.each(seeds(1))('two members of five die at once: the chain goes on without them and opens a recovered epoch (seed %i)', (seed) => {
  const network = new SimulatedNetwork(seed, 0, 20)
  const { job, transaction } = publication(network.genesis)
  network.give(0, { type: 'submit', transaction })
  network.world.run({ untilMs: START_MS + 6_000 })
  const before = network.best.jobs.get(job)?.epoch
  const gone = before?.members.slice(1, 3) as PeerId[]
  for (const peer of gone) network.kill(peer)
  network.world.run({ untilMs: START_MS + 34_000 })
  const after = network.best.jobs.get(job)?.epoch
  expect(after?.number).toBeGreaterThan(before?.number as number)
  // Who died outside the group may be drawn once more; never so many that the group stands still.
  expect(after?.members.filter((peer) => !gone.includes(peer)).length).toBeGreaterThanOrEqual(4)
  expect(gone.some((peer) => network.best.registry.get(peer)?.awaySinceHeight !== null)).toBe(true)
  for (const hashes of network.hashes.values()) expect(hashes.size).toBe(1)
})
