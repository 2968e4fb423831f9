import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, type NetworkId, signMessage } from '@interpeer/crypto-ids'
import { accusationVerdict } from '@interpeer/peer-group'
import { bytesOfHex } from '@interpeer/wire-codec'
import { batchBlockId } from '../batch-block.js'
import type { AccusationCase } from '../network/accusations.js'
import type { NetworkState } from '../network/index.js'
import { type AccusationRun, findingOf } from './judge-accusation.js'

/** Accusations that one peer judges at once: each may need a site's whole state. Of more it says nothing. */
const CASES_MAX = 4
/** Cases that it remembers not to judge: as many as it could be drawn for before the chain forgets them, and more than it ever is. */
const DECLINED_MAX = 256

export interface AccusationJurySurroundings extends Omit<AccusationRun, 'signal'> {
  readonly network: NetworkId
  /** One record for each accusation: the verdict that was signed. */
  readonly records: RecordStore
  /** Hands the chain a verdict: once more changes nothing. */
  readonly submit: (verdict: Uint8Array) => void
  readonly holdBlocks: () => () => void
}
interface Seat {
  readonly stop: AbortController
  readonly references: Set<ContentId>
  done: Promise<void>
  verdict: Uint8Array | undefined
}

/** The accusations that the chain draws this peer to judge: it fetches, runs, and says one thing, durable before it is sent. */
export class AccusationJury {
  readonly #around: AccusationJurySurroundings
  readonly #seats = new Map<string, Seat>()
  readonly #declined = new Set<string>()

  constructor(around: AccusationJurySurroundings) {
    this.#around = around
  }

  /** What the store has to keep for cases that are open. */
  *references(): Generator<ContentId> {
    for (const { references } of this.#seats.values()) yield* references
  }

  /** After each block. */
  onState({ accusations, jobs }: Pick<NetworkState, 'accusations' | 'jobs'>): void {
    const { signer, submit } = this.#around
    for (const [id, seat] of this.#seats) {
      const one = accusations.get(id)
      if (one?.outcome !== 'open') this.#leave(id, seat)
      else if (seat.verdict !== undefined && !one.verdicts.some(({ juror }) => juror === signer.peerId)) submit(seat.verdict)
    }
    for (const one of accusations.values()) {
      const isMine = one.outcome === 'open' && one.jury?.includes(signer.peerId) === true
      if (isMine && !this.#seats.has(one.id) && !this.#declined.has(one.id)) this.#sit(one, jobs.get(one.job)?.manifest.runtime)
    }
    for (const id of this.#declined) if (!accusations.has(id)) this.#declined.delete(id)
  }

  async close(): Promise<void> {
    for (const { stop } of this.#seats.values()) stop.abort()
    await Promise.all([...this.#seats.values()].map(({ done }) => done))
  }

  #sit(one: AccusationCase, runtime: string | undefined): void {
    const { scripts, count, log, records } = this.#around
    const isOther = runtime !== scripts.runtimeId
    if (isOther || this.#seats.size >= CASES_MAX) {
      this.#decline(one.id)
      count(isOther ? 'RUNTIME_OTHER' : 'JURY_MANY')
      log.warn({ accusation: one.id, runtime }, 'this peer was drawn for a jury and has no opinion: another runtime, or too many cases')
      return
    }
    let verdict: Uint8Array | undefined
    try {
      verdict = records.get(one.id)
    } catch (error) {
      // what it said before can't be read: saying anything else could be a second verdict
      this.#decline(one.id)
      count('JURY_LEFT')
      log.error({ err: error, accusation: one.id }, 'this peer can not judge an accusation')
      return
    }
    count('JURY_DRAWN')
    log.info({ accusation: one.id, job: one.job, accused: one.accused, kind: one.kind }, 'this peer was drawn to judge an accusation')
    const seat: Seat = { stop: new AbortController(), references: new Set([batchBlockId(one.evidence)]), verdict, done: Promise.resolve() }
    this.#seats.set(one.id, seat)
    if (verdict === undefined) seat.done = this.#judge(one, seat, runtime as string)
  }

  #decline(id: string): void {
    if (this.#declined.size < DECLINED_MAX) this.#declined.add(id)
  }

  async #judge(one: AccusationCase, seat: Seat, runtime: string): Promise<void> {
    const { signer, network, records, submit, count, log, holdBlocks } = this.#around
    const release = holdBlocks()
    try {
      const run = { ...this.#around, signal: seat.stop.signal }
      const finding = await findingOf(one, runtime, run, (cid) => void seat.references.add(cid))
      if (seat.stop.signal.aborted) return
      const value = { job: bytesOfContentId(one.job), epoch: one.epoch, accusation: bytesOfHex(one.id), from: signer.publicKey, finding }
      const verdict = signMessage(accusationVerdict, value, signer, network)
      await records.put([[one.id, verdict]])
      log.info({ accusation: one.id, finding }, 'this peer judged an accusation')
      seat.verdict = verdict
      submit(verdict)
    } catch (error) {
      // this host's trouble decides nothing: it has no opinion
      count('JURY_LEFT')
      log.error({ err: error, accusation: one.id }, 'this peer can not judge an accusation')
    } finally {
      release()
    }
  }

  #leave(id: string, seat: Seat): void {
    seat.stop.abort()
    this.#seats.delete(id)
    this.#around.records.delete([id]).catch(() => this.#around.count('JURY_RECORD_NOT_DELETED'))
  }
}
