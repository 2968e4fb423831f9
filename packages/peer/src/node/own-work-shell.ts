import { randomBytes } from 'node:crypto'
import { contentIdOfBytes, sha256 } from '@interpeer/crypto-ids'
import {
  batchBlockId,
  type FinalReveals,
  finalReveals,
  type Group,
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
import { numberOf } from '../message-number.js'
import type { Surroundings } from './group-shell.js'
import { Waker } from './waker.js'

/** Batches that it has the bytes of, for a jury: of as many of the newest final steps as a reveal is still counted for. */
const BATCHES_MAX = 16
/** Runs that it knows the time of: those, and some that are not final yet, or never will be. */
const RUNS_MAX = 32

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
  /** What was looked at. */
  readonly #seen = new WeakSet<FinalReveals>()
  readonly #warned = new Set<string>()

  constructor(context: GroupContext, around: Surroundings) {
    this.#context = context
    this.#around = around
    this.#work = openOwnWork(context, around.signer, new Uint8Array(randomBytes(32)), {}, around.verification)
    this.#waker = new Waker(around.now, () => this.give({ type: 'time' }))
  }

  /** Whether a message is for this watch alone. */
  static isOwn(envelope: Uint8Array): boolean {
    return OWN_WORK_MESSAGES.includes(numberOf(envelope) ?? -1)
  }

  give(event: Stateless<OwnWorkEvent>): void {
    this.#orCount(event.type, () => {
      const { state, effects } = stepOwnWork(this.#work, { ...event, nowMs: this.#around.now() } as OwnWorkEvent)
      this.#work = state
      for (const effect of effects) this.#perform(effect)
    })
  }

  /** The group goes on without it. */
  #orCount(event: string, act: () => void): void {
    try {
      act()
    } catch (error) {
      // the state is a value, so nothing changed
      this.#around.count('OWN_WORK_FAILED')
      this.#around.log.error({ err: error, event, epoch: this.#context.epoch }, 'own work could not be looked after')
    }
  }

  ran(event: Stateless<OwnWorkEvent & { type: 'ran' }>, tookMs: number): void {
    this.#tookMs.set(hexOf(event.batch), tookMs)
    for (const [oldest] of this.#tookMs) if (this.#tookMs.size > RUNS_MAX) this.#tookMs.delete(oldest)
    this.give(event)
  }

  /** After each step of the group, and before the next: what it told, and all that it counts since, by whatever message it came. */
  stepped(group: Group, effects: readonly GroupEffect[]): void {
    this.#orCount('stepped', () => {
      for (const effect of effects) if (effect.type === 'final') this.#final(effect)
      for (const reveals of finalReveals(group)) {
        if (this.#seen.has(reveals)) continue
        this.#seen.add(reveals)
        this.give({ type: 'revealed', reveals: reveals.values() })
      }
    })
  }

  #final({ certificate, batch, files, requests }: GroupEffect & { type: 'final' }): void {
    const { value } = readBatch(batch)
    if (value.requests.length + value.events.length > 0) this.#batches.set(hexOf(sha256(batch)), batch)
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
      const name = `${peer} ${kind}`
      // who lies lies at every step
      if (!this.#warned.has(name))
        log.warn({ peer, kind, step, verdict, epoch: this.#context.epoch }, 'a member’s own part is not that of its own run')
      this.#warned.add(name)
      if (verdict === 'proven') complaints.accuse(this.#context, { peer, evidence: effect.evidence })
      else this.#bring(effect)
    }
  }

  /** To a jury, once an epoch (`Accuser`): only who runs the batch again can see it. */
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
