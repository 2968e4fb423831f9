import { createSigner, type PeerId, peekMessageNumber, peekPayload, type Signer, sha256 } from '@interpeer/crypto-ids'
import { type Random, World } from '@interpeer/simulator'
import {
  blocksReply,
  type ChainEffect,
  type ChainEvent,
  type ChainState,
  createVerification,
  type Genesis,
  openChain,
  parseGenesis,
  SETTINGS,
  stepChain,
  type Verification,
  type Vote,
  voteMessage,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { cheapVerification, withCheapLottery } from '../../vote-chain/simulations/cheap-lottery.js'
import { type NetworkState, networkApplication } from '../src/network/index.js'

export const START_MS = 1_700_000_000_000
export const CYCLE_MS = 300

type Event = { [K in ChainEvent['type']]: Omit<Extract<ChainEvent, { type: K }>, 'nowMs'> }[ChainEvent['type']]
type BlockEffect = Extract<ChainEffect<NetworkState>, { type: 'block' }>
export interface NetworkPeer {
  readonly index: number
  readonly signer: Signer
  chain: ChainState<NetworkState> | undefined
  readonly blocks: Uint8Array[]
  record: Uint8Array | undefined
  wakes: number
}

/** Keys for a scenario: always those of one seed, in the order of their numbers. */
export const signersOf = (seed: number, count: number): readonly Signer[] =>
  Array.from({ length: count }, (_, i) =>
    withCheapLottery(createSigner(sha256(Uint8Array.of(11, seed & 0xff, (seed >> 8) & 0xff, i & 0xff, i >> 8)))),
  )

export function genesisOf(
  peers: readonly Signer[],
  settings: Record<string, number>,
  balances: readonly { readonly account: string; readonly amount: string }[],
): Genesis {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
  const json = {
    protocol: 1,
    settings: { ...usual, ...settings },
    peers: peers.map(({ peerId }) => peerId),
    balances,
    seed: '5a'.repeat(32),
    startMs: START_MS,
  }
  return parseGenesis(JSON.stringify(json))
}

interface Surroundings {
  readonly seed: number
  readonly signers: readonly Signer[]
  readonly genesis: Genesis
  /** Chance that a peer dies before it carries out an effect. */
  readonly crashPerMille?: number
  readonly lossPerMille?: number
}

/**
 * Peers of one network, with the chain, the ledger, the registry and the rules that ship: state machine and application are those of a peer, in the simulator's world. What is not written
 * when a peer dies is lost; what is on its disk comes back.
 */
export class NetworkPeers {
  readonly world: World
  readonly genesis: Genesis
  readonly peers: readonly NetworkPeer[]
  readonly problems: string[] = []
  /** Hashes of the blocks that were final at each height. */
  readonly final = new Map<number, string>()
  readonly verification: Verification
  /** What a peer sends in place of an envelope. */
  tamper: (from: NetworkPeer, to: NetworkPeer, envelope: Uint8Array) => readonly Uint8Array[] = (_, __, envelope) => [envelope]
  onBlock: (peer: NetworkPeer, effect: BlockEffect) => void = () => {}
  onHear: (peer: NetworkPeer, envelope: Uint8Array) => void = () => {}
  readonly #application: ReturnType<typeof networkApplication>
  #crashPerMille: number

  constructor({ seed, signers, genesis, crashPerMille = 0, lossPerMille = 0 }: Surroundings) {
    this.world = new World({ seed, startMs: START_MS, lossPerMille, delayMsMin: 1, delayMsMax: 40 })
    this.genesis = genesis
    this.#crashPerMille = crashPerMille
    this.#application = networkApplication(genesis.network)
    this.verification = cheapVerification(createVerification(genesis.network))
    this.peers = signers.map((signer, index) => ({ index, signer, chain: undefined, blocks: [], record: undefined, wakes: 0 }))
    for (const { index } of this.peers) this.start(index)
  }
  get random(): Random {
    return this.world.random
  }
  /** What a peer takes to be true now; of one that is down, what it took last is not known. */
  stateOf(index: number): NetworkState {
    return (this.peers[index] as NetworkPeer & { chain: ChainState<NetworkState> }).chain.tip.state
  }
  /** The newest state that anybody has. */
  get newest(): NetworkState {
    const tips = this.peers.flatMap(({ chain }) => (chain === undefined ? [] : [chain.tip]))
    return tips.reduce((a, b) => (b.height > a.height ? b : a)).state
  }
  start(index: number): void {
    const peer = this.peers[index] as NetworkPeer
    if (peer.chain !== undefined) return
    const { genesis, world, verification } = this
    const stored = { blocks: peer.blocks, record: peer.record }
    const { state, effects } = openChain({
      genesis,
      application: this.#application,
      signer: peer.signer,
      ...stored,
      verification,
      nowMs: world.nowMs,
    })
    peer.chain = state
    this.#perform(peer, effects)
  }
  stop(index: number): void {
    ;(this.peers[index] as NetworkPeer).chain = undefined
  }
  calm(): void {
    this.#crashPerMille = 0
    this.world.heal(20)
    for (const { index } of this.peers) this.start(index)
  }
  submit(index: number, transaction: Uint8Array): void {
    this.#give(this.peers[index] as NetworkPeer, { type: 'submit', transaction })
  }

  #give(peer: NetworkPeer, event: Event): void {
    if (peer.chain === undefined) return
    const { state, effects } = stepChain(peer.chain, { ...event, nowMs: this.world.nowMs } as ChainEvent)
    peer.chain = state
    this.#perform(peer, effects)
  }
  #perform(peer: NetworkPeer, effects: readonly ChainEffect<NetworkState>[]): void {
    for (const effect of effects) {
      const isMortal = effect.type !== 'count' && effect.type !== 'wake'
      if (isMortal && this.random.chance(this.#crashPerMille)) {
        this.stop(peer.index)
        this.world.after(this.random.between(1, 2_000), () => this.start(peer.index))
        return
      }
      this.#carryOut(peer, effect)
    }
  }
  #carryOut(peer: NetworkPeer, effect: ChainEffect<NetworkState>): void {
    if (effect.type === 'persist') peer.record = effect.bytes
    if (effect.type === 'block') this.#take(peer, effect)
    if (effect.type === 'send') this.#send(peer, effect.to, effect.envelope)
    if (effect.type === 'serve') {
      const reply = blocksReply(peer.blocks.slice(effect.fromHeight - 1, effect.untilHeight), peer.signer, this.genesis.network)
      if (reply !== undefined) this.#send(peer, effect.to, reply)
    }
    if (effect.type !== 'wake') return
    const turn = ++peer.wakes
    this.world.at(effect.atMs, () => {
      if (turn === peer.wakes) this.#give(peer, { type: 'time' })
    })
  }
  #take(peer: NetworkPeer, effect: BlockEffect): void {
    const { height } = effect.block.header
    peer.blocks.push(effect.bytes)
    const hash = hexOf(effect.hash)
    const known = this.final.get(height)
    this.final.set(height, known ?? hash)
    if (known !== undefined && known !== hash) this.problems.push(`two blocks are final at height ${height}`)
    this.onBlock(peer, effect)
  }
  #send(peer: NetworkPeer, to: PeerId, envelope: Uint8Array): void {
    const hearer = this.peers.find(({ signer }) => signer.peerId === to)
    if (hearer === undefined) return
    for (const sent of this.tamper(peer, hearer, envelope)) {
      this.world.post(peer.index, hearer.index, () => {
        this.onHear(hearer, sent)
        this.#give(hearer, { type: 'message', from: peer.signer.peerId, envelope: sent })
      })
    }
  }
}

/** What an envelope votes for; undefined: it is no vote. */
export function voteIn(envelope: Uint8Array): Vote | undefined {
  const payload = peekMessageNumber(envelope) === voteMessage.number ? peekPayload(envelope) : undefined
  return payload === undefined ? undefined : voteMessage.decode(payload)
}
