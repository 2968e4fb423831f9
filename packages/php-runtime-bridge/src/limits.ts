/** What one run of a script may use. All three are the same on every member: they show in results. */
export interface SlotLimits {
  /**
   * Work, in fuel: about one unit for each instruction of PHP's binary, and a fixed price for each system call and KiB moved. Where it ends, PHP code
   * gets an error that it can catch. 1 to 2^52.
   */
  readonly fuel: number
  /** Memory of PHP's whole instance, MiB, 128 to 2048. */
  readonly memoryMiB: number
  /** Fuel beyond `fuel`, for the script to deal with the end; then it is stopped. 0 to 2^52. */
  readonly graceFuel: number
}

const FUEL_MAX = 2 ** 52
const MEMORY_MIB_MIN = 128
/** PHP's binary can address no more. */
export const MEMORY_MIB_MAX = 2048

export function areLimits({ fuel, memoryMiB, graceFuel }: SlotLimits): boolean {
  const within = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most
  return within(fuel, 1, FUEL_MAX) && within(memoryMiB, MEMORY_MIB_MIN, MEMORY_MIB_MAX) && within(graceFuel, 0, FUEL_MAX)
}

/**
 * One job slot (WP §6.4). Fuel: PHP does 8 to 40 thousand million of it in a second of one core of the 2-core x86 machine where this was measured
 * (15 most often), so a slot is about a second, two at most, where it only copies memory or reads files. Memory: what gives the 128M of
 * `memory_limit` that PHP applications are written for.
 */
export const SLOT: SlotLimits = { fuel: 15_000_000_000, memoryMiB: 384, graceFuel: 1_500_000_000 }

/** The most slots that one run can have: all of the memory that PHP's binary can address. */
export const SLOTS_MAX = Math.floor(MEMORY_MIB_MAX / SLOT.memoryMiB)

/** What a run of `count` slots may use (1 to SLOTS_MAX). Never more memory than PHP's binary can address, however much one slot has. */
export function slotsOf(count: number, slot: SlotLimits = SLOT): SlotLimits {
  return { fuel: slot.fuel * count, memoryMiB: Math.min(slot.memoryMiB * count, MEMORY_MIB_MAX), graceFuel: slot.graceFuel * count }
}

/** Memory that is not the script's: the image with what is compiled, libraries' own, the stack. */
const SYSTEM_MIB = 128

/**
 * PHP's `memory_limit` in a slot, MiB: half of what is left beside the image and libraries. PHP asks for memory in pieces of 2 MiB, each at a
 * multiple of 2 MiB, and the C library leaves a gap as large between two of them (which the host never has to fill).
 */
export function memoryLimitMiBOf({ memoryMiB }: SlotLimits): number {
  return Math.max(Math.floor((memoryMiB - SYSTEM_MIB) / 2), MEMORY_MIB_MIN / 4)
}
