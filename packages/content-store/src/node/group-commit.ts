import { ContentStoreError } from '../errors.js'
import type { StoreOptions } from '../memory-store.js'
import { reserveOf } from '../quota.js'
import type { Ballast } from './ballast.js'
import { reading } from './reading.js'
import type { Change, Table, Tables, Usage } from './tables.js'

// Blocks leave this much of the disk free, and records this much: a peer whose disk is full of blocks can still write down its
// locks, and delete blocks.
const KEPT_BYTES = { blocks: 8 * 1024 * 1024, records: 1024 * 1024 }

export interface Pending {
  readonly value: Uint8Array | undefined
  /** @throws {ContentStoreError} STORE_FULL, STORE_WRITE_FAILED (rejects) */
  readonly written: () => Promise<void>
}
/** What one transaction will write. */
interface Group {
  readonly table: Table
  readonly changes: Map<string, Change>
  readonly done: Promise<void>
  usage: Usage
  neededBytes: number
}

/**
 * Writes to a database. What is asked for in one turn of the event loop becomes one transaction: eight blocks put one by one cost one
 * sync of the disk, not eight. Blocks and records are apart, and a record that failed together with blocks is tried again without them: a peer may lose
 * blocks to a full disk, but not its locks.
 */
export class GroupCommit {
  readonly #tables: Tables
  readonly #ballast: Ballast
  readonly #maxBytes: number
  /** Being gathered in this turn. */
  readonly #open = new Map<Table, Group>()
  /** Begun, oldest first. */
  readonly #under = new Set<Group>()
  #closed = false

  constructor(tables: Tables, ballast: Ballast, { maxBytes = Number.POSITIVE_INFINITY }: StoreOptions) {
    this.#tables = tables
    this.#ballast = ballast
    ballast.hold(KEPT_BYTES.blocks)
    this.#maxBytes = maxBytes
  }

  /** @throws {ContentStoreError} STORE_CLOSED */
  assertOpen(): void {
    if (this.#closed) throw new ContentStoreError({ code: 'STORE_CLOSED' })
  }

  /** What is about to become of a key: a value, or undefined if it is to be deleted. Undefined where nothing is. */
  pending(table: Table, key: Uint8Array): Pending | undefined {
    const name = nameOf(table, key)
    for (const group of this.#groups().toReversed()) {
      const change = group.changes.get(name)
      if (change) return { value: change.value, written: () => this.#written(group, 0) }
    }
    return undefined
  }

  /**
   * All of it or nothing, on the disk when it resolves. Of two changes of one key the later counts.
   * @throws {ContentStoreError} STORE_FULL, STORE_WRITE_FAILED, STORE_CLOSED (rejects)
   */
  async write(table: Table, changes: readonly Omit<Change, 'table'>[]): Promise<void> {
    this.assertOpen()
    if (changes.length === 0) return
    const group = this.#open.get(table) ?? this.#begin(table)
    const neededBytes = changes.reduce((sum, { value }) => sum + (value ? this.#tables.bytesOf(value) : 0), 0)
    if (neededBytes > 0) this.#assertRoom(group, neededBytes)
    group.neededBytes += neededBytes
    for (const change of changes) group.changes.set(nameOf(table, change.key), { table, ...change })
    await this.#written(group, neededBytes)
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.allSettled(this.#groups().map(({ done }) => done))
    await this.#tables.close()
  }

  #groups(): readonly Group[] {
    return [...this.#under, ...this.#open.values()]
  }
  #begin(table: Table): Group {
    const usage = this.#usage()
    const group: Group = { table, changes: new Map(), done: Promise.resolve().then(() => this.#commit(group)), usage, neededBytes: 0 }
    this.#open.set(table, group)
    return group
  }
  async #commit(group: Group): Promise<void> {
    this.#open.delete(group.table)
    if (group.changes.size === 0) return // the only one was refused
    this.#under.add(group)
    const changes = [...group.changes.values()]
    try {
      await this.#tables.write(changes)
      this.#ballast.hold(KEPT_BYTES.blocks)
    } catch (cause) {
      // what must not fail because of what may
      if (group.table === 'blocks' && changes.some(({ value }) => value)) throw cause
      await Promise.allSettled(this.#groups().flatMap((other) => (other.table === 'blocks' && other !== group ? [other.done] : [])))
      if (this.#isFull(cause, group.table)) this.#ballast.drop()
      await this.#tables.write(changes)
    } finally {
      this.#under.delete(group)
    }
  }

  async #written(group: Group, neededBytes: number): Promise<void> {
    try {
      await group.done
    } catch (cause) {
      throw new ContentStoreError(this.#isFull(cause, group.table) ? { code: 'STORE_FULL', neededBytes } : { code: 'STORE_WRITE_FAILED' }, {
        cause,
      })
    }
  }
  #isFull(cause: unknown, table: Table): boolean {
    try {
      return this.#tables.isFull(cause) || this.#tables.usage().diskBytes < KEPT_BYTES[table]
    } catch {
      return false // worse than full
    }
  }

  #usage(): Usage {
    return reading(() => this.#tables.usage())
  }
  #assertRoom(group: Group, neededBytes: number): void {
    let lackingBytes = neededBytes - this.#roomBytes(group)
    if (lackingBytes > 0 && group.table === 'records' && this.#ballast.drop()) {
      group.usage = this.#usage()
      lackingBytes = neededBytes - this.#roomBytes(group)
    }
    // as much as would have to be deleted
    if (lackingBytes > 0) throw new ContentStoreError({ code: 'STORE_FULL', neededBytes: Math.max(neededBytes, lackingBytes) })
  }
  #roomBytes({ table, usage: { usedBytes, diskBytes, roomBytes } }: Group): number {
    const pendingBytes = this.#groups().reduce((sum, group) => sum + group.neededBytes, 0)
    const isBlocks = table === 'blocks'
    const quotaBytes = this.#maxBytes - (isBlocks ? reserveOf(this.#maxBytes) : 0) - usedBytes
    const diskRoomBytes = roomBytes(Math.max(0, diskBytes - KEPT_BYTES[table])) - (isBlocks ? this.#ballast.missingBytes : 0)
    return Math.min(quotaBytes, diskRoomBytes) - pendingBytes
  }
}

const nameOf = (table: Table, key: Uint8Array): string => table + Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
