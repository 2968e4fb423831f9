import type { PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  type Application,
  blocksReply,
  type ChainEffect,
  type ChainState,
  decodeBlock,
  type Genesis,
  isTrusted,
  stepChain,
} from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import type { ChainStore } from './chain-store.js'
import { EffectQueue } from './effect-queue.js'
import type { PeerLog } from './log.js'
import { Waker } from './waker.js'

export interface ChainSurroundings<S> {
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly signer: Signer
  readonly overlay: Overlay
  readonly store: ChainStore
  /** `genesis`: every stored block is applied again. Default `checkpoints`. */
  readonly sync?: 'checkpoints' | 'genesis' | undefined
  /** Hashes of blocks that others may hand on without certificates. */
  readonly proven?: ((height: number) => Uint8Array | undefined) | undefined
  readonly now: () => number
  /** After each block, in order: the state that it led to. */
  readonly onBlock: (state: S) => void
  /** A voter signed two votes that no honest peer signs together. */
  readonly onFault: (fault: { readonly peer: PeerId; readonly evidence: readonly Uint8Array[] }) => void
  /** At the start and after each block: the new tip, before the block is written. What it throws after a block is counted, and changes nothing. */
  readonly onTip?: (tip: ChainState<S>['tip']) => void
  readonly count: (code: string) => void
  readonly log: PeerLog
  readonly fail: (error: unknown) => void
  /** This process was not woken for so long that its tip is trusted no more: it takes part again when this says that it may, and `fail`s when it throws. */
  readonly onSleep?: ((tip: ChainState<S>['tip']) => Promise<void>) | undefined
}
/** After a step that threw: its timer may have been the one that threw. */
const AGAIN_MS = 1_000

/** Where a transaction was found. */
export interface Found {
  readonly height: number | undefined
  readonly whole: boolean
}

/** The vote-chain on this peer: gives events to the pure machine and acts on its effects. */
export class ChainShell<S> {
  readonly #at: ChainSurroundings<S>
  readonly #effects: EffectQueue<ChainEffect<S>>
  readonly #waker: Waker
  #state: ChainState<S>
  #stopped = false
  /** When it was last given anything, at the latest once a cycle; undefined: it waits whether it may go on. */
  #awakeMs: number | undefined

  constructor(at: ChainSurroundings<S>) {
    this.#at = at
    this.#effects = new EffectQueue((effect) => this.#perform(effect), at.fail, { isWrite: ({ type }) => type === 'persist' })
    this.#waker = new Waker(at.now, () => this.#give({ type: 'time', nowMs: at.now() }))
    const opened = at.store.open({ ...at, nowMs: at.now() }, at.log, at.sync)
    this.#state = opened.state
    this.#awakeMs = at.now()
    this.#take(opened.effects)
  }

  /** The last certified block and the state that it led to. */
  get tip(): ChainState<S>['tip'] {
    return this.#state.tip
  }

  onMessage(from: PeerId, envelope: Uint8Array): void {
    this.#give({ type: 'message', from, envelope, nowMs: this.#at.now() })
  }

  /** Hands a transaction to the network; it is offered again until a block has it. A code: this peer does not take it. */
  submit(transaction: Uint8Array): string | undefined {
    const effects = this.#give({ type: 'submit', transaction, nowMs: this.#at.now() })
    if (this.#awakeMs === undefined) return 'CHAIN_ASLEEP'
    const counted = effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))
    return counted.find((code) => code !== 'TX_KNOWN')
  }

  /**
   * The height of the block that has a transaction, from a height on. `whole`: all blocks since are here, so without a height none of them has it.
   */
  async find(transaction: Uint8Array, fromHeight: number): Promise<Found> {
    await this.written()
    let whole = true
    for (let height = fromHeight; height <= this.tip.height; height++) {
      const block = this.#at.store.block(height)
      if (block === undefined) whole = false
      else if (decodeBlock(block).body.transactions.some((one) => sameBytes(one, transaction))) return { height, whole }
    }
    return { height: undefined, whole }
  }

  /** Resolves when all blocks up to the tip are on the disk: a moment after their states. */
  written(): Promise<void> {
    return this.#effects.performed()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#waker.stop()
    await this.#effects.stop()
  }

  #give(event: Parameters<typeof stepChain<S>>[1]): readonly ChainEffect<S>[] {
    if (this.#stopped || !this.#isAwake(event.nowMs)) return []
    try {
      const { state, effects } = stepChain(this.#state, event)
      this.#state = state
      this.#take(effects)
      return effects
    } catch (error) {
      // the state is a value, so a step that threw changed nothing: what came is dropped
      this.#at.count('CHAIN_STEP_FAILED')
      this.#at.log.error({ err: error, event: event.type }, 'the chain could not take an event')
      this.#waker.at(event.nowMs + AGAIN_MS)
      return []
    }
  }

  /** What a step leads to is performed whatever becomes of those who are told: its state stands already. They are told first, since what is performed may lead to the next step. */
  #take(effects: readonly ChainEffect<S>[]): void {
    for (const effect of effects) {
      try {
        if (effect.type === 'block') this.#at.onTip?.(effect.tip)
      } catch (error) {
        this.#at.count('CHAIN_STEP_FAILED')
        this.#at.log.error({ err: error }, 'a new block was not taken note of')
      }
    }
    this.#effects.add(effects)
  }

  #isAwake(nowMs: number): boolean {
    const { genesis, onSleep, fail, now } = this.#at
    if (this.#awakeMs === undefined) return false
    // a chain that stood still while this process ran has an old tip, and nobody slept
    const slept = !isTrusted(genesis, { height: this.tip.height, timeMs: this.#awakeMs }, nowMs)
    this.#awakeMs = Math.max(this.#awakeMs, nowMs)
    if (!slept || onSleep === undefined) return true
    this.#awakeMs = undefined
    onSleep(this.tip).then(() => {
      this.#awakeMs = now()
      this.#give({ type: 'time', nowMs: now() })
    }, fail)
    return false
  }

  #serve({ to, fromHeight, untilHeight }: Extract<ChainEffect<S>, { type: 'serve' }>): void {
    const reply = blocksReply(this.#stored(fromHeight, untilHeight), this.#at.signer, this.#at.genesis.network)
    if (reply !== undefined) this.#at.overlay.send(to, reply)
  }

  *#stored(fromHeight: number, untilHeight: number): Generator<Uint8Array> {
    for (let height = fromHeight; height <= untilHeight; height++) {
      const block = this.#at.store.block(height)
      if (block === undefined) return
      yield block
    }
  }

  #perform(effect: ChainEffect<S>): Promise<void> | void {
    const { overlay, store, count } = this.#at
    switch (effect.type) {
      case 'persist':
        return store.persist(effect.bytes)
      case 'send':
        return overlay.send(effect.to, effect.envelope)
      case 'block':
        return store
          .put(effect.block.header.height, effect.bytes, effect.checkpoint, effect.spare)
          .then(() => this.#at.onBlock(effect.state))
      case 'serve':
        return this.#serve(effect)
      case 'wake':
        return this.#waker.at(effect.atMs)
      case 'fault':
        this.#at.log.warn({ peer: effect.peer }, 'a peer voted for two blocks')
        return this.#at.onFault(effect)
      case 'count':
        return count(effect.code)
    }
  }
}
