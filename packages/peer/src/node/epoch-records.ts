import type { RecordStore } from '@interpeer/content-store'
import type { ContentId, JobId } from '@interpeer/crypto-ids'
import { recordReferences } from '@interpeer/peer-group'

const keyOf = (job: JobId, epoch: number): string => `${job}/${epoch}`
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
  /** The record that is on disk for sure, and those after it that may be; empty: none. */
  readonly #known = new Map<string, readonly Known[]>()

  constructor(records: RecordStore, count: (code: string) => void) {
    this.#records = records
    this.#count = count
  }

  /** @throws {ContentStoreError} RECORD_CORRUPT */
  get(job: JobId, epoch: number): Uint8Array | undefined {
    return this.#records.get(keyOf(job, epoch))
  }

  async put(job: JobId, epoch: number, bytes: Uint8Array): Promise<void> {
    const key = keyOf(job, epoch)
    const known: Known = { bytes }
    this.#known.set(key, [...this.#of(key), known])
    await this.#records.put([[key, bytes]])
    const all = this.#known.get(key) ?? []
    if (all.includes(known)) this.#known.set(key, all.slice(all.indexOf(known)))
  }

  /** What the records of an epoch name. One that can't be read names nothing: its epoch is sat out. */
  references(job: JobId, epoch: number): ReadonlySet<ContentId> {
    const found = new Set<ContentId>()
    for (const known of this.#of(keyOf(job, epoch))) {
      known.references ??= this.#read(known.bytes, job, epoch)
      for (const cid of known.references) found.add(cid)
    }
    return found
  }

  /** Forgets what was signed in epochs before `epoch`: the chain has closed them, so nothing is ever signed there again. */
  async forget(job: JobId, epoch: number): Promise<void> {
    const prefix = keyOf(job, 0).slice(0, -1)
    const keys = [...this.#records.list(prefix)].map(([key]) => key)
    const old = [...new Set([...keys, ...this.#known.keys()])].filter(
      (key) => key.startsWith(prefix) && Number(key.slice(prefix.length)) < epoch,
    )
    if (old.length === 0) return
    await this.#records.delete(old)
    for (const key of old) this.#known.delete(key)
  }

  #of(key: string): readonly Known[] {
    const there = this.#known.get(key)
    if (there !== undefined) return there
    let stored: Uint8Array | undefined
    try {
      stored = this.#records.get(key)
    } catch {
      this.#count('EPOCH_RECORD_UNREADABLE')
    }
    const known = stored === undefined ? [] : [{ bytes: stored }]
    this.#known.set(key, known)
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
