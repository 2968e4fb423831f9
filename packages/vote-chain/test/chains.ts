import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  type PeerId,
  type Signer,
  sealOf,
  sha256,
} from '@interpeer/crypto-ids'
import { World, type WorldSettings } from '@interpeer/simulator'
import { bytesOfHex, concatBytes, hexOf } from '@interpeer/wire-codec'
import { cheapVerification, withCheapLottery } from '../simulations/cheap-lottery.js'
import type { CertifiedBlock } from '../src/block.js'
import { blocksReply } from '../src/follow.js'
import { GOSSIP, type GossipRules } from '../src/gossip/gossip.js'
import {
  type Application,
  type ChainEffect,
  type ChainEvent,
  type ChainState,
  createVerification,
  type Genesis,
  type MadeCheckpoint,
  openChain,
  parseGenesis,
  SETTINGS,
  stepChain,
  type Verification,
  withoutCertificate,
} from '../src/index.js'

export const signers = (count: number): readonly Signer[] =>
  Array.from({ length: count }, (_, i) => createSigner(sha256(Uint8Array.of(1, i >> 8, i & 0xff))))

export function genesisJson(peers: readonly Signer[], settings: Record<string, number> = {}, startMs = 1_000_000): string {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
  return JSON.stringify({
    protocol: 1,
    settings: { ...usual, cycleMs: 1_000, roundMs: 400, checkpointCycles: 3, ...settings },
    peers: peers.map(({ peerId }) => peerId),
    balances: [],
    seed: '5a'.repeat(32),
    startMs,
  })
}

/** A toy: it keeps a digest of all transactions in order, refuses those that begin with 0xee and those that it has seen. [9, n]: the nth elector leaves. */
export interface Toy {
  readonly electors: readonly PeerId[]
  readonly digest: Uint8Array
  readonly seen: ReadonlySet<string>
  readonly paid: number
}
const toySet = (name: string) => sealOf(name, [])
export const toy: Application<Toy> = {
  begin: ({ seed, peers }) => ({ electors: peers, digest: seed, seen: new Set(), paid: 0 }),
  apply(state, transactions, { certifiers }) {
    const refused: { index: number; code: string }[] = []
    let { digest } = state
    const seen = new Set(state.seen)
    let electors = state.electors
    transactions.forEach((bytes, index) => {
      const name = hexOf(bytes)
      if (bytes[0] === 0xee || seen.has(name)) refused.push({ index, code: 'TOY_REFUSED' })
      else {
        digest = sha256(concatBytes(digest, bytes))
        seen.add(name)
        if (bytes[0] === 9) electors = electors.filter((_, i) => i !== bytes[1])
      }
    })
    return { state: { electors, digest, seen, paid: state.paid + certifiers.length }, refused }
  },
  dataSets: ({ digest, paid }) => ({
    ledger: digest,
    settings: toySet('settings'),
    names: toySet('names'),
    peers: sealOf('paid', [paid]),
    jobs: toySet('jobs'),
  }),
  electorate: ({ electors }) => electors,
  check: (_, bytes) => (bytes.length === 0 ? 'TOY_EMPTY' : undefined),
  snapshots: {
    of: ({ electors, digest, seen, paid }) => {
      const bytes = new TextEncoder().encode(JSON.stringify({ electors, digest: hexOf(digest), seen: [...seen], paid }))
      const cid = contentIdOf(bytes, 'raw')
      return { head: bytesOfContentId(cid), parts: new Map([[cid, bytes]]) }
    },
    reading: (_, head) => ({
      next(get) {
        const cid = contentIdOfBytes(head)
        const bytes = get(cid)
        if (bytes === undefined) return { missing: [cid] }
        const { electors, digest, seen, paid } = JSON.parse(new TextDecoder().decode(bytes))
        return { state: { electors, digest: bytesOfHex(digest), seen: new Set(seen), paid } }
      },
    }),
  },
}

interface Node {
  readonly signer: Signer
  state: ChainState<Toy> | undefined
  readonly blocks: Uint8Array[]
  record: Uint8Array | undefined
  /** The last one, and its height. */
  checkpoint: (MadeCheckpoint & { readonly height: number }) | undefined
  wake: number
}

export interface ChainsOptions extends WorldSettings {
  readonly electors?: number
  readonly observers?: number
  readonly settings?: Record<string, number>
  readonly gossip?: GossipRules
  /** Chance that a peer dies before it carries out an effect, and for how long. */
  readonly crashPerMille?: number
  readonly downMs?: number
}
const START_MS = 1_000_000

/** Peers of one chain in a simulated world. What is not yet written when a peer dies is lost; what is on disk comes back. */
export class Chains {
  readonly world: World
  readonly genesis: Genesis
  readonly verification: Verification
  readonly nodes: Node[]
  readonly counts = new Map<string, number>()
  readonly certified = new Map<number, Map<string, CertifiedBlock>>()
  readonly #byPeer: ReadonlyMap<PeerId, number>
  readonly #gossip: GossipRules
  #crashPerMille: number
  readonly #downMs: number
  /** Changes what a peer sends, for peers that lie; undefined: nothing is sent. */
  tamper: (from: number, to: number, envelope: Uint8Array) => Uint8Array | undefined = (_, __, envelope) => envelope

  constructor({ electors = 4, observers = 0, settings = {}, crashPerMille = 0, downMs = 2_000, gossip = GOSSIP, ...world }: ChainsOptions) {
    this.world = new World({ startMs: START_MS, delayMsMax: 20, ...world })
    const all = signers(electors + observers).map(withCheapLottery)
    this.genesis = parseGenesis(genesisJson(all.slice(0, electors), settings, START_MS))
    this.verification = cheapVerification(createVerification(this.genesis.network))
    this.nodes = all.map((signer) => ({ signer, state: undefined, blocks: [], record: undefined, checkpoint: undefined, wake: 0 }))
    this.#byPeer = new Map(all.map(({ peerId }, i) => [peerId, i]))
    this.#gossip = gossip
    this.#crashPerMille = crashPerMille
    this.#downMs = downMs
    for (const i of this.nodes.keys()) this.start(i)
  }

  heights(): number[] {
    return this.nodes.map(({ blocks }) => blocks.length)
  }
  start(i: number): void {
    const node = this.nodes[i] as Node
    if (node.state !== undefined) return
    const options = {
      genesis: this.genesis,
      application: toy,
      signer: node.signer,
      blocks: node.blocks.slice(node.checkpoint?.height ?? 0),
      record: node.record,
      checkpoint: node.checkpoint && { bytes: node.checkpoint.bytes, get: (cid: ContentId) => node.checkpoint?.parts.get(cid) },
      verification: this.verification,
      gossip: this.#gossip,
    }
    const { state, effects } = openChain({ ...options, nowMs: this.world.nowMs })
    node.state = state
    this.#perform(i, effects)
  }
  kill(i: number): void {
    ;(this.nodes[i] as Node).state = undefined
  }
  calm(): void {
    this.#crashPerMille = 0
    this.world.heal(20)
    for (const i of this.nodes.keys()) this.start(i)
  }
  give(i: number, event: Omit<ChainEvent, 'nowMs'> & object): void {
    const node = this.nodes[i] as Node
    if (node.state === undefined) return
    const { state, effects } = stepChain(node.state, { ...event, nowMs: this.world.nowMs } as ChainEvent)
    node.state = state
    this.#perform(i, effects)
  }
  submit(i: number, transaction: Uint8Array): void {
    this.give(i, { type: 'submit', transaction } as never)
  }

  #perform(i: number, effects: readonly ChainEffect<Toy>[]): void {
    const node = this.nodes[i] as Node
    for (const effect of effects) {
      const mortal = effect.type === 'send' || effect.type === 'persist' || effect.type === 'block'
      if (mortal && this.world.random.chance(this.#crashPerMille)) {
        this.kill(i)
        this.world.after(this.world.random.between(1, this.#downMs), () => this.start(i))
        return
      }
      this.#carryOut(i, node, effect)
    }
  }
  #carryOut(i: number, node: Node, effect: ChainEffect<Toy>): void {
    if (effect.type === 'count') this.counts.set(effect.code, (this.counts.get(effect.code) ?? 0) + 1)
    if (effect.type === 'persist') node.record = effect.bytes
    if (effect.type === 'block') {
      const { height } = effect.block.header
      if (height !== node.blocks.length + 1) throw new Error(`block ${height} after ${node.blocks.length}`)
      node.blocks.push(effect.bytes)
      const spare = effect.spare === undefined ? undefined : withoutCertificate(node.blocks[effect.spare - 1] as Uint8Array)
      if (effect.spare !== undefined && spare !== undefined) node.blocks[effect.spare - 1] = spare
      if (effect.checkpoint !== undefined) node.checkpoint = { ...effect.checkpoint, height }
      const known = this.certified.get(height) ?? new Map()
      this.certified.set(height, known.set(hexOf(effect.hash), effect.block as CertifiedBlock))
    }
    if (effect.type === 'send') this.#send(i, effect.to, effect.envelope)
    if (effect.type === 'serve') {
      const reply = blocksReply(node.blocks.slice(effect.fromHeight - 1, effect.untilHeight), node.signer, this.genesis.network)
      if (reply !== undefined) this.#send(i, effect.to, reply)
    }
    if (effect.type === 'wake') {
      const turn = ++node.wake
      this.world.at(effect.atMs, () => {
        if (turn === node.wake) this.give(i, { type: 'time' } as never)
      })
    }
  }
  #send(i: number, to: PeerId, envelope: Uint8Array): void {
    const receiver = this.#byPeer.get(to)
    if (receiver === undefined) return
    const sent = this.tamper(i, receiver, envelope)
    if (sent === undefined) return
    const { peerId } = (this.nodes[i] as Node).signer
    this.world.post(i, receiver, () => this.give(receiver, { type: 'message', from: peerId, envelope: sent } as never))
  }
}
