import { type ContentId, peekPayload } from '@interpeer/crypto-ids'
import {
  finalMessage,
  type GroupContext,
  openShadow,
  type Payment,
  readBatch,
  type Shadow,
  type ShadowEffect,
  type ShadowEvent,
  shadowReferences,
  stateEventOf,
  stepShadow,
  verifyClosing,
} from '@interpeer/peer-group'
import { blockIn, holdDag, sourcesOf } from './block-source.js'
import { EffectQueue } from './effect-queue.js'
import type { Surroundings } from './group-shell.js'
import { putWhenRoom } from './put-when-room.js'
import { repair, withRepair } from './repair.js'
import { batchOf, runBatch } from './run-batch.js'

/**
 * A newcomer before it takes its seat (design §6, Hand-over): fetches the state from several members and runs what the old group makes final
 * on its own copy, so that it knows that it agrees before it is asked to.
 */
export class ShadowShell {
  readonly context: GroupContext
  readonly #around: Surroundings
  readonly #effects: EffectQueue<ShadowEffect>
  readonly #stop = new AbortController()
  #shadow: Shadow
  #wanted: ContentId | undefined

  constructor(context: GroupContext, around: Surroundings) {
    this.context = context
    this.#around = around
    this.#shadow = openShadow(context)
    this.#effects = new EffectQueue((effect) => this.#perform(effect), around.fail, { isWrite: ({ type }) => type === 'store' })
  }

  /** In how many steps it reached the group's answer itself. */
  get matched(): number {
    return this.#shadow.matched
  }

  /** What it needs of the store, each block with all below it. */
  references(): ReadonlySet<ContentId> {
    return shadowReferences(this.#shadow)
  }

  give(event: ShadowEvent): void {
    if (this.#stop.signal.aborted) return
    try {
      const { state, effects } = stepShadow(this.#shadow, event)
      this.#shadow = state
      this.#effects.add(effects)
    } catch (error) {
      this.#around.count('STEP_FAILED')
      this.#around.log.error({ err: error, event: event.type }, 'a shadow could not take an event')
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#effects.stop()
  }

  #perform(effect: ShadowEffect): Promise<void> | void {
    const { store, log, count } = this.#around
    switch (effect.type) {
      case 'store':
        return putWhenRoom(effect.blocks, { store, count, signal: this.#stop.signal, onFull: () => {} })
      case 'fetch-state':
        void this.#fetchState(effect.root)
        return
      case 'execute':
        void this.#execute(effect)
        return
      case 'matched':
        return count('SHADOW_MATCHED')
      case 'mismatched':
        log.warn({ step: effect.step, state: effect.state }, 'this peer came to another answer than the group that it is to join')
        return count('SHADOW_MISMATCHED')
      case 'count':
        return count(effect.code)
    }
  }

  async #execute(effect: Extract<ShadowEffect, { type: 'execute' }>): Promise<void> {
    const { batch, from } = effect
    const { store, scripts, requests: known, exchange, holdBlocks } = this.#around
    const work = batchOf(effect, this.context)
    const release = holdBlocks()
    try {
      // a request's block, and the pieces of its body where it links to them
      await exchange.fetchDag(work.requests, sourcesOf(this.#around, this.context.members, this.#stop.signal))
      const run = () => runBatch(work, store, scripts, known)
      const result = await withRepair(run, (missing) => repair(missing, this.#around, this.context.members, this.#stop.signal))
      this.give({ type: 'executed', batch, from, result: result ?? { type: 'abstained' } })
    } catch (error) {
      this.#around.log.debug({ err: error }, 'a shadowed step could not be run')
      this.give({ type: 'executed', batch, from, result: { type: 'abstained' } })
    }
    await this.#effects.performed()
    release()
  }

  async #fetchState(root: ContentId): Promise<void> {
    this.#wanted = root
    const isWanted = () => this.#wanted === root
    if (!(await holdDag(root, this.#around, () => this.context.members, this.#stop.signal, isWanted))) return
    const event = stateEventOf(root, (cid) => blockIn(this.#around, cid))
    if (event !== undefined) this.give(event)
  }
}

/** What an epoch ended with. */
export interface Closed {
  readonly state: ContentId
  readonly timeMs: number
  readonly payments: readonly Payment[]
}
/** A closing certificate inside a member's `group-final`, if that is what it is. */
export function closingOf(envelope: Uint8Array, context: GroupContext): Closed | undefined {
  try {
    const { certificate, batch } = finalMessage.decode(peekPayload(envelope) ?? new Uint8Array())
    const { closing, disputed, final, payments } = readBatch(batch).value
    if (!closing || disputed > final) return undefined
    const { state, timeMs } = verifyClosing(certificate, batch, context)
    return { state, timeMs, payments }
  } catch {
    return undefined // not one, or one that does not hold: the shadow counts it
  }
}
