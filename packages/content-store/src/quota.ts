const RESERVE_MAX_BYTES = 8 * 1024 * 1024

/**
 * What blocks leave of a store's `maxBytes`, so that records can still be written when blocks can't: an eighth, at most 8 MiB. Urgent blocks leave half of
 * that.
 */
export const reserveOf = (maxBytes: number, urgent: boolean): number =>
  maxBytes === Number.POSITIVE_INFINITY ? 0 : Math.min(maxBytes / 8, RESERVE_MAX_BYTES) / (urgent ? 2 : 1)
