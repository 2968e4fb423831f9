import { bytesOfContentId, type ContentId, type NetworkId, signMessage } from '@interpeer/crypto-ids'
import { accusationVerdict, batchBlockId } from '@interpeer/peer-group'
import { bytesOfHex } from '@interpeer/wire-codec'
import type { AccusationCase } from '../network/accusations.js'
import type { NetworkState } from '../network/index.js'
import { type AccusationRun, findingOf } from './judge-accusation.js'
import { JurySeats, type JurySurroundings, type VerdictRecord } from './jury-seats.js'

export interface AccusationJurySurroundings extends Omit<AccusationRun, 'signal'>, JurySurroundings {
  readonly scripts: AccusationRun['scripts']
  readonly network: NetworkId
  /** Hands the chain a verdict: once more changes nothing. */
  readonly submit: (verdict: Uint8Array) => void
  readonly holdBlocks: () => () => void
}
interface Seat {
  readonly stop: AbortController
  readonly references: Set<ContentId>
  isBusy: boolean
  done: Promise<void>
  verdict: Uint8Array | undefined
}

/** The accusations that the chain draws this peer to judge: it fetches, runs, and says one thing, durable before it is sent. */
export class AccusationJury {
  readonly #around: AccusationJurySurroundings
  readonly #seats: JurySeats<Seat>

  constructor(around: AccusationJurySurroundings) {
    this.#around = around
    this.#seats = new JurySeats(around)
  }

  /** What the store has to keep for cases that are open. */
  *references(): Generator<ContentId> {
    for (const { references } of this.#seats.all.values()) yield* references
  }

  /** After each block. */
  onState(state: Pick<NetworkState, 'accusations' | 'jobs' | 'timeMs'>): void {
    const { signer, submit } = this.#around
    for (const [id, seat] of this.#seats.all) {
      const one = state.accusations.get(id)
      if (one?.outcome !== 'open') {
        seat.stop.abort()
        this.#seats.leave(id)
      } else if (seat.verdict !== undefined && !one.verdicts.some(({ juror }) => juror === signer.peerId)) submit(seat.verdict)
    }
    this.#seats.take(state.accusations, state, {
      isOpen: ({ outcome }) => outcome === 'open',
      isBusy: ({ isBusy }) => isBusy,
      open: (one, record) => this.#open(one, record),
    })
  }

  async close(): Promise<void> {
    for (const { stop } of this.#seats.all.values()) stop.abort()
    await Promise.all([...this.#seats.all.values()].map(({ done }) => done))
  }

  #open(one: AccusationCase, record: VerdictRecord): Seat {
    const verdict = record.read()
    const references = new Set([batchBlockId(one.evidence)])
    const seat: Seat = { stop: new AbortController(), references, verdict, isBusy: verdict === undefined, done: Promise.resolve() }
    if (seat.isBusy) seat.done = this.#judge(one, seat, record)
    return seat
  }

  async #judge(one: AccusationCase, seat: Seat, record: VerdictRecord): Promise<void> {
    const { signer, network, scripts, submit, count, log, holdBlocks } = this.#around
    const release = holdBlocks()
    try {
      const run = { ...this.#around, signal: seat.stop.signal }
      const finding = await findingOf(one, scripts.runtimeId, run, (cid) => void seat.references.add(cid))
      if (seat.stop.signal.aborted) return
      const value = { job: bytesOfContentId(one.job), epoch: one.epoch, accusation: bytesOfHex(one.id), from: signer.publicKey, finding }
      const verdict = signMessage(accusationVerdict, value, signer, network)
      await record.write(verdict)
      log.info({ accusation: one.id, finding }, 'this peer judged an accusation')
      seat.verdict = verdict
      submit(verdict)
    } catch (error) {
      // this host's trouble decides nothing: it has no opinion
      count('JURY_LEFT')
      log.error({ err: error, accusation: one.id }, 'this peer can not judge an accusation')
    } finally {
      seat.isBusy = false
      release()
    }
  }
}
