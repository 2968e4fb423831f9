import type { ContentId } from '@interpeer/crypto-ids'
import type { ContentStoreFailure } from '../errors.js'

/** What the thread that reads a folder is given. */
export interface ImportOrder {
  readonly folder: string
  readonly symlinks: 'keep' | 'follow'
  readonly unfit: 'refuse' | 'leave-out'
  readonly passOver: readonly string[]
  readonly maxFileBytes: number
  readonly maxBytes: number
  readonly maxEntries: number
}

export interface ImportSetup {
  readonly order: ImportOrder
  /** Memory that both threads see. */
  readonly slabs: readonly SharedArrayBuffer[]
  /** One number a slab: whether it is free for the reading thread to write into. That sleeps on the one it needs next. */
  readonly free: Int32Array
}

export interface ImportCounts {
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  /** Content of all files. */
  readonly bytes: number
}

/** What no tree can hold, or was to be passed over, and was left out. */
export interface LeftOut {
  /** Of one that is not UTF-8: each byte as the character of that number. */
  readonly path: string
  readonly code: ContentStoreFailure['code'] | 'PASSED_OVER'
  /** Where a symbolic link leads, as it is written; undefined of what is no link, or leads to a name that is not UTF-8. */
  readonly target: string | undefined
}
/** Those that are told; the others are counted. */
export const LEFT_OUT_MAX = 1_000

/** Where in the slab a block lies. */
export type SlabBlock = readonly [cid: ContentId, at: number, length: number]

/** What it sends: blocks in a slab, by the slab's number, which is free again when they are stored; and at last the root, or what is wrong. */
export type ImportMessage =
  | { readonly type: 'blocks'; readonly slab: number; readonly blocks: readonly SlabBlock[]; readonly counts: ImportCounts }
  | {
      readonly type: 'done'
      readonly root: ContentId
      readonly counts: ImportCounts
      readonly leftOut: readonly LeftOut[]
      readonly leftOutCount: number
    }
  | { readonly type: 'failed'; readonly failure: ContentStoreFailure; readonly cause: unknown }

export const SLAB_BYTES = 8 * 1024 * 1024
/** One is being filled, the others are on their way to the disk. */
export const SLABS = 4
