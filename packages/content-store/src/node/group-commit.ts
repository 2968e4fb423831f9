import { ContentStoreError } from '../errors.js'
import type { StoreOptions } from '../memory-store.js'
import { reserveOf } from '../quota.js'
import type { Ballast } from './ballast.js'
import { reading } from './reading.js'
import type { Change, Table, Tables, Usage } from './tables.js'

// Blocks leave this much of the disk free, and records this much: a peer whose disk is full of blocks can still write down its
// locks, and delete blocks.
const KEPT_BYTES = { blocks: 8 * 1024 * 1024, records: 1024 * 1024 }

const WRITE_FAILED = { code: 'STORE_WRITE_FAILED' } as const

export interface Pending {
  readonly value: Uint8Array | undefined
  /** @throws {ContentStoreError} STORE_FULL, STORE_WRITE_FAILED (rejects) */
  readonly written: () => Promise<void>
}
/** A change to be written. */
export interface Write extends Omit<Change, 'table'> {
  /** The value that it takes the place of, where that is known: it takes only as much more room as it is longer. */
  readonly replaced?: Uint8Array | undefined
}
/** What one transaction will write. */
interface Group {
  readonly table: Table
  readonly changes: Map<string, Change>
  /** Of every key that is deleted, also one that gets a value later in the group: if no value can be written the key is to be gone. */
  readonly deletions: Map<string, Change>
  readonly done: Promise<Outcome>
  /** As of its begin, or of the end of the latest transaction. */
  usage: Usage | undefined
  neededBytes: number
}

/** What was not written. */
interface Outcome {
  readonly values?: Failure | undefined
  readonly deletions?: Failure | undefined
}
interface Failure {
  readonly cause: unknown
  readonly isFull: boolean
}

/**
 * Writes to a database. What is asked for in one turn of the event loop, or while a transaction is under way, becomes one transaction:
 * eight blocks put one by one cost one sync of the disk, not eight. Blocks and records are apart, and a record that failed together with
 * blocks is tried again without them: a peer may lose blocks to a full disk, but not its locks. For the same reason deletions that failed
 * together with values are tried again without them.
 */
export class GroupCommit {
  readonly #tables: Tables
  readonly #ballast: Ballast
  readonly #maxBytes: number
  /** Being gathered. */
  readonly #open = new Map<Table, Group>()
  readonly #underWay = new Map<Table, Group>()
  #closing: Promise<void> | undefined

  constructor(tables: Tables, ballast: Ballast, { maxBytes = Number.POSITIVE_INFINITY }: StoreOptions) {
    this.#tables = tables
    this.#ballast = ballast
    ballast.hold(KEPT_BYTES.blocks)
    this.#maxBytes = maxBytes
  }

  /** @throws {ContentStoreError} STORE_CLOSED */
  assertOpen(): void {
    if (this.#closing) throw new ContentStoreError({ code: 'STORE_CLOSED' })
  }

  /** What is about to become of a key: a value, or undefined if it is to be deleted. Undefined where nothing is. */
  pending(table: Table, key: Uint8Array): Pending | undefined {
    const name = nameOf(table, key)
    for (const group of this.#groups().toReversed()) {
      const change = group.changes.get(name)
      if (change) return { value: change.value, written: () => this.#valuesWritten(group, this.#bytesOf(change)) }
    }
    return undefined
  }

  /**
   * All of it or nothing, on the disk when it resolves: values, or deletions. Of two changes of one key the later counts.
   * @throws {ContentStoreError} STORE_FULL, STORE_WRITE_FAILED, STORE_CLOSED (rejects)
   */
  async write(table: Table, changes: readonly Write[], urgent = false): Promise<void> {
    this.assertOpen()
    if (changes.length === 0) return
    const group = this.#open.get(table) ?? this.#begin(table)
    const neededBytes = changes.reduce((sum, change) => sum + this.#bytesOf(change), 0)
    const addedBytes = changes.reduce((sum, { value, replaced }) => {
      return sum + Math.max(0, this.#bytesOf({ value }) - this.#bytesOf({ value: replaced }))
    }, 0)
    if (addedBytes > 0) this.#assertRoom(group, addedBytes, urgent)
    group.neededBytes += addedBytes
    for (const { key, value } of changes) {
      const name = nameOf(table, key)
      group.changes.set(name, { table, key, value })
      if (value === undefined) group.deletions.set(name, { table, key, value })
    }
    await (changes.some(({ value }) => value) ? this.#valuesWritten(group, neededBytes) : this.#deletionsWritten(group))
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    this.#closing ??= Promise.all(this.#groups().map(({ done }) => done)).then(() => this.#tables.close())
    return this.#closing
  }

  #bytesOf({ value }: Pick<Change, 'value'>): number {
    return value === undefined ? 0 : this.#tables.bytesOf(value)
  }
  #groups(): readonly Group[] {
    return [...this.#underWay.values(), ...this.#open.values()]
  }
  #begin(table: Table): Group {
    const before = this.#underWay.get(table)?.done ?? Promise.resolve()
    const done = before.then(() => this.#commit(group))
    const group: Group = { table, changes: new Map(), deletions: new Map(), done, usage: undefined, neededBytes: 0 }
    this.#open.set(table, group)
    return group
  }
  async #commit(group: Group): Promise<Outcome> {
    this.#open.delete(group.table)
    if (group.changes.size === 0) return {} // the only one was refused
    this.#underWay.set(group.table, group)
    const outcome = await this.#outcome(group)
    this.#underWay.delete(group.table)
    for (const open of this.#open.values()) open.usage = undefined
    return outcome
  }
  async #outcome({ table, changes, deletions }: Group): Promise<Outcome> {
    const all = [...changes.values()]
    let failure = await this.#failure(table, all)
    if (!failure) {
      this.#ballast.hold(KEPT_BYTES.blocks)
      return {}
    }
    const mayFail = table === 'blocks' && all.some(({ value }) => value)
    if (mayFail && deletions.size === 0) return { values: failure }
    // what must not fail because of what may
    if (table === 'records') await this.#underWay.get('blocks')?.done
    if (failure.isFull) this.#ballast.drop()
    if (!mayFail) {
      failure = await this.#failure(table, all)
      if (!failure || deletions.size === 0) return { values: failure }
    }
    return { values: failure, deletions: await this.#failure(table, [...deletions.values()]) }
  }
  /** Of one transaction. */
  async #failure(table: Table, changes: readonly Change[]): Promise<Failure | undefined> {
    try {
      await this.#tables.write(changes)
      return undefined
    } catch (cause) {
      return { cause, isFull: this.#isFull(cause, table) } // now: room that others make later does not change the reason
    }
  }

  async #valuesWritten(group: Group, neededBytes: number): Promise<void> {
    const { values } = await group.done
    if (values) throw new ContentStoreError(values.isFull ? { code: 'STORE_FULL', neededBytes } : WRITE_FAILED, { cause: values.cause })
  }
  async #deletionsWritten(group: Group): Promise<void> {
    const { deletions } = await group.done
    if (deletions) throw new ContentStoreError(WRITE_FAILED, { cause: deletions.cause })
  }
  #isFull(cause: unknown, table: Table): boolean {
    try {
      return this.#tables.isFull(cause) || this.#tables.usage().diskBytes < KEPT_BYTES[table]
    } catch {
      return false // worse than full
    }
  }

  #assertRoom(group: Group, neededBytes: number, urgent: boolean): void {
    const pendingBytes = this.#groups().reduce((sum, one) => sum + one.neededBytes, 0) + neededBytes
    if (group.table === 'records' && this.#diskRoomBytes(group, urgent) < pendingBytes && this.#ballast.drop()) group.usage = undefined
    const lackingBytes = pendingBytes - Math.min(this.#quotaRoomBytes(group, urgent), this.#diskRoomBytes(group, urgent))
    // as much as would have to be deleted
    if (lackingBytes > 0) throw new ContentStoreError({ code: 'STORE_FULL', neededBytes: Math.max(neededBytes, lackingBytes) })
  }
  #quotaRoomBytes(group: Group, urgent: boolean): number {
    return this.#maxBytes - (group.table === 'blocks' ? reserveOf(this.#maxBytes, urgent) : 0) - this.#usageOf(group).usedBytes
  }
  /** Urgent blocks may go half way into what others leave to records, as with the quota. */
  #diskRoomBytes(group: Group, urgent: boolean): number {
    const { diskBytes, roomBytes } = this.#usageOf(group)
    if (group.table === 'blocks' && urgent) return roomBytes(Math.max(0, diskBytes - (KEPT_BYTES.blocks + KEPT_BYTES.records) / 2))
    return roomBytes(Math.max(0, diskBytes - KEPT_BYTES[group.table])) - (group.table === 'blocks' ? this.#ballast.missingBytes : 0)
  }
  #usageOf(group: Group): Usage {
    group.usage ??= reading(() => this.#tables.usage())
    return group.usage
  }
}

const nameOf = (table: Table, key: Uint8Array): string => table + Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
