import { ContentStoreError } from './errors.js'

/** What a walk may cost. A tree can name one block many times, so its blocks say nothing about its size. */
export interface TreeLimits {
  /** Files, directories and links together. Default 100,000. */
  readonly maxEntries?: number
  /** Content of all files read. Default 1 GiB. */
  readonly maxBytes?: number
}
export const DEFAULT_TREE_LIMITS: Required<TreeLimits> = { maxEntries: 100_000, maxBytes: 1024 ** 3 }

export const tooLarge = (reason: string): ContentStoreError => new ContentStoreError({ code: 'TREE_TOO_LARGE', reason })
