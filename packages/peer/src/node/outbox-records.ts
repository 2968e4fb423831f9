import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, type JobId, type NetworkId, type Signer } from '@interpeer/crypto-ids'
import type { OutboxReport } from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { openReport } from './known-reports.js'

const keyOf = (job: JobId, name: string): string => `${job}/${name}`

/** What a member's own report says, and its bytes as they go to the group. */
export interface KeptReport {
  readonly report: OutboxReport
  readonly bytes: Uint8Array
}
interface RecordsOf {
  readonly records: RecordStore
  readonly job: JobId
  readonly signer: Signer
  readonly network: NetworkId
  readonly count: (code: string) => void
}

/** A member's reports of what it sent for one site, over restarts: who knows that a mail is out does not send it again. */
export class OutboxRecords {
  readonly #of: RecordsOf

  constructor(of: RecordsOf) {
    this.#of = of
  }

  /** What was kept, by the request's key in hexadecimal. What can't be read was not: the mail may go out twice, with one key. */
  read(): ReadonlyMap<string, KeptReport> {
    const { records, job, network, signer, count } = this.#of
    const kept = new Map<string, KeptReport>()
    try {
      for (const [, bytes] of records.list(keyOf(job, ''))) {
        const report = openReport(bytes, network)
        const isOurs = report !== undefined && sameBytes(report.from, signer.publicKey) && sameBytes(report.job, bytesOfContentId(job))
        if (isOurs) kept.set(hexOf(report.key), { report, bytes })
      }
    } catch {
      count('OUTBOX_RECORD_UNREADABLE')
    }
    return kept
  }

  /** Durable when it resolves; a disk that takes nothing is counted. */
  keep(name: string, bytes: Uint8Array): Promise<void> {
    return this.#trying((records, job) => records.put([[keyOf(job, name), bytes]]))
  }

  forget(names: readonly string[]): Promise<void> {
    return this.#trying((records, job) => records.delete(names.map((name) => keyOf(job, name))))
  }

  async #trying(work: (records: RecordStore, job: JobId) => Promise<void>): Promise<void> {
    const { records, job, count } = this.#of
    try {
      await work(records, job)
    } catch {
      count('OUTBOX_RECORD_FAILED')
    }
  }
}

/** Forgets all that was kept for a site that this peer left. */
export async function forgetOutbox(records: RecordStore, job: JobId): Promise<void> {
  const keys = [...records.list(keyOf(job, ''))].map(([key]) => key)
  if (keys.length > 0) await records.delete(keys)
}
