import type { PeerId } from '@interpeer/crypto-ids'
import type { Hurry } from './block-source.js'

/** What a rest between two tries lasts at least: each try reads again what is here already. */
const REST_LEAST_MS = 5_000

/**
 * A state that is being fetched for a group whose machine asks again and again for what is not here yet. That begins no second walk over all that is here. It ends the
 * rest between two tries, and where it names another peer that may have the state also a try, which asks only who was known when it began.
 */
export class ComingState implements Hurry {
  readonly #now: () => number
  readonly #from = new Set<PeerId>()
  #soon = new AbortController()
  /** Until then a rest is not ended; infinity: a try is under way, or another can't help. */
  #restedAtMs = Number.POSITIVE_INFINITY

  constructor(from: readonly PeerId[], now: () => number) {
    this.#now = now
    for (const peer of from) this.#from.add(peer)
  }

  get from(): readonly PeerId[] {
    return [...this.#from]
  }

  ask(from: readonly PeerId[]): void {
    const known = this.#from.size
    for (const peer of from) this.#from.add(peer)
    if (this.#from.size > known || this.#now() >= this.#restedAtMs) this.#soon.abort()
  }

  readonly begin = (): AbortSignal => {
    this.#soon = new AbortController()
    this.#restedAtMs = Number.POSITIVE_INFINITY
    return this.#soon.signal
  }
  readonly rests = (mayHelp: boolean): void => {
    if (mayHelp) this.#restedAtMs = this.#now() + REST_LEAST_MS
  }
}
