import { MEMORY_MIB_MAX, type SlotLimits } from '../limits.js'
import { HostCallError } from './host-call-error.js'

/** Child jobs that one request may start, each of which costs a restored instance. */
export const CHILD_JOBS_MAX = 100

/**
 * The job slots that one request has beside its own. A slot's memory comes back when the child job in it ends; its work does not: all child jobs of a
 * request together have the work of these slots, so that a request of N slots never does more than N slots' work (and its grace).
 */
export class SlotPool {
  readonly #slot: SlotLimits
  #free: number
  #fuelLeft: number
  #startsLeft = CHILD_JOBS_MAX

  /** @param slots all that the request has, its own included */
  constructor(slot: SlotLimits, slots: number) {
    this.#slot = slot
    this.#free = slots - 1
    this.#fuelLeft = slot.fuel * this.#free
  }

  get free(): number {
    return this.#free
  }

  /** @throws {HostCallError} NoFreeSlot */
  take(slots: number): SlotLimits {
    if (slots > this.#free) throw noSlot(`${slots} of the job's slots are asked for, ${this.#free} are free`)
    if (this.#fuelLeft === 0) throw noSlot("the work of the job's other slots is used up in this request")
    if (this.#startsLeft === 0) throw noSlot(`a request may start ${CHILD_JOBS_MAX} scripts in slots of their own`)
    this.#startsLeft--
    this.#free -= slots
    const fuel = Math.min(slots * this.#slot.fuel, this.#fuelLeft)
    // of less work less grace, or grace alone would add up
    const graceFuel = Math.floor((fuel / this.#slot.fuel) * this.#slot.graceFuel)
    return { fuel, memoryMiB: Math.min(slots * this.#slot.memoryMiB, MEMORY_MIB_MAX), graceFuel }
  }

  giveBack(slots: number, fuelUsed: number): void {
    this.#free += slots
    this.#fuelLeft = Math.max(0, this.#fuelLeft - fuelUsed)
  }
}

function noSlot(message: string): HostCallError {
  return new HostCallError('NoFreeSlot', `Interpeer\\run(): ${message}`)
}
