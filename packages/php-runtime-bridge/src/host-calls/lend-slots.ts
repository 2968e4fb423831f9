import { type SlotLimits, slotsOf } from '../limits.js'
import { HostCallError } from './host-call-error.js'

/** Child jobs that one request may start, each of which costs a restored instance. */
export const CHILD_JOBS_MAX = 100
const MIB = 1024 * 1024

/** A script that lends some of its job slots to one that it runs. */
export interface Lender {
  /** What it has, the request's own script all that the job has. */
  readonly slots: number
  /** Memory that its instance holds. */
  readonly memoryBytes: number
  /** Work that it has left, without the grace. */
  readonly fuelLeft: number
}

/**
 * What a script of `wanted` slots may use. Its lender keeps one slot at least, and must fit into the memory of those that it keeps. The work is as much as these slots
 * have, and never more than the lender has left: what the script uses, its lender has used. So a request never does more than the work of its slots.
 * @param slot what one is
 * @throws {HostCallError} NoFreeSlot
 */
export function lendSlots(slot: SlotLimits, { slots, memoryBytes, fuelLeft }: Lender, wanted: number): SlotLimits {
  if (wanted >= slots) throw noSlot(`${wanted} slots are asked for, ${slots - 1} can be lent`)
  const kept = slots - wanted
  if (memoryBytes > kept * slot.memoryMiB * MIB) throw noSlot(`the script itself holds more memory than its other ${kept} have`)
  if (fuelLeft <= 0) throw noSlot("the script's own work is used up")
  const lent = slotsOf(wanted, slot)
  if (fuelLeft >= lent.fuel) return lent
  // of less work less grace, or grace alone would add up
  return { ...lent, fuel: fuelLeft, graceFuel: Math.floor((fuelLeft / slot.fuel) * slot.graceFuel) }
}

/** @throws {HostCallError} NoFreeSlot */
export function checkStarts(started: number): void {
  if (started >= CHILD_JOBS_MAX) throw noSlot(`a request may start ${CHILD_JOBS_MAX} scripts in slots of their own`)
}

export function noSlot(message: string): HostCallError {
  return new HostCallError('NoFreeSlot', `Interpeer\\run(): ${message}`)
}
