import { hexOf } from '@interpeer/wire-codec'
import type { ContentId } from '@interpeer/crypto-ids'

export type WriteOutcome =
  | { readonly type: 'response'; readonly response: ContentId }
  | { readonly type: 'refused'; readonly code: string }
  /** Not decided in time: it may still become final. */
  | { readonly type: 'undecided' }

/** Writes whose asker waits for the group, by request id. The same id may be asked for more than once at a time. */
export class WaitingWrites {
  readonly #waiting = new Map<string, ((outcome: WriteOutcome) => void)[]>()

  wait(id: Uint8Array, timeoutMs: number): Promise<WriteOutcome> {
    const key = hexOf(id)
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, { type: 'undecided' }), timeoutMs)
      const done = (outcome: WriteOutcome) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), done])
    })
  }

  settle(id: Uint8Array, outcome: WriteOutcome): void {
    const key = hexOf(id)
    const waiting = this.#waiting.get(key) ?? []
    this.#waiting.delete(key)
    for (const done of waiting) done(outcome)
  }

  settleAll(outcome: WriteOutcome): void {
    for (const waiting of this.#waiting.values()) for (const done of waiting) done(outcome)
    this.#waiting.clear()
  }

  get count(): number {
    return this.#waiting.size
  }
}
