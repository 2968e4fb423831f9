import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { World } from '@interpeer/simulator'
import { hexOf } from '@interpeer/wire-codec'
import { type Juror, type JurorEffect, type JurorEvent, type JurorSetup, openJuror, readStateBlock, stepJuror } from '../src/index.js'
import { execute, verification } from './jobs.js'

type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
interface Around {
  readonly runMs: () => number
  readonly isSlow: boolean
  readonly crashPerMille: number
  /** What its own disk had before. */
  readonly own?: (name: string) => Uint8Array | undefined
  /** What a peer has of this name, if it gives it to this juror. */
  readonly fetch: (node: JurorNode, from: PeerId, name: string) => Uint8Array | undefined
  readonly onEffect: (node: JurorNode, effect: JurorEffect) => void
  readonly onCrash: () => void
}
/** A juror with its disk. A crash forgets all but the disk; it may come after any effect, so also between `persist` and `verdict`. */
export class JurorNode {
  juror: Juror | undefined
  record: Uint8Array | undefined
  /** It came back without a verdict when fetching was over: it never asked in this life, and says so (jury.md, 12). */
  cameLate = false
  /** Blocks by CID, batches by hash. */
  readonly disk = new Map<string, Uint8Array>()
  readonly index: number
  readonly self: Signer
  readonly setup: JurorSetup
  readonly world: World
  readonly around: Around
  #life = 0
  #wakeAtMs: number | undefined

  constructor(index: number, self: Signer, setup: JurorSetup, world: World, around: Around) {
    this.index = index
    this.self = self
    this.setup = setup
    this.world = world
    this.around = around
  }
  open(): void {
    if (this.juror !== undefined) return
    const { state, effects } = openJuror(this.setup, this.self, this.world.nowMs, this.record, verification)
    this.juror = state
    if (state.late && state.verdict === undefined) this.cameLate = true
    this.#perform(effects)
  }
  tell(event: WithoutTime<JurorEvent>): void {
    if (this.juror === undefined) return
    const { state, effects } = stepJuror(this.juror, { ...event, nowMs: this.world.nowMs } as JurorEvent)
    this.juror = state
    this.#perform(effects)
  }
  #perform(effects: readonly JurorEffect[]): void {
    for (const effect of effects) {
      this.around.onEffect(this, effect)
      this.#act(effect)
      // the worst moment is right after the record is on disk
      const perMille = effect.type === 'persist' ? 400 : this.around.crashPerMille
      if (!this.world.random.chance(perMille)) continue
      this.#crash()
      return
    }
  }
  #crash(): void {
    this.juror = undefined
    this.#life++
    this.around.onCrash()
    this.world.after(this.world.random.between(10, 1_500), () => this.open())
  }
  #act(effect: JurorEffect): void {
    if (effect.type === 'store') for (const { cid, bytes } of effect.blocks) this.disk.set(cid, bytes)
    else if (effect.type === 'persist') this.record = effect.bytes
    else if (effect.type === 'fetch-state') this.#fetchState(effect.root, effect.from)
    else if (effect.type === 'fetch-batches') {
      for (const hash of effect.hashes) this.#fetch(hexOf(hash), effect.from, (bytes) => this.tell({ type: 'batch', bytes }))
    } else if (effect.type === 'fetch-bodies') {
      for (const { cid } of effect.requests) this.#fetch(cid, effect.from, () => this.tell({ type: 'bodies', cids: [cid] }))
    } else if (effect.type === 'execute') {
      const result = execute(effect)
      this.#later(this.around.runMs(), () => this.tell({ type: 'executed', batch: effect.batch, from: effect.from, result }))
    } else if (effect.type === 'wake') {
      const { atMs } = effect
      this.#wakeAtMs = atMs
      this.#later(atMs - this.world.nowMs, () => {
        if (this.#wakeAtMs === atMs) this.tell({ type: 'time' })
      })
    }
  }
  #fetchState(root: ContentId, from: readonly PeerId[]): void {
    this.#fetch(root, from, (block) => {
      const pages = new Map<ContentId, Uint8Array>()
      const { parts } = readStateBlock(block)
      const tell = () => {
        if (parts.every((cid) => pages.has(cid)))
          this.tell({ type: 'state', root, block, pages: parts.map((cid) => pages.get(cid) as Uint8Array) })
      }
      tell()
      for (const cid of parts)
        this.#fetch(cid, from, (bytes) => {
          pages.set(cid, bytes)
          tell()
        })
    })
  }
  /** Own disk first; then each is asked over the network, either way of which may be lost. */
  #fetch(name: string, from: readonly PeerId[], then: (bytes: Uint8Array) => void): void {
    const life = this.#life
    const own = this.disk.get(name) ?? this.around.own?.(name)
    if (own !== undefined) this.#later(1, () => then(own))
    if (own !== undefined) return
    for (const peer of from) {
      this.world.post(this.index, -2, () => {
        const found = this.around.fetch(this, peer, name)
        if (found === undefined) return
        this.world.post(-2, this.index, () => {
          const known = this.disk.has(name)
          this.disk.set(name, found)
          if (this.#life === life && !known) then(found)
        })
      })
    }
  }
  #later(ms: number, act: () => void): void {
    const life = this.#life
    this.world.after(Math.max(0, ms), () => {
      if (this.#life === life) act()
    })
  }
}
