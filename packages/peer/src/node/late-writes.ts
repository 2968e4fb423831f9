import { createHash } from 'node:crypto'
import type { VisitorRequest } from './site-answer.js'

/** What whoever asks again says of itself anew. Of two who are nobody in particular all of it may be the same: only beside a name that is theirs does it tell who asks. */
const ASKER_HEADERS = new Set(['authorization', 'content-type', 'cookie', 'idempotency-key', 'user-agent'])

/** Half of the time for which a group remembers a request: one that was asked in time is known, or refused, when it comes. */
export const LATE_MS = 300_000
const WRITES_MAX = 256
const BYTES_MAX = 32 * 1024 * 1024

interface LateWrite {
  readonly envelope: Uint8Array
  readonly atMs: number
  isUnlikely: boolean
}

/**
 * Writes that their group had not decided when their visitors were told so. Whoever sends the same again (a browser that reloads the page of a form, a program that
 * tries again) means the same request: it goes out as it was signed, so that it is done once.
 */
export class LateWrites {
  readonly #writes = new Map<string, LateWrite>()
  #bytes = 0

  get isEmpty(): boolean {
    return this.#writes.size === 0
  }

  /** The request as it was signed, if it is not too long ago. */
  get(key: string, nowMs: number): Uint8Array | undefined {
    const late = this.#writes.get(key)
    return late !== undefined && nowMs - late.atMs < LATE_MS ? late.envelope : undefined
  }

  /**
   * @param nowMs of the first time that it was asked: later ones change nothing
   * @param how `isUnlikely`: whoever was asked says that it had no room for it. Where there are many, these go first
   */
  keep(key: string, envelope: Uint8Array, nowMs: number, { isUnlikely = false }: { readonly isUnlikely?: boolean } = {}): void {
    const known = this.get(key, nowMs) === undefined ? undefined : this.#writes.get(key)
    if (known !== undefined) known.isUnlikely &&= isUnlikely
    if (known !== undefined || envelope.length > BYTES_MAX) return
    this.drop(key)
    this.#writes.set(key, { envelope, atMs: nowMs, isUnlikely })
    this.#bytes += envelope.length
    for (const [oldest, { atMs }] of this.#writes) {
      if (nowMs - atMs < LATE_MS) break
      this.drop(oldest)
    }
    const isFull = () => this.#writes.size > WRITES_MAX || this.#bytes > BYTES_MAX
    for (const isGoing of [true, false]) {
      for (const [oldest, late] of this.#writes) {
        if (!isFull()) return
        if (late.isUnlikely === isGoing && oldest !== key) this.drop(oldest)
      }
    }
  }

  drop(key: string): void {
    this.#bytes -= this.#writes.get(key)?.envelope.length ?? 0
    this.#writes.delete(key)
  }
}

/**
 * Equal for what is taken to be the same write by the same visitor; undefined where nothing tells the visitor from others, who would else be given its answer, cookies and all.
 * @param asker a secret of the visitor's, which whoever serves it gave it; where it has none, an Idempotency-Key of its own counts
 */
export function lateKeyOf(
  job: string,
  { method, target, host, https, headers, body }: VisitorRequest,
  asker: string | undefined,
): string | undefined {
  const about = headers.filter(({ name }) => ASKER_HEADERS.has(name.toLowerCase())).map(({ name, value }) => [name.toLowerCase(), value])
  const named = about.some(([name, value]) => name === 'idempotency-key' && value !== '')
  if (asker === undefined && !named) return undefined
  return createHash('sha256')
    .update(JSON.stringify([job, named ? '' : asker, method, target, host, https, about.sort()]))
    .update(body)
    .digest('hex')
}
