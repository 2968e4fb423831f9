import type { RecordStore } from '@interpeer/content-store'
import type { ContentId, JobId } from '@interpeer/crypto-ids'
import { decodeServed, encodeServed, isLater, type ServedState } from '../served-state.js'

/** States that are still known after later ones came. */
const RECENT_KEPT = 8
type Place = Pick<ServedState, 'epoch' | 'step'>

/** The last final state of one site that this peer holds, over restarts, and the visitors who wait for a later one. */
export class ServedSite {
  readonly #job: JobId
  readonly #records: RecordStore
  readonly #wakes = new Set<() => void>()
  #state: ServedState | undefined
  /** The state that the disk says, and those after it that it may say by now. */
  #recorded: readonly ServedState[] = []
  #recent: readonly ServedState[] = []
  #closed = false

  constructor(job: JobId, records: RecordStore, count: (code: string) => void) {
    this.#job = job
    this.#records = records
    try {
      const stored = records.get(job)
      if (stored !== undefined) this.#state = decodeServed(stored)
      if (this.#state !== undefined) this.#recorded = this.#recent = [this.#state]
    } catch {
      count('SERVED_UNREADABLE') // nothing was signed by it: the group tells the state again
    }
  }

  get state(): ServedState | undefined {
    return this.#state
  }
  /** The state, and what a crash would bring back in its place. */
  get states(): readonly ContentId[] {
    return this.#recorded.map(({ state }) => state)
  }

  /** The states that it served lately, this one last. */
  get recent(): readonly ServedState[] {
    return this.#recent
  }

  /**
   * Takes a later state, at once; an earlier one changes nothing. Durable when it resolves: before that a crash only means that the group, which
   * remembers its certificates, tells it again.
   */
  async serve(served: ServedState): Promise<void> {
    if (!this.#isBehind(served)) return
    this.#state = served
    this.#recent = [...this.#recent.filter(({ state }) => state !== served.state), served].slice(-RECENT_KEPT)
    this.#recorded = [...this.#recorded, served]
    this.#wakeAll()
    await this.#records.put([[this.#job, encodeServed(served)]])
    this.#recorded = this.#recorded.slice(Math.max(0, this.#recorded.indexOf(served)))
  }

  /** The group said again that this is its last final state. In memory: after a restart it is said again. */
  renew(place: Place, named: Uint8Array, timeMs: number): void {
    if (this.#state?.epoch !== place.epoch || this.#state.step !== place.step || timeMs <= this.#state.timeMs) return
    this.#state = { ...this.#state, named, timeMs }
  }

  /** Whether this peer holds what the asker saw, now or within `timeoutMs`. */
  async catchUp(seen: Place, timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs
    while (this.#isBehind(seen)) {
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0 || this.#closed) return false
      await this.#changeWithin(leftMs)
    }
    return true
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#closed = true
    this.#wakeAll()
  }

  #isBehind(place: Place): boolean {
    return this.#state === undefined || isLater(place, this.#state)
  }

  #changeWithin(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, timeoutMs)
      this.#wakes.add(wake)
    })
  }

  #wakeAll(): void {
    for (const wake of [...this.#wakes]) wake()
  }
}
