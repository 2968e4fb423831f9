import { randomBytes } from 'node:crypto'
import { contentIdOfBytes, sha256 } from '@interpeer/crypto-ids'
import {
  challengeMessage,
  challengeReplyMessage,
  type GroupContext,
  type GroupEffect,
  OWN_WORK_MESSAGES,
  type OwnWork,
  type OwnWorkEffect,
  type OwnWorkEvent,
  openOwnWork,
  readBatch,
  stepOwnWork,
} from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { batchBlockId } from '../batch-block.js'
import { numberOf } from '../message-number.js'
import type { Surroundings } from './group-shell.js'
import { Waker } from './waker.js'

/** Batches that it has the bytes of, for a jury: of the newest final steps. */
const BATCHES_MAX = 8
/** Runs that it knows the time of: those, and some that are not final yet. */
const RUNS_MAX = 16

type Stateless<E> = E extends unknown ? Omit<E, 'nowMs'> : never

/** One epoch's watch over the other members' own work, beside its group: it is told what the group is told, and what came of it. */
export class OwnWorkShell {
  readonly #context: GroupContext
  readonly #around: Surroundings
  readonly #waker: Waker
  #work: OwnWork
  /** By hash in hexadecimal, the oldest first. */
  readonly #batches = new Map<string, Uint8Array>()
  /** What this peer's runs took, in ms; by batch like those. */
  readonly #tookMs = new Map<string, number>()

  constructor(context: GroupContext, around: Surroundings) {
    this.#context = context
    this.#around = around
    this.#work = openOwnWork(context, around.signer, new Uint8Array(randomBytes(32)), {}, around.verification)
    this.#waker = new Waker(around.now, () => this.give({ type: 'time' }))
  }

  /** Whether a message is for this watch alone. */
  static isOwn(envelope: Uint8Array): boolean {
    const number = numberOf(envelope)
    return number === challengeMessage.number || number === challengeReplyMessage.number
  }

  /** `message`: any of the group's; those that tell it nothing are left alone. */
  give(event: Stateless<OwnWorkEvent>): void {
    if (event.type === 'message' && !OWN_WORK_MESSAGES.includes(numberOf(event.envelope) ?? -1)) return
    try {
      const { state, effects } = stepOwnWork(this.#work, { ...event, nowMs: this.#around.now() } as OwnWorkEvent)
      this.#work = state
      for (const effect of effects) this.#perform(effect)
    } catch (error) {
      // the state is a value, so nothing changed; and the group goes on without it
      this.#around.count('OWN_WORK_FAILED')
      this.#around.log.error({ err: error, event: event.type, epoch: this.#context.epoch }, 'own work could not be looked after')
    }
  }

  ran(event: Stateless<OwnWorkEvent & { type: 'ran' }>, tookMs: number): void {
    this.#tookMs.set(hexOf(event.batch), tookMs)
    for (const [oldest] of this.#tookMs) if (this.#tookMs.size > RUNS_MAX) this.#tookMs.delete(oldest)
    this.give(event)
  }

  final({ certificate, batch, files, requests }: GroupEffect & { type: 'final' }): void {
    if (requests.length > 0) this.#batches.set(hexOf(sha256(batch)), batch)
    for (const [oldest] of this.#batches) if (this.#batches.size > BATCHES_MAX) this.#batches.delete(oldest)
    this.give({ type: 'final', certificate, batch, files, responses: requests.map(({ response }) => response) })
  }

  close(): void {
    this.#waker.stop()
  }

  #perform(effect: OwnWorkEffect): void {
    const { overlay, log, count, complaints } = this.#around
    if (effect.type === 'send') overlay.send(effect.to, effect.envelope)
    else if (effect.type === 'wake') this.#waker.at(effect.atMs)
    else if (effect.type === 'count') count(effect.code)
    else {
      const { peer, kind, step, verdict } = effect.finding
      log.warn({ peer, kind, step, verdict, epoch: this.#context.epoch }, 'a member’s own part is not that of its own run')
      if (verdict === 'proven') complaints.accuse(this.#context, { peer, evidence: effect.evidence })
      else this.#bring(effect)
    }
  }

  /** To a jury: only who runs the batch again can see it. */
  #bring({ finding: { peer, batch, start }, evidence }: OwnWorkEffect & { type: 'claim' }): void {
    const { accuser, count } = this.#around
    const { job, epoch } = this.#context
    const [bytes, [reveal]] = [this.#batches.get(hexOf(batch)), evidence]
    if (accuser === undefined || reveal === undefined) return
    if (bytes === undefined) {
      count('ACCUSATION_LATE')
      return
    }
    const needed = [contentIdOfBytes(start), ...readBatch(bytes).requests.map(({ cid }) => cid)]
    const blocks = [{ cid: batchBlockId(batch), bytes }]
    void accuser.bring({
      job,
      epoch,
      accused: peer,
      kind: 'own-part',
      evidence: reveal,
      blocks,
      needed,
      ranMs: this.#tookMs.get(hexOf(batch)) ?? Number.POSITIVE_INFINITY,
    })
  }
}
