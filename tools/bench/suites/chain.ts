import { measureSeats } from '../chain/seat.ts'
import type { Figure } from '../figures.ts'

/** The vote-chain and what follows from it. `chain/seat-own-N`, `chain/seat-check-N`: who has which seat in a network of N peers. */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  return measureSeats(say, signal)
}
