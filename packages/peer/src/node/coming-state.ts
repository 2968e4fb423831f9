import type { PeerId } from '@interpeer/crypto-ids'
import type { Hurry } from './block-source.js'

/** A try to which nothing came for so long is begun anew when the group asks again: who did not have a block is not asked for it twice in one. */
const STUCK_MS = 5_000

/**
 * A state that is being fetched for a group whose machine asks again and again for what is not here yet. That begins no second walk over all that is here; it ends
 * the try under way, or the rest after one, where others may have it by now.
 */
export class ComingState implements Hurry {
  readonly #now: () => number
  readonly #from = new Set<PeerId>()
  #soon = new AbortController()
  #movedMs: number

  constructor(from: readonly PeerId[], now: () => number) {
    this.#now = now
    this.#movedMs = now()
    for (const peer of from) this.#from.add(peer)
  }

  get from(): readonly PeerId[] {
    return [...this.#from]
  }

  ask(from: readonly PeerId[]): void {
    const known = this.#from.size
    for (const peer of from) this.#from.add(peer)
    if (this.#from.size > known || this.#now() - this.#movedMs >= STUCK_MS) this.#soon.abort()
  }

  readonly begin = (): AbortSignal => {
    this.#soon = new AbortController()
    this.moved()
    return this.#soon.signal
  }
  readonly moved = (): void => {
    this.#movedMs = this.#now()
  }
  readonly rests = (mayHelp: boolean): void => {
    this.#movedMs = mayHelp ? this.#now() : Number.POSITIVE_INFINITY
  }
}
