import { measureSeats } from '../chain/seat.ts'
import type { Figure } from '../figures.ts'

/** Each says its figures as it knows them, so that one that takes long or fails keeps nobody's. */
type Part = (say: (line: string) => void, signal: AbortSignal, known: (figure: Figure) => void) => Promise<void>

/** The vote-chain and what follows from it. `chain/seat-own-N`, `chain/seat-check-N`: who has which seat in a network of N peers. */
const PARTS: readonly Part[] = [measureSeats]

export async function measure(say: (line: string) => void, signal: AbortSignal, known: (figure: Figure) => void): Promise<Figure[]> {
  for (const part of PARTS) await part(say, signal, known)
  return []
}
