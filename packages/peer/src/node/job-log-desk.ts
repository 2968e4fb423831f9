import { randomBytes } from 'node:crypto'
import type { JobId, NetworkId, PeerId } from '@interpeer/crypto-ids'
import { PeerError } from '../errors.js'
import type { LoggedRun } from '../job-log/logged-run.js'
import { jobLogPage, RING_BYTES } from '../job-log/messages.js'
import { ReadRate } from '../job-log/read-rate.js'
import { openLogRequest } from '../job-log/request.js'
import { JobLog } from '../job-log/ring.js'

export interface JobLogDeskAt {
  readonly network: NetworkId
  readonly self: PeerId
  /** Network time in ms. */
  readonly now: () => number
  /** Who may read a job's log: who published it. Undefined: no such job. */
  readonly readerOf: (job: JobId) => PeerId | undefined
  readonly count: (code: string) => void
}
interface Entry {
  readonly log: JobLog
  readonly rate: ReadRate
}
/** As many sites as a peer hosts. Those that it left stay until their room is needed: who took the seat knows nothing of what ran before. */
const LOGS_MAX = 64

/** The logs of the sites that this peer runs or ran, and who may read them. In memory: they go with the process. */
export class JobLogDesk {
  readonly #at: JobLogDeskAt
  /** The one that was written last comes last. */
  readonly #entries = new Map<JobId, Entry>()

  constructor(at: JobLogDeskAt) {
    this.#at = at
  }

  add(job: JobId, run: LoggedRun, epoch: number): void {
    const entry = this.#entries.get(job) ?? { log: new JobLog(new Uint8Array(randomBytes(RING_BYTES))), rate: new ReadRate() }
    this.#entries.delete(job)
    this.#entries.set(job, entry)
    if (this.#entries.size > LOGS_MAX) this.#entries.delete(this.#entries.keys().next().value as JobId)
    entry.log.add(run, epoch)
  }

  /**
   * Answers a `job-logs` with a `job-log-page`. Nobody but the site's uploader learns whether there is a log.
   * @throws {PeerError} JOB_LOGS_REFUSED, JOB_LOGS_BUSY @throws as `openLogRequest`
   */
  answer(envelope: Uint8Array): Uint8Array {
    const { network, self, now, readerOf, count } = this.#at
    const { job, reader, ring, after } = openLogRequest(envelope, { network, self, nowMs: now() })
    if (readerOf(job) !== reader) {
      count('JOB_LOGS_REFUSED')
      throw new PeerError({ code: 'JOB_LOGS_REFUSED', reason: 'not signed by who published the site' })
    }
    const entry = this.#entries.get(job)
    if (entry === undefined) return jobLogPage.encode(NO_LOG)
    if (entry.rate.take(now())) return jobLogPage.encode(entry.log.page(ring, after))
    count('JOB_LOGS_BUSY')
    throw new PeerError({ code: 'JOB_LOGS_BUSY', job })
  }
}
/** Nothing ran here yet. */
const NO_LOG = { ring: new Uint8Array(RING_BYTES), until: 0, dropped: 0, more: false, entries: [] }
