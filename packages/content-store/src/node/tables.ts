export type Table = 'blocks' | 'records'

/** One key's new value; undefined: it is deleted, if it is there. */
export interface Change {
  readonly table: Table
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/** What a database has to do to be a store: two ordered tables of bytes. The rest is the same for all of them (`openOn`). */
export interface Tables {
  /** The value, in bytes of the caller's own. What is being written is not seen until it is on the disk. Throws if the file is damaged. */
  readonly get: (table: Table, key: Uint8Array) => Uint8Array | undefined
  readonly has: (table: Table, key: Uint8Array) => boolean
  readonly keys: (table: Table) => readonly Uint8Array[]
  /** From `start` on, before `end`, in the order of the keys' bytes. */
  readonly entries: (table: Table, start: Uint8Array, end: Uint8Array) => readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  /** One transaction: all of it or nothing, on the disk when it resolves. One for each table may be under way. */
  readonly write: (changes: readonly Change[]) => Promise<void>
  /** Whether a write was refused because the disk is full. */
  readonly isFull: (cause: unknown) => boolean
  readonly usage: () => Usage
  /** What a value takes on disk, roughly. */
  readonly bytesOf: (value: Uint8Array) => number
  /** Comes after the last write. */
  readonly close: () => Promise<void>
}
export interface Usage {
  /** What the tables take, without what was freed by deleting. */
  readonly usedBytes: number
  /** Of the disk, what is free. */
  readonly diskBytes: number
  /** What can still be written if so much of the disk is taken for it: there is room besides, inside the file, that deleting has freed. */
  readonly roomBytes: (diskBytes: number) => number
}
