import type { RecordStore } from '@interpeer/content-store'
import type { JobId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { NetworkState } from '../network/index.js'
import type { PeerLog } from './log.js'
import type { ScriptQueue } from './script-queue.js'

/** Jobs whose cases one peer judges at once: each may need a site's whole state. Those of others wait for their turn. */
const JOBS_MAX = 4
/** Cases that it has a seat in, or had until lately: all that members of one group can bring of two epochs. */
export const SEATS_MAX = 64

/** What disputes and accusations have in common, as far as jurors go. */
export interface DrawnCase {
  readonly id: string
  readonly job: JobId
  readonly jury: readonly PeerId[] | null
  /** What it says later counts for nothing. */
  readonly deadlineMs: number
}
/** The one thing that this peer said in a case, on its disk. */
export interface VerdictRecord {
  /** @throws {ContentStoreError} RECORD_CORRUPT: what it said is not known any more */
  readonly read: () => Uint8Array | undefined
  readonly write: (bytes: Uint8Array) => Promise<void>
}
export interface JurySurroundings {
  readonly signer: Signer
  readonly scripts: Pick<ScriptQueue, 'runtimeId'>
  /** One for each case, until its deadline: the verdict that was signed. */
  readonly records: RecordStore
  readonly count: (code: string, by?: number) => void
  readonly log: PeerLog
}
/** How the cases of one kind are taken up. */
export interface SeatTaking<C, S> {
  readonly isOpen: (one: C) => boolean
  /** Whether it still has work to do in a seat. */
  readonly isBusy: (seat: S) => boolean
  /** Begins to judge. Throws where it must not: it has said something before and does not know what. */
  readonly open: (one: C, record: VerdictRecord) => S
}

/** The seats on juries of one kind that the chain draws this peer for: it sits once in each case, for a few jobs at a time, and says one thing, also over a restart. */
export class JurySeats<S> {
  readonly #around: JurySurroundings
  readonly #seats = new Map<string, S>()
  readonly #jobs = new Map<string, JobId>()
  /** Cases that it can't judge, or has left: it says so once. No more than the chain has. */
  readonly #declined = new Set<string>()
  /** Cases that wait until it has less to do: counted once. No more than the chain has. */
  readonly #waiting = new Set<string>()
  /** The records' keys. */
  #recorded: Set<string> | undefined

  constructor(around: JurySurroundings) {
    this.#around = around
  }

  /** By case, the oldest first. */
  get all(): ReadonlyMap<string, S> {
    return this.#seats
  }

  /** After each block: takes the seats that it was drawn for. */
  take<C extends DrawnCase>(
    cases: ReadonlyMap<string, C>,
    { jobs, timeMs }: Pick<NetworkState, 'jobs' | 'timeMs'>,
    taking: SeatTaking<C, S>,
  ): void {
    for (const one of cases.values()) {
      const isMine = taking.isOpen(one) && one.jury?.includes(this.#around.signer.peerId) === true
      if (isMine && !this.#seats.has(one.id) && !this.#declined.has(one.id)) this.#sit(one, jobs.get(one.job)?.manifest.runtime, taking)
    }
    for (const ids of [this.#declined, this.#waiting]) for (const id of ids) if (!cases.has(id)) ids.delete(id)
    this.#forgetPast(timeMs)
  }

  /** It is not sat in again. What it said stays on the disk until that can't count any more. */
  leave(id: string): void {
    this.#seats.delete(id)
    this.#jobs.delete(id)
    this.#declined.add(id)
  }

  #sit<C extends DrawnCase>(one: C, runtime: string | undefined, { isBusy, open }: SeatTaking<C, S>): void {
    const { count, log, scripts } = this.#around
    const about = { case: one.id, job: one.job, runtime }
    if (runtime !== scripts.runtimeId) {
      this.#declined.add(one.id)
      count('RUNTIME_OTHER')
      log.warn(about, 'this peer was drawn for a jury and has no opinion: another runtime')
      return
    }
    const busy = new Set([...this.#seats].flatMap(([id, seat]) => (isBusy(seat) ? [this.#jobs.get(id)] : [])))
    if (this.#seats.size >= SEATS_MAX || busy.add(one.job).size > JOBS_MAX) {
      if (this.#waiting.has(one.id)) return
      this.#waiting.add(one.id)
      count('JURY_MANY')
      log.warn(about, 'this peer was drawn for a jury and has too many cases: this one waits')
      return
    }
    try {
      this.#seats.set(one.id, open(one, this.#recordOf(one)))
      this.#jobs.set(one.id, one.job)
      count('JURY_DRAWN')
      log.info(about, 'this peer was drawn for a jury')
    } catch (error) {
      // what it said before can't be read: saying anything else could be a second verdict
      this.#declined.add(one.id)
      count('JURY_LEFT')
      log.error({ ...about, err: error }, 'this peer can not judge a case')
    }
  }

  #recordOf({ id, deadlineMs }: DrawnCase): VerdictRecord {
    const { records } = this.#around
    const key = `${id}-${deadlineMs}`
    return {
      read: () => records.get(key),
      write: async (bytes) => {
        await records.put([[key, bytes]])
        this.#recorded?.add(key)
      },
    }
  }

  /** The chain takes no verdict after its case's deadline, whatever this peer knows of the case, and its time only grows: so nothing that it could still contradict is forgotten. */
  #forgetPast(timeMs: number): void {
    const { records, count } = this.#around
    this.#recorded ??= new Set(records.keys(''))
    const past = [...this.#recorded].filter((key) => Number(key.slice(key.lastIndexOf('-') + 1)) < timeMs)
    if (past.length === 0) return
    for (const key of past) this.#recorded.delete(key)
    records.delete(past).catch(() => {
      this.#recorded = undefined // looked for again with the next block
      count('JURY_RECORD_NOT_DELETED')
    })
  }
}
