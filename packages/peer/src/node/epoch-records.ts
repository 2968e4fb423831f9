import { ContentStoreError, type RecordStore } from '@interpeer/content-store'
import type { ContentId, JobId } from '@interpeer/crypto-ids'
import { recordReferences } from '@interpeer/peer-group'

const prefixOf = (job: JobId): string => `${job}/`
const keyOf = (job: JobId, epoch: number): string => prefixOf(job) + epoch
interface Known {
  readonly bytes: Uint8Array
  /** What it names; found when first asked. */
  references?: ReadonlySet<ContentId>
}
/** What stands before a group's record: the hash of the epoch's setup. */
export const SETUP_HASH_BYTES = 32

/**
 * What this peer signed, one record for each (job, epoch), and which blocks those records name: after a crash they are all that is known, so
 * while one may be the newest on disk, what it names stays.
 */
export class EpochRecords {
  readonly #records: RecordStore
  readonly #count: (code: string) => void
  /** Of each epoch the record that is on disk for sure, and those after it that may be; empty: none. */
  readonly #known = new Map<JobId, Map<number, readonly Known[]>>()
  /** Jobs without any, on disk or on the way to it: almost all that the chain has ever had. */
  readonly #without = new Set<JobId>()

  constructor(records: RecordStore, count: (code: string) => void) {
    this.#records = records
    this.#count = count
  }

  /** @throws {ContentStoreError} RECORD_CORRUPT */
  get(job: JobId, epoch: number): Uint8Array | undefined {
    return this.#records.get(keyOf(job, epoch))
  }

  /** Whether there is any record of that job. Quick where it was asked before, and there is none. */
  has(job: JobId): boolean {
    if (this.#without.has(job)) return false
    if ([...(this.#known.get(job)?.values() ?? [])].some((all) => all.length > 0) || this.#epochsOnDisk(job).length > 0) return true
    this.#known.delete(job)
    this.#without.add(job)
    return false
  }

  async put(job: JobId, epoch: number, bytes: Uint8Array): Promise<void> {
    const known: Known = { bytes }
    this.#know(job, epoch, [...this.#of(job, epoch), known])
    this.#without.delete(job)
    await this.#records.put([[keyOf(job, epoch), bytes]])
    const all = this.#known.get(job)?.get(epoch) ?? []
    if (all.includes(known)) this.#know(job, epoch, all.slice(all.indexOf(known)))
  }

  /** What the records of an epoch name. One that can't be read names nothing: its epoch is sat out. */
  references(job: JobId, epoch: number): ReadonlySet<ContentId> {
    const found = new Set<ContentId>()
    if (!this.has(job)) return found
    for (const known of this.#of(job, epoch)) {
      known.references ??= this.#read(known.bytes, job, epoch)
      for (const cid of known.references) found.add(cid)
    }
    return found
  }

  /** Forgets what was signed in epochs before `epoch`: the chain has closed them, so nothing is ever signed there again. */
  async forget(job: JobId, epoch: number): Promise<void> {
    if (!this.has(job)) return
    const known = [...(this.#known.get(job) ?? [])].filter(([at]) => at < epoch)
    const old = new Set(this.#epochsOnDisk(job).filter((at) => at < epoch))
    for (const [at, all] of known) if (all.length > 0) old.add(at)
    if (old.size > 0) await this.#records.delete([...old].map((at) => keyOf(job, at)))
    for (const [at] of known) this.#known.get(job)?.delete(at)
  }

  /** Of which there are records on the disk. One that can't be read hides the others, until it is forgotten itself. */
  #epochsOnDisk(job: JobId): readonly number[] {
    let keys: readonly string[]
    try {
      keys = [...this.#records.list(prefixOf(job))].map(([key]) => key)
    } catch (error) {
      if (!(error instanceof ContentStoreError) || error.failure.code !== 'RECORD_CORRUPT') throw error
      keys = [error.failure.key]
    }
    return keys.map((key) => Number(key.slice(prefixOf(job).length)))
  }

  #know(job: JobId, epoch: number, all: readonly Known[]): void {
    const epochs = this.#known.get(job) ?? new Map<number, readonly Known[]>()
    this.#known.set(job, epochs.set(epoch, all))
  }

  #of(job: JobId, epoch: number): readonly Known[] {
    const there = this.#known.get(job)?.get(epoch)
    if (there !== undefined) return there
    let stored: Uint8Array | undefined
    try {
      stored = this.#records.get(keyOf(job, epoch))
    } catch {
      this.#count('EPOCH_RECORD_UNREADABLE')
    }
    const known = stored === undefined ? [] : [{ bytes: stored }]
    this.#know(job, epoch, known)
    return known
  }

  #read(bytes: Uint8Array, job: JobId, epoch: number): ReadonlySet<ContentId> {
    try {
      return recordReferences(bytes.subarray(SETUP_HASH_BYTES), job, epoch)
    } catch {
      this.#count('EPOCH_RECORD_UNREADABLE')
      return new Set()
    }
  }
}
