import { setTimeout } from 'node:timers/promises'
import { ContentStoreError } from '@interpeer/content-store'
import { restMs } from './block-source.js'

interface To {
  readonly count: (code: string) => void
  /** What it is to judge could not be fetched. */
  readonly onFailed: (error: unknown) => void
  readonly signal: AbortSignal
}

/** What one juror is fetching: each thing once at a time, however often its machine asks. */
export class JurorFetches {
  readonly #to: To
  readonly #fetching = new Set<string>()
  /** Of those, what this peer could not ask for yet, since it fetches too much else. */
  readonly #crowded = new Set<string>()

  constructor(to: To) {
    this.#to = to
  }

  /** Some of what it is to judge this peer could not ask for yet. */
  get isCrowded(): boolean {
    return this.#crowded.size > 0
  }

  /** @param isSpare it is for others to have: what this host has no room for, or no time, costs the juror no word */
  once(name: string, fetch: () => Promise<void>, isSpare = false): void {
    if (this.#fetching.has(name)) return
    this.#fetching.add(name)
    const fetched = isSpare ? fetch() : this.#untilAsked(name, fetch)
    fetched
      .catch((error: unknown) => (isSpare ? this.#to.count(codeOfFetch(error)) : this.#to.onFailed(error)))
      .finally(() => this.#fetching.delete(name))
  }

  /** Waits while this peer fetches too much else, and asks again: that says nothing of what others give. */
  async #untilAsked(name: string, fetch: () => Promise<void>): Promise<void> {
    const { signal, count } = this.#to
    while (!signal.aborted) {
      try {
        await fetch()
        break
      } catch (error) {
        if (codeOfFetch(error) !== 'FETCH_CROWDED') {
          this.#crowded.delete(name)
          throw error
        }
        this.#crowded.add(name)
        count('FETCH_CROWDED')
        await setTimeout(restMs('FETCH_CROWDED', 0), undefined, { signal }).catch(() => {}) // aborted: the loop ends
      }
    }
    this.#crowded.delete(name)
  }
}

export const codeOfFetch = (error: unknown): string => (error instanceof ContentStoreError ? error.code : 'FETCH_FAILED')
