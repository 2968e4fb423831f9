/** Whether the host gave out, rather than what it worked on being wrong: its stack or its memory ended. */
const gaveOut = (error: unknown): boolean =>
  error instanceof RangeError && /call stack|allocation failed|out of memory/i.test(error.message)

/** Errors inside errors that are looked at. */
const CAUSES_MAX = 16

/**
 * Throws what it is given, if that is a fault of this host, also one that other code took for a fault of the bytes (its `cause`). Where
 * peers must come to the same, such a fault is no answer: other hosts have more stack or memory, and come to another.
 */
export function throwHostFault(error: unknown): void {
  let at = error
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth++) {
    if (gaveOut(at)) throw error
    at = at.cause
  }
}
