import { type PeerId, peekMessageNumber, peekPayload, type Signer } from '@interpeer/crypto-ids'
import type { Machine, Random, World } from '@interpeer/simulator'
import { blocksReply } from '../src/follow.js'
import { GOSSIP, type GossipRules } from '../src/gossip/gossip.js'
import { numberOfNeighbours } from '../src/gossip/messages.js'
import {
  type Application,
  type ChainEffect,
  type ChainEvent,
  type ChainState,
  type Genesis,
  openChain,
  stepChain,
  type Verification,
  voteMessage,
} from '../src/index.js'
import { Meter } from './costs.js'
import { changed, type Tactic } from './traitors.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
type NodeEvent = WithoutTime<ChainEvent>
/** What the simulated chain agrees on: which bytes came, in order. */
export interface Log {
  readonly electors: readonly PeerId[]
  readonly count: number
  readonly digest: Uint8Array
  /** Coins that were spent, and to whom. */
  readonly spent: ReadonlyMap<number, number>
}
export interface Surroundings {
  readonly world: World
  readonly genesis: Genesis
  readonly application: Application<Log>
  readonly verification: Verification
  readonly gossip?: GossipRules | undefined
  readonly nodes: readonly ChainNode[]
  /** Told of each block that is final at a node, before it is on the disk. */
  readonly onBlock: (node: ChainNode, effect: Extract<ChainEffect<Log>, { type: 'block' }>) => void
  readonly onStep: (node: ChainNode, before: ChainState<Log>, after: ChainState<Log>) => void
  readonly onCount: (node: ChainNode, code: string) => void
  /** Told of each message that it hands to the network, and of each that it hears. */
  readonly onSay: (node: ChainNode, to: PeerId, envelope: Uint8Array) => void
  readonly onHear: (node: ChainNode, from: PeerId, envelope: Uint8Array) => void
}
const RESTART_MS = 1_000
const RECORD = 'votes'
const blockName = (height: number): string => `block ${height}`

/** A message's number; of a vote its kind, so that a storm can hunt each by itself. */
function kindOf(envelope: Uint8Array): number | string {
  const number = numberOfNeighbours(envelope) ?? peekMessageNumber(envelope) ?? -1
  const payload = number === voteMessage.number ? peekPayload(envelope) : undefined
  return payload === undefined ? number : voteMessage.decode(payload).kind
}

/**
 * One elector or observer on its machine, with the shell that the README asks for: effects in order, and nothing acted on before what stands ahead of it
 * is on the disk. A crash forgets all but the disk; it may come between any two effects.
 */
export class ChainNode {
  state: ChainState<Log> | undefined
  readonly machine: Machine
  readonly signer: Signer
  readonly around: Surroundings
  readonly random: Random
  readonly tactics: readonly Tactic[]
  readonly #meter: Meter
  #waiting: ChainEffect<Log>[] = []
  #isSyncing = false
  #life = 0
  #wakeAtMs: number | undefined
  #lastMs = 0

  /** @param tactics what it does instead of what is right; none: it is honest */
  constructor(machine: Machine, signer: Signer, around: Surroundings, tactics: readonly Tactic[] = []) {
    this.machine = machine
    this.signer = signer
    this.around = around
    this.tactics = tactics
    this.random = machine.random
    this.#meter = new Meter(signer, around.verification)
    machine.host({ start: () => this.#start(), stop: () => this.#stop() })
  }

  get index(): number {
    return this.machine.index
  }
  get isHonest(): boolean {
    return this.tactics.length === 0
  }
  get height(): number {
    return this.state?.tip.height ?? 0
  }
  get nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.machine.nowMs)
    return this.#lastMs
  }

  tell(event: NodeEvent): void {
    this.machine.work(() => {
      if (this.state === undefined) return { costUs: 0 }
      const before = this.state
      const { state, effects } = stepChain(before, { ...event, nowMs: this.nowMs } as ChainEvent)
      this.state = state
      this.around.onStep(this, before, state)
      return { costUs: this.#meter.take(), done: () => this.#add(effects) }
    })
  }

  /** Hands an envelope to the network as it is. */
  post(to: PeerId, envelope: Uint8Array): void {
    const { world, nodes } = this.around
    const hearer = nodes.find(({ signer }) => signer.peerId === to)
    if (hearer === undefined) return
    const letter = { kind: kindOf(envelope), bytes: envelope }
    world.post(this.index, hearer.index, () => hearer.hear(this.signer.peerId, envelope), letter)
  }

  hear(from: PeerId, envelope: Uint8Array): void {
    for (const { hear } of this.tactics) hear?.(this, envelope)
    this.around.onHear(this, from, envelope)
    this.tell({ type: 'message', from, envelope })
  }

  #start(): void {
    const { genesis, application, gossip = GOSSIP } = this.around
    const { disk } = this.machine
    this.#lastMs = 0
    const blocks: Uint8Array[] = []
    for (let block = disk.read(blockName(1)); block !== undefined; block = disk.read(blockName(blocks.length + 1))) blocks.push(block)
    const record = this.tactics.some(({ forgets }) => forgets) ? undefined : disk.read(RECORD)
    const options = { genesis, application, signer: this.#meter.signer, blocks, record, nowMs: this.nowMs, gossip }
    const { state, effects } = openChain({ ...options, verification: this.#meter.verification })
    this.state = state
    this.#meter.take()
    this.#add(effects)
  }
  #stop(): void {
    this.state = undefined
    this.#life++
    this.#waiting = []
    this.#isSyncing = false
    this.#wakeAtMs = undefined
  }

  #add(effects: readonly ChainEffect<Log>[]): void {
    if (this.state === undefined) return
    this.#waiting.push(...effects)
    if (!this.#isSyncing) this.#perform()
  }
  #perform(): void {
    const life = this.#life
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
      if (!this.machine.acts() || this.#life !== life) return
      if (effect.type === 'persist' || effect.type === 'block') {
        this.#write(effect)
        return
      }
      this.#act(effect)
      if (this.#life !== life) return
    }
  }
  #write(effect: Extract<ChainEffect<Log>, { type: 'persist' | 'block' }>): void {
    const { disk } = this.machine
    if (effect.type === 'persist') disk.writeRecord(RECORD, effect.bytes)
    else {
      this.around.onBlock(this, effect)
      disk.writeRecord(blockName(effect.block.header.height), effect.bytes)
    }
    this.#isSyncing = true
    disk.sync((failure) => {
      this.#isSyncing = false
      // who can't write must not go on: it leaves, and is started again until it can
      if (failure !== undefined) this.machine.crash({ keptPerMille: 0, torn: false }, RESTART_MS)
      else this.#perform()
    })
  }
  #act(effect: Exclude<ChainEffect<Log>, { type: 'persist' | 'block' }>): void {
    if (effect.type === 'count') this.around.onCount(this, effect.code)
    else if (effect.type === 'send') this.#send(effect.to, effect.envelope)
    else if (effect.type === 'wake') this.#wakeAt(effect.atMs)
    else if (effect.type === 'serve') {
      const stored = this.#stored(effect.fromHeight, effect.untilHeight)
      const reply = blocksReply(stored, this.signer, this.around.genesis.network)
      if (reply !== undefined) this.#send(effect.to, reply)
    }
  }
  *#stored(fromHeight: number, untilHeight: number): Generator<Uint8Array> {
    for (let height = fromHeight; height <= untilHeight; height++) {
      const block = this.machine.disk.read(blockName(height))
      if (block === undefined) return
      yield block
    }
  }
  #send(to: PeerId, envelope: Uint8Array): void {
    let envelopes: readonly Uint8Array[] = [envelope]
    for (const tactic of this.tactics) envelopes = envelopes.flatMap((one) => changed(this, to, one, tactic))
    for (const one of envelopes) {
      this.around.onSay(this, to, one)
      this.post(to, one)
    }
  }
  /** One timer; the latest time counts. A timer knows nothing of a clock that is set, so it may have to wait once more. */
  #wakeAt(atMs: number): void {
    this.#wakeAtMs = atMs
    this.machine.later(atMs - this.nowMs, () => {
      if (this.#wakeAtMs !== atMs) return
      if (this.nowMs < atMs) this.#wakeAt(atMs)
      else this.tell({ type: 'time' })
    })
  }
}
