import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Random, World } from '@interpeer/simulator'
import {
  type ExecutionResult,
  type Group,
  type GroupEffect,
  type GroupEvent,
  type GroupSetup,
  openGroup,
  type RequestRef,
  readStateBlock,
  stateEventOf,
  stepGroup,
} from '../src/index.js'
import type { Watcher } from './checks.js'
import { verification } from './jobs.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
export interface Surroundings {
  readonly world: World
  readonly watcher: Watcher
  /** Members that hear what is sent to a peer: more than one if it has twins. */
  readonly hearers: (peer: PeerId, from: Member) => readonly Member[]
  /** An adversary on the wire may take what it likes. */
  readonly taken: (envelope: Uint8Array) => boolean
  readonly onEffect: (member: Member, effect: GroupEffect) => void
  /** How long a run takes, and what comes of it. */
  readonly run: (member: Member, effect: GroupEffect & { type: 'execute' }) => { readonly ms: number; readonly result: ExecutionResult }
}

/** One member with its disk. A crash forgets all but the disk; it may come after any effect, so also between `persist` and `send`. */
export class Member {
  group: Group | undefined
  readonly blocks = new Map<ContentId, Uint8Array>()
  record: Uint8Array | undefined
  /** The next crash comes after so many more effects. */
  crashAfter: number | undefined
  crashes = 0
  clockSkewMs = 0
  #life = 0
  #wakeAtMs: number | undefined
  readonly index: number
  readonly signer: Signer
  readonly setup: GroupSetup
  readonly around: Surroundings
  readonly random: Random

  constructor(index: number, signer: Signer, setup: GroupSetup, around: Surroundings) {
    this.index = index
    this.signer = signer
    this.setup = setup
    this.around = around
    this.random = around.world.random.fork()
  }

  get nowMs(): number {
    return this.around.world.nowMs + this.clockSkewMs
  }

  open(): void {
    if (this.group !== undefined) return
    const { state, effects } = openGroup(this.setup, this.signer, this.nowMs, this.record, verification)
    this.group = state
    this.perform(effects)
  }

  crash(): void {
    if (this.group === undefined) return
    this.group = undefined
    this.crashAfter = undefined
    this.crashes++
    this.#life++
    this.#wakeAtMs = undefined
  }

  tell(event: WithoutTime<GroupEvent>): void {
    if (this.group === undefined) return
    const { state, effects } = stepGroup(this.group, { ...event, nowMs: this.nowMs } as GroupEvent)
    this.group = state
    this.perform(effects)
  }

  perform(effects: readonly GroupEffect[]): void {
    for (const effect of effects) {
      if (this.crashAfter !== undefined && this.crashAfter-- <= 0) this.crash()
      if (this.group === undefined) return
      this.around.watcher.effect(this.signer.peerId, this.setup.epoch, this.setup.members.length, effect)
      this.around.onEffect(this, effect)
      if (this.group === undefined) return
      this.#act(effect)
    }
  }

  #act(effect: GroupEffect): void {
    const { world, hearers, run, taken } = this.around
    if (effect.type === 'store') for (const { cid, bytes } of effect.blocks) this.blocks.set(cid, bytes)
    else if (effect.type === 'persist') this.record = effect.bytes
    else if (effect.type === 'send') {
      for (const peer of effect.to) {
        for (const hearer of hearers(peer, this)) {
          if (taken(effect.envelope)) continue
          world.post(this.index, hearer.index, () => hearer.tell({ type: 'message', from: this.signer.peerId, envelope: effect.envelope }))
        }
      }
    } else if (effect.type === 'execute') {
      const { ms, result } = run(this, effect)
      this.#later(ms, () => this.tell({ type: 'executed', batch: effect.batch, from: effect.from, result }))
    } else if (effect.type === 'fetch-bodies') this.#fetchBodies(effect.requests, effect.from)
    else if (effect.type === 'fetch-state') this.#fetchState(effect.root, effect.from)
    else if (effect.type === 'wake') {
      this.#wakeAtMs = effect.atMs
      const { atMs } = effect
      this.#later(atMs - this.nowMs, () => {
        if (this.#wakeAtMs === atMs) this.tell({ type: 'time' })
      })
    }
  }

  #fetchBodies(requests: readonly RequestRef[], from: readonly PeerId[]): void {
    const have = requests.filter(({ cid }) => this.blocks.has(cid))
    if (have.length > 0) this.#later(1, () => this.tell({ type: 'bodies', cids: have.map(({ cid }) => cid) }))
    for (const { cid } of requests.filter((ref) => !have.includes(ref))) {
      this.#fetch(cid, from, () => this.tell({ type: 'bodies', cids: [cid] }))
    }
  }

  #fetchState(root: ContentId, from: readonly PeerId[]): void {
    const tell = () => {
      const event = stateEventOf(root, (cid) => this.blocks.get(cid))
      if (event !== undefined) this.tell(event)
    }
    const block = this.blocks.get(root)
    const pages = block === undefined ? [] : readStateBlock(block).pages
    const missing = pages.filter((cid) => !this.blocks.has(cid))
    if (block === undefined) this.#fetch(root, from, () => this.#fetchState(root, from))
    else if (missing.length === 0) this.#later(1, tell)
    for (const cid of missing) this.#fetch(cid, from, tell)
  }

  /** Asks each in turn over the network: a question there and an answer back, either of which may be lost. */
  #fetch(cid: ContentId, from: readonly PeerId[], then: () => void): void {
    const { world, hearers } = this.around
    const life = this.#life
    for (const peer of from) {
      for (const holder of hearers(peer, this)) {
        world.post(this.index, holder.index, () => {
          const block = holder.group === undefined ? undefined : holder.blocks.get(cid)
          if (block === undefined) return
          world.post(holder.index, this.index, () => {
            if (this.#life !== life || this.blocks.has(cid)) return
            this.blocks.set(cid, block)
            then()
          })
        })
      }
    }
  }

  /** Later in this life: a crash forgets it. */
  #later(ms: number, act: () => void): void {
    const life = this.#life
    this.around.world.after(Math.max(0, ms), () => {
      if (this.#life === life) act()
    })
  }
}
