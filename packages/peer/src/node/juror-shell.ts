import { type ContentId, contentIdOfBytes, type PeerId, peekPayload, type Signer } from '@interpeer/crypto-ids'
import {
  BODIES_STRAGGLER_MS,
  batchBlockId,
  isPieced,
  type Juror,
  type JurorEffect,
  type JurorEvent,
  type JurorSetup,
  jurorReferences,
  openJuror,
  REQUEST_BODY_MAX_BYTES,
  type RequestRef,
  readRequestBlock,
  stateEventOf,
  stepJuror,
  type Verification,
  verdictMessage,
} from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { type BlockPlaces, blockIn, sourcesOf } from './block-source.js'
import { EffectQueue } from './effect-queue.js'
import { codeOfFetch, JurorFetches } from './juror-fetches.js'
import type { VerdictRecord } from './jury-seats.js'
import type { KnownRequests } from './known-requests.js'
import type { PeerLog } from './log.js'
import { putWhenRoom } from './put-when-room.js'
import { repair, withRepair } from './repair.js'
import { batchOf, runBatch } from './run-batch.js'
import type { ScriptQueue } from './script-queue.js'
import { LONGEST_TIMER_MS, Waker } from './waker.js'

export interface JurorSurroundings extends BlockPlaces {
  readonly signer: Signer
  readonly verification?: Verification | undefined
  readonly scripts: ScriptQueue
  readonly requests: KnownRequests
  readonly log: PeerLog
  readonly holdBlocks: () => () => void
  /** Network time in ms. */
  readonly now: () => number
  /** Hands the chain a verdict: once more changes nothing. */
  readonly submit: (verdict: Uint8Array) => void
  readonly fail: (error: unknown) => void
}
type Stateless<E> = E extends unknown ? Omit<E, 'nowMs'> : never
type EffectOf<T extends JurorEffect['type']> = Extract<JurorEffect, { type: T }>

/** This peer's part in one jury: gives events to the pure machine and acts on its effects. */
export class JurorShell {
  readonly #id: string
  readonly #setup: JurorSetup
  readonly #around: JurorSurroundings
  readonly #record: VerdictRecord
  readonly #effects: EffectQueue<JurorEffect>
  readonly #waker: Waker
  readonly #stop = new AbortController()
  readonly #fetches: JurorFetches
  #juror: Juror
  #release: () => void = () => {}

  /** @throws {PeerGroupError} RECORD_UNREADABLE @throws {ContentStoreError} RECORD_CORRUPT: what it said before is not known any more */
  constructor(setup: JurorSetup, around: JurorSurroundings, record: VerdictRecord) {
    this.#id = hexOf(setup.dispute.id)
    this.#setup = setup
    this.#around = around
    this.#record = record
    this.#effects = new EffectQueue((effect) => this.#perform(effect), around.fail, { isWrite: ({ type }) => type === 'persist' })
    this.#fetches = new JurorFetches({ count: around.count, onFailed: (error) => this.#onFailed(error), signal: this.#stop.signal })
    this.#waker = new Waker(around.now, () => this.give({ type: 'time' }))
    const { state, effects } = openJuror(setup, around.signer, around.now(), record.read(), around.verification)
    this.#juror = state
    this.#effects.add(effects)
  }

  give(event: Stateless<JurorEvent>): void {
    if (this.#stop.signal.aborted) return
    const nowMs = this.#around.now()
    if (this.#fetches.isCrowded && nowMs >= this.#setup.fetchUntilMs && !this.#juror.late) {
      this.#giveUp({ code: 'FETCH_CROWDED' })
      return
    }
    try {
      const { state, effects } = stepJuror(this.#juror, { ...event, nowMs } as JurorEvent)
      this.#juror = state
      this.#effects.add(effects)
    } catch (error) {
      // the state is a value, so nothing changed: what came is dropped, and this juror may come to say nothing
      this.#around.count('JUROR_STEP_FAILED')
      this.#around.log.error({ err: error, event: event.type, dispute: this.#id }, 'a juror could not take an event')
    }
  }

  /** What the store has to keep for it, each with all below. */
  *references(): Generator<ContentId> {
    yield* jurorReferences(this.#juror)
    for (const { batch } of this.#juror.steps) yield batchBlockId(batch)
    const found = this.#foundState()
    if (found !== undefined) yield found
  }

  /** The judgment fell, or nobody asks any more. What it found stays for as long as `references` are asked for. */
  async end(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.#waker.stop()
    await this.#effects.stop()
    this.#release()
  }

  #perform(effect: JurorEffect): Promise<void> | void {
    const { store, count, submit, log } = this.#around
    switch (effect.type) {
      case 'fetch-state':
        return this.#fetches.once(effect.root, () => this.#fetchState(effect))
      case 'fetch-batches':
        for (const hash of effect.hashes) this.#fetches.once(hexOf(hash), () => this.#fetchBatch(hash, effect.from), effect.isSpare)
        return
      case 'fetch-bodies':
        for (const ref of effect.requests) this.#fetches.once(ref.cid, () => this.#fetchBody(ref, effect.from), effect.isSpare)
        return
      case 'hand-on':
        // members and fellow jurors fetch by hash, and from now on find it here too
        log.info({ dispute: this.#id, batches: effect.batches.length }, 'this peer has all that it is to judge')
        return
      case 'execute':
        void this.#execute(effect)
        return
      case 'store':
        return putWhenRoom(effect.blocks, { store, count, signal: this.#stop.signal, onFull: (isFull) => isFull && count('JUROR_SILENT') })
      case 'persist':
        return this.#record.write(effect.bytes)
      case 'verdict':
        return submit(effect.envelope)
      case 'wake':
        return this.#waker.at(effect.atMs)
      case 'count':
        return count(effect.code)
    }
  }

  /** What others do not give is asked for again, and said to be unfetchable in the end. What this host has no room for it must not say that of. */
  #onFailed(error: unknown): void {
    const code = codeOfFetch(error)
    this.#around.count(code)
    if (OWN_TROUBLE.includes(code)) this.#giveUp(error)
  }

  #giveUp(error: unknown): void {
    this.#around.log.error({ err: error, dispute: this.#id }, 'this peer can not judge: it can not hold what it would have to run')
    void this.end()
  }

  async #fetchState({ root, from }: EffectOf<'fetch-state'>): Promise<void> {
    await this.#around.exchange.fetchDag(root, sourcesOf(this.#around, from, this.#stop.signal))
    const event = stateEventOf(root, (cid) => blockIn(this.#around, cid))
    if (event !== undefined) this.give(event)
  }

  async #fetchBatch(hash: Uint8Array, from: readonly PeerId[]): Promise<void> {
    const cid = batchBlockId(hash)
    const sources = sourcesOf(this.#around, from, this.#stop.signal)
    await this.#around.exchange.fetchBlocks([cid], { ...sources, stragglerMs: BODIES_STRAGGLER_MS })
    const bytes = blockIn(this.#around, cid)
    if (bytes !== undefined) this.give({ type: 'batch', bytes })
  }

  async #fetchBody({ cid }: RequestRef, from: readonly PeerId[]): Promise<void> {
    const { exchange, store } = this.#around
    const sources = sourcesOf(this.#around, from, this.#stop.signal)
    await exchange.fetchBlocks([cid], sources)
    if (isPieced(cid)) {
      const parts = readRequestBlock(cid, store.get(cid) as Uint8Array)?.parts ?? []
      await exchange.fetchBlocks(parts, { ...sources, maxBlocks: parts.length, maxBytes: REQUEST_BODY_MAX_BYTES })
    }
    this.give({ type: 'bodies', cids: [cid] })
  }

  async #execute(effect: EffectOf<'execute'>): Promise<void> {
    const { batch, from } = effect
    const { store, scripts, requests, log, holdBlocks } = this.#around
    const { context, jury } = this.#setup
    this.#release()
    this.#release = holdBlocks() // until it ends: what one run made the next one reads
    const work = batchOf(effect, context)
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REPAIR_MS)])
    // what can't count any more need not be run on
    const leftMs = Math.min(LONGEST_TIMER_MS, Math.max(0, this.#setup.answerUntilMs - this.#around.now()))
    const late = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(leftMs)])
    const again = (missing: readonly ContentId[]) => repair(missing, this.#around, [...context.members, ...jury], signal)
    const result = await withRepair(() => runBatch(work, store, scripts, requests, { signal: late }), again).catch((error: unknown) => {
      // this host's trouble decides nothing: it has no opinion
      log.error({ err: error, dispute: this.#id }, 'a disputed batch could not be run here')
      return undefined
    })
    const { runs: _, ...came } = result ?? { type: 'abstained', runs: [] }
    this.give({ type: 'executed', batch, from, result: came })
  }

  /** The state that its verdict names: the next epoch may begin from it, and have it from nobody else. */
  #foundState(): ContentId | undefined {
    const { verdict } = this.#juror
    const payload = verdict === undefined ? undefined : peekPayload(verdict)
    if (payload === undefined) return undefined
    const { finding } = verdictMessage.decode(payload)
    return finding.type === 'answered' ? contentIdOfBytes(finding.answer.root) : undefined
  }
}
const OWN_TROUBLE: readonly string[] = ['STORE_FULL', 'FETCH_TOO_LARGE']
/** As long as a member waits for lost blocks, three times at most. */
const REPAIR_MS = 10_000
