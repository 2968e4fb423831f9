import type { SlotLimits } from '../limits.js'
import { LOOP_FUEL_MIN } from '../meter/function-writer.js'

/** Imported, and of no use to PHP: the metered binary calls it where its fuel is used up. */
export const OUT_OF_FUEL = '_emscripten_runtime_keepalive_clear'

/** The binary's own counter of what is left: below zero it asks us, and traps if it is below zero still. */
export interface FuelGlobal {
  value: bigint
}

// Charges of system calls are gathered up to this much: each access to the counter costs as much as a small call.
const OWED_MAX = 1_000_000
/** So far below zero that no grace and no binary's charge brings it back. */
const STOPPED = -(2n ** 60n)

/** One instance's fuel: what the metered binary and system calls have used of a run's limits. The same on every machine. */
export class FuelGauge {
  readonly #counter: FuelGlobal
  readonly #interrupt: () => void
  #given = 0
  #grace = 0
  #owed = 0
  #phase: 'work' | 'grace' | 'spent' = 'work'
  #usedAtStop: number | undefined

  /** @param interrupt makes PHP look up at its next chance, because the fuel is used up */
  constructor(counter: FuelGlobal, interrupt: () => void) {
    this.#counter = counter
    this.#interrupt = interrupt
  }

  begin({ fuel, graceFuel }: SlotLimits): void {
    this.#given = fuel
    this.#grace = graceFuel
    this.#owed = 0
    this.#phase = 'work'
    this.#usedAtStop = undefined
    this.#counter.value = BigInt(fuel)
  }

  /** For work done outside the binary. */
  charge(fuel: number): void {
    this.#owed += fuel
    if (this.#owed > OWED_MAX) this.#settle()
  }

  /** The binary found its counter below zero. What this leaves there decides whether it goes on. */
  ranOut(): void {
    if (this.#usedAtStop !== undefined) return
    if (this.#phase === 'work') {
      this.#phase = 'grace'
      this.#given += this.#grace
      this.#counter.value += BigInt(this.#grace)
      this.#interrupt()
    }
    if (this.#counter.value < 0n) this.#phase = 'spent'
  }

  /** No more of the binary runs: whatever it would do next, it traps. */
  stop(): void {
    this.#usedAtStop ??= this.used
    this.#counter.value = STOPPED
  }

  /** Fuel used so far, grace included. */
  get used(): number {
    if (this.#usedAtStop !== undefined) return this.#usedAtStop
    this.#settle()
    return this.#given - Number(this.#counter.value)
  }

  /** Fuel left without the grace; 0 once that has begun. */
  get left(): number {
    if (this.#phase !== 'work' || this.#usedAtStop !== undefined) return 0
    return Math.max(0, this.#given - this.used)
  }

  /** All was used, the grace too: the binary was stopped. */
  get spent(): boolean {
    return this.#phase === 'spent'
  }

  /** So far below zero that a loop of the binary that calls nothing traps, without having asked. */
  get isFarBelow(): boolean {
    return this.#usedAtStop === undefined && this.#counter.value < BigInt(LOOP_FUEL_MIN)
  }

  #settle(): void {
    if (this.#owed === 0) return
    this.#counter.value -= BigInt(this.#owed)
    this.#owed = 0
  }
}
