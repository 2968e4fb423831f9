import { measureBytes } from '../chain/bytes.ts'
import { type LargeNetwork, largeNetwork } from '../chain/large-network.ts'
import { measureLight } from '../chain/light.ts'
import { measureSeats } from '../chain/seat.ts'
import { measureSync } from '../chain/sync.ts'
import type { Figure } from '../figures.ts'

type Say = (line: string) => void
type Known = (figure: Figure) => void
type Part = (say: Say, signal: AbortSignal, known: Known) => void | Promise<void>
let network: LargeNetwork | undefined
const withNetwork =
  (part: (network: LargeNetwork) => Figure[]): Part =>
  (say, signal, known) => {
    network ??= largeNetwork(say, signal)
    for (const figure of part(network)) known(figure)
  }
/** By name, in order: BENCH_CHAIN takes some of them, with commas between. */
const PARTS: Readonly<Record<string, Part>> = {
  bytes: (_say, _signal, known) => {
    for (const figure of measureBytes()) known(figure)
  },
  light: withNetwork(measureLight),
  sync: async (say, signal, known) => {
    for (const figure of await measureSync(say, signal)) known(figure)
  },
  seat: measureSeats,
}

/**
 * The vote-chain and what follows from it. `chain/bytes`: what it comes to a day; `chain/light`, `chain/sync`: starting without its past; `chain/seat-own-N`,
 * `chain/seat-check-N`: who has which seat in a network of N peers. Each figure is said when it is known, so that a part that takes long or fails keeps nobody's.
 */
export async function measure(say: Say, signal: AbortSignal, known: Known): Promise<Figure[]> {
  const chosen = process.env.BENCH_CHAIN?.split(',') ?? Object.keys(PARTS)
  for (const name of chosen) {
    const part = PARTS[name]
    if (part === undefined) throw new Error(`no such part: ${name} (${Object.keys(PARTS).join(', ')})`)
    await part(say, signal, known)
  }
  return []
}
