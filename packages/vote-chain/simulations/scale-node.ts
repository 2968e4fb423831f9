import type { PeerId, Signer } from '@interpeer/crypto-ids'
import type { Machine, World } from '@interpeer/simulator'
import { blocksReply } from '../src/follow.js'
import { type ChainEffect, type ChainEvent, type ChainState, stepChain, type Verification } from '../src/index.js'
import { Meter, type Names, WARM_COSTS_US } from './costs.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
/** Until what was written is on the disk. */
const SYNC_MS = 2
const BLOCKS_KEPT = 2

export interface ScaleSurroundings<S> {
  readonly world: World
  readonly post: (from: number, to: PeerId, envelope: Uint8Array) => void
  readonly onBlock: (node: number, effect: Extract<ChainEffect<S>, { type: 'block' }>) => void
  readonly onCount: (code: string) => void
}

/** One of very many electors: its processor is charged, its disk takes its time and never fails. */
export class ScaleNode<S> {
  readonly machine: Machine
  readonly signer: Signer
  state: ChainState<S>
  readonly #around: ScaleSurroundings<S>
  readonly #meter: Meter
  /** The last ones: who is further behind is not helped here. */
  readonly #blocks = new Map<number, Uint8Array>()
  #waiting: ChainEffect<S>[] = []
  #isSyncing = false
  #wakeAtMs: number | undefined

  /** @param opened a chain that was opened for any of the peers: all begin alike, and share what is large */
  constructor(
    machine: Machine,
    signer: Signer,
    opened: ChainState<S>,
    verification: Verification,
    names: Names,
    around: ScaleSurroundings<S>,
  ) {
    this.machine = machine
    this.signer = signer
    this.#around = around
    this.#meter = new Meter(signer, verification, WARM_COSTS_US, names)
    const { signer: own, verification: checks } = this.#meter
    this.state = { ...opened, fixed: { ...opened.fixed, signer: own, verification: checks } }
    machine.host({ start: () => this.tell({ type: 'time' }), stop: () => {} })
  }

  tell(event: WithoutTime<ChainEvent>): void {
    this.machine.work(() => {
      const { state, effects } = stepChain(this.state, { ...event, nowMs: this.machine.nowMs } as ChainEvent)
      this.state = state
      return { costUs: this.#meter.take(), done: () => this.#add(effects) }
    })
  }

  #add(effects: readonly ChainEffect<S>[]): void {
    if (effects.length === 0) return
    this.#waiting.push(...effects)
    if (!this.#isSyncing) this.#perform()
  }
  #perform(): void {
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
      if (effect.type === 'persist' || effect.type === 'block') {
        if (effect.type === 'block') {
          this.#blocks.set(effect.block.header.height, effect.bytes)
          this.#blocks.delete(effect.block.header.height - BLOCKS_KEPT)
          this.#around.onBlock(this.machine.index, effect)
        }
        this.#isSyncing = true
        this.#around.world.after(SYNC_MS, () => {
          this.#isSyncing = false
          this.#perform()
        })
        return
      }
      this.#act(effect)
    }
  }
  #act(effect: Exclude<ChainEffect<S>, { type: 'persist' | 'block' }>): void {
    if (effect.type === 'send') this.#around.post(this.machine.index, effect.to, effect.envelope)
    else if (effect.type === 'count') this.#around.onCount(effect.code)
    else if (effect.type === 'wake') this.#wakeAt(effect.atMs)
    else if (effect.type === 'fault') this.#around.onCount('FAULT')
    else {
      const stored = [...this.#blocks].flatMap(([height, bytes]) =>
        height >= effect.fromHeight && height <= effect.untilHeight ? [bytes] : [],
      )
      const reply = blocksReply(stored, this.signer, this.state.fixed.network)
      if (reply !== undefined) this.#around.post(this.machine.index, effect.to, reply)
    }
  }
  #wakeAt(atMs: number): void {
    this.#wakeAtMs = atMs
    this.machine.later(atMs - this.machine.nowMs, () => {
      if (this.#wakeAtMs === atMs) this.tell({ type: 'time' })
    })
  }
}
