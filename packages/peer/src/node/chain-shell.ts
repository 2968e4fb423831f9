import type { RecordStore } from '@interpeer/content-store'
import type { PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { type Application, blocksReply, type ChainEffect, type ChainState, type Genesis, openChain, stepChain } from '@interpeer/vote-chain'
import { EffectQueue } from './effect-queue.js'
import type { PeerLog } from './log.js'
import { Waker } from './waker.js'

export interface ChainSurroundings<S> {
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly signer: Signer
  readonly overlay: Overlay
  /** Blocks by height, and under `votes` what this peer must not forget having signed. */
  readonly records: RecordStore
  readonly now: () => number
  /** After each block, in order: the state that it led to. */
  readonly onBlock: (state: S) => void
  /** A voter signed two votes that no honest peer signs together. */
  readonly onFault: (fault: { readonly peer: PeerId; readonly evidence: readonly Uint8Array[] }) => void
  readonly count: (code: string) => void
  readonly log: PeerLog
  readonly fail: (error: unknown) => void
}
const VOTES_KEY = 'votes'
/** After a step that threw: its timer may have been the one that threw. */
const AGAIN_MS = 1_000
const BLOCK_PREFIX = 'block/'
const blockKey = (height: number): string => `${BLOCK_PREFIX}${height.toString().padStart(16, '0')}`

/** The vote-chain on this peer: gives events to the pure machine and acts on its effects. */
export class ChainShell<S> {
  readonly #at: ChainSurroundings<S>
  readonly #effects: EffectQueue<ChainEffect<S>>
  readonly #waker: Waker
  #state: ChainState<S>
  #stopped = false

  constructor(at: ChainSurroundings<S>) {
    this.#at = at
    this.#effects = new EffectQueue(
      (effect) => this.#perform(effect),
      at.fail,
      ({ type }) => type === 'persist',
    )
    this.#waker = new Waker(at.now, () => this.#give({ type: 'time', nowMs: at.now() }))
    const blocks = [...at.records.list(BLOCK_PREFIX)].map(([, bytes]) => bytes)
    const opened = openChain({ ...at, blocks, record: at.records.get(VOTES_KEY), nowMs: at.now() })
    this.#state = opened.state
    this.#effects.add(opened.effects)
  }

  /** The last certified block and the state that it led to. */
  get tip(): ChainState<S>['tip'] {
    return this.#state.tip
  }

  onMessage(from: PeerId, envelope: Uint8Array): void {
    this.#give({ type: 'message', from, envelope, nowMs: this.#at.now() })
  }

  /** Hands a transaction to the network; it is offered again until a block has it. */
  submit(transaction: Uint8Array): void {
    this.#give({ type: 'submit', transaction, nowMs: this.#at.now() })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#waker.stop()
    await this.#effects.stop()
  }

  #give(event: Parameters<typeof stepChain<S>>[1]): void {
    if (this.#stopped) return
    try {
      const { state, effects } = stepChain(this.#state, event)
      this.#state = state
      this.#effects.add(effects)
    } catch (error) {
      // the state is a value, so a step that threw changed nothing: what came is dropped
      this.#at.count('CHAIN_STEP_FAILED')
      this.#at.log.error({ err: error, event: event.type }, 'the chain could not take an event')
      this.#waker.at(event.nowMs + AGAIN_MS)
    }
  }

  #serve({ to, fromHeight, untilHeight }: Extract<ChainEffect<S>, { type: 'serve' }>): void {
    const reply = blocksReply(this.#stored(fromHeight, untilHeight), this.#at.signer, this.#at.genesis.network)
    if (reply !== undefined) this.#at.overlay.send(to, reply)
  }

  *#stored(fromHeight: number, untilHeight: number): Generator<Uint8Array> {
    for (let height = fromHeight; height <= untilHeight; height++) {
      const block = this.#blockAt(height)
      if (block === undefined) return
      yield block
    }
  }

  /** A block that the disk has spoiled is one that this peer can't serve. */
  #blockAt(height: number): Uint8Array | undefined {
    try {
      return this.#at.records.get(blockKey(height))
    } catch {
      this.#at.count('CHAIN_BLOCK_UNREADABLE')
      return undefined
    }
  }

  #perform(effect: ChainEffect<S>): Promise<void> | void {
    const { overlay, records, count } = this.#at
    switch (effect.type) {
      case 'persist':
        return records.put([[VOTES_KEY, effect.bytes]])
      case 'send':
        return overlay.send(effect.to, effect.envelope)
      case 'block':
        return records.put([[blockKey(effect.block.header.height), effect.bytes]]).then(() => this.#at.onBlock(effect.state))
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
