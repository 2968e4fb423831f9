/** Bytes that are read or written before others may work. */
const STEP_BYTES = 4 * 1024 * 1024
/** What one piece counts at the least, however short: a site may have a hundred thousand files of a few bytes. */
const PIECE_BYTES_MIN = 4096

export type Pause = (bytes: number) => Promise<void>

/** Lets others work after every STEP_BYTES. */
export function pauses(): Pause {
  let since = 0
  return async (bytes) => {
    since += Math.max(bytes, PIECE_BYTES_MIN)
    if (since < STEP_BYTES) return
    since = 0
    await new Promise((resolve) => setImmediate(resolve))
  }
}
