import type { ContentId } from '@interpeer/crypto-ids'
import type { GroupEvent } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'

export type WriteOutcome =
  | { readonly type: 'response'; readonly response: ContentId }
  | { readonly type: 'refused'; readonly code: string }
  /** Not decided in time: it may still become final. */
  | { readonly type: 'undecided' }

/** A visitor's write as a group takes it. */
export type WaitingWrite = Omit<Extract<GroupEvent, { type: 'write' }>, 'nowMs'>

interface Entry {
  readonly write: WaitingWrite
  readonly waiters: Set<(outcome: WriteOutcome) => void>
}
/** Askers that may wait at one peer for one site, and the bytes of what they asked; more are refused. */
const WAITERS_MAX = 512
const WAITING_MAX_BYTES = 32 * 1024 * 1024

/**
 * Writes whose asker waits for the group, by request id. The same request may be asked for more than once at a time. They are kept
 * whole: an epoch that closes leaves what it did not decide to the next one.
 */
export class WaitingWrites {
  readonly #entries = new Map<string, Entry>()
  #waiters = 0
  #bytes = 0

  /** Why a write can't wait here; then it must not be handed to the group either. */
  refusalOf({ id, cid, bytes }: WaitingWrite): 'REQUEST_MISMATCH' | 'GROUP_BUSY' | undefined {
    const known = this.#entries.get(hexOf(id))
    // an answer is told by id: whoever signed two requests with one id is told that of the first only
    if (known !== undefined && known.write.cid !== cid) return 'REQUEST_MISMATCH'
    const newBytes = known === undefined ? bytes.length : 0
    return this.#waiters >= WAITERS_MAX || this.#bytes + newBytes > WAITING_MAX_BYTES ? 'GROUP_BUSY' : undefined
  }

  /** Resolves when the write is decided, or as undecided after `timeoutMs`. */
  wait(write: WaitingWrite, timeoutMs: number): Promise<WriteOutcome> {
    const key = hexOf(write.id)
    const known = this.#entries.get(key)
    const entry = known ?? { write, waiters: new Set() }
    if (known === undefined) {
      this.#entries.set(key, entry)
      this.#bytes += write.bytes.length
    }
    this.#waiters++
    return new Promise((resolve) => {
      const done = (outcome: WriteOutcome) => {
        clearTimeout(timer)
        entry.waiters.delete(done)
        this.#waiters--
        if (entry.waiters.size === 0) this.#forget(key, entry)
        resolve(outcome)
      }
      const timer = setTimeout(() => done({ type: 'undecided' }), timeoutMs)
      entry.waiters.add(done)
    })
  }

  settle(id: Uint8Array, outcome: WriteOutcome): void {
    for (const done of [...(this.#entries.get(hexOf(id))?.waiters ?? [])]) done(outcome)
  }

  settleAll(outcome: WriteOutcome): void {
    for (const { waiters } of [...this.#entries.values()]) for (const done of [...waiters]) done(outcome)
  }

  /** What is not decided yet, in the order it came. */
  writes(): readonly WaitingWrite[] {
    return [...this.#entries.values()].map(({ write }) => write)
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#bytes -= entry.write.bytes.length
  }
}
