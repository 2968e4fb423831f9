import { printJson } from './print.js'

export interface Service {
  /** What launchers wait for, as one JSON line on stdout. */
  readonly ready: object
  /** Rejects where the service can't go on: it could not write what it must not forget. */
  readonly failed: Promise<never>
  readonly close: () => Promise<void>
}
/** A disk that fails may hang whoever closes a file on it. */
const CLOSE_MS = 8_000

/**
 * Says that the process is ready and stays until SIGINT, SIGTERM, or a failure; closes the service in every case, so that what has failed does not
 * go on answering. Rejects with the failure.
 */
export async function untilStopped({ ready, failed, close }: Service): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  printJson({ ready })
  try {
    await Promise.race([stopped, failed])
  } finally {
    const timer = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    await Promise.race([close(), timer])
  }
}
