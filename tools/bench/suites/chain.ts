import { measureBytes } from '../chain/bytes.ts'
import { type LargeNetwork, largeNetwork } from '../chain/large-network.ts'
import { measureLight } from '../chain/light.ts'
import { measureSeats } from '../chain/seat.ts'
import { measureSync } from '../chain/sync.ts'
import { type Figure, jsonLine } from '../figures.ts'

type Part = (say: (line: string) => void, signal: AbortSignal) => Figure[] | Promise<Figure[]>
let network: LargeNetwork | undefined
const withNetwork =
  (part: (network: LargeNetwork) => Figure[]): Part =>
  (say, signal) => {
    network ??= largeNetwork(say, signal)
    return part(network)
  }
/** By name, in order: BENCH_CHAIN takes some of them, with commas between. */
const PARTS: Readonly<Record<string, Part>> = {
  bytes: () => measureBytes(),
  light: withNetwork(measureLight),
  sync: withNetwork(measureSync),
  seat: measureSeats,
}

/**
 * The vote-chain and what follows from it. `chain/bytes`: what it comes to a day; `chain/light`, `chain/sync`: starting without its past; `chain/seat-own-N`,
 * `chain/seat-check-N`: who has which seat in a network of N peers. Each figure is said when it is known.
 */
export async function measure(say: (line: string) => void, signal: AbortSignal): Promise<Figure[]> {
  const chosen = process.env.BENCH_CHAIN?.split(',') ?? Object.keys(PARTS)
  const figures: Figure[] = []
  for (const name of chosen) {
    const part = PARTS[name]
    if (part === undefined) throw new Error(`no such part: ${name} (${Object.keys(PARTS).join(', ')})`)
    const found = await part(say, signal)
    for (const figure of found) say(jsonLine(figure))
    figures.push(...found)
  }
  return figures
}
