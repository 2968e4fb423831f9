import { sha256 } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { concatBytes, hexOf } from '@interpeer/wire-codec'
import { leaderLot, seedOf } from '../src/index.js'

const ELECTORS = 100
const TRAITORS = 20
const HEIGHTS = 1_500
const KEYS_GROUND = 500
const TRIALS = 60
/** What grinding may gain at most, in thousandths of all heights or draws, beside the fair 200: of 40 seeds none came to more than 231 and 262, and their means are 207 and 242. */
const LEADS_MAX = 260
const DRAWS_MAX = 290

/** In place of a VRF's output: as unpredictable in a simulation, and cheap. */
const outputOf = (seed: Uint8Array, peer: number | Uint8Array): Uint8Array =>
  sha256(concatBytes(seed, typeof peer === 'number' ? Uint8Array.of(peer >> 8, peer & 0xff) : peer))
const shareOf = (lot: Uint8Array): number => ((lot[0] as number) * 2 ** 16 + (lot[1] as number) * 2 ** 8 + (lot[2] as number)) / 2 ** 24
const lotOf = (seed: Uint8Array, peer: number | Uint8Array): number => shareOf(leaderLot(outputOf(seed, peer), 0))
const seedAfter = (seed: Uint8Array, leader: number): Uint8Array => seedOf(outputOf(seed, leader))
/** Whether a seed draws a traitor for a seat that they want: one peer in five. */
const drawsTraitor = (seed: Uint8Array): boolean => (seed[31] as number) < 256 * (TRAITORS / ELECTORS)

/**
 * A fifth of the electors grinds. *Seed*: when the lowest lots are theirs they may withhold blocks, one after another, and so choose among that many seeds and the first honest
 * leader's, which they can't foresee. *Key*: a key is made to fit a seed that is known; with the electorate of `lookBack` heights before it is of no use when its time has come.
 */
export function simulate({ seed }: ScenarioInput): Outcome {
  const start = sha256(Uint8Array.of(seed >> 24, seed >> 16, seed >> 8, seed))
  // who withholds all that come first gives a lead away for a seed that it can't foresee: so it leads, and takes the seed with its lowest lot after it
  const leads = grindSeed(start, (options) => [...options].sort((a, b) => lowest(a.seed) - lowest(b.seed))[0])
  const draws = grindSeed(start, (options) => options.find((option) => drawsTraitor(option.seed)))
  const [fair, ground, groundLate] = grindKeys(start, Random.named(seed, 30))
  const figures = {
    ledPerMille: Math.round((1_000 * leads.led) / HEIGHTS),
    withheldPerMille: Math.round((1_000 * leads.withheld) / HEIGHTS),
    drawnPerMille: Math.round((1_000 * draws.drawn) / HEIGHTS),
    fairPerMille: (1_000 * TRAITORS) / ELECTORS,
    keyFairPerMille: fair as number,
    keyGroundPerMille: ground as number,
    keyGroundAndLookedBackPerMille: groundLate as number,
  }
  const problems = [
    figures.ledPerMille > LEADS_MAX ? `grinding leads ${figures.ledPerMille} of 1000 heights` : [],
    figures.drawnPerMille > DRAWS_MAX ? `grinding draws ${figures.drawnPerMille} of 1000 seats` : [],
    figures.keyGroundAndLookedBackPerMille > 150 ? 'a ground key leads more often than others' : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: { ...(problems.length === 0 ? {} : { problem: problems[0] as string }), ...figures },
    digest: hexOf(sha256(concatBytes(leads.seed, draws.seed))).slice(0, 16),
  }
}
const lowest = (seed: Uint8Array): number => Math.min(...Array.from({ length: TRAITORS }, (_, peer) => lotOf(seed, peer)))

interface Option {
  readonly leader: number
  readonly seed: Uint8Array
}
/** @param choose among the seeds of traitors that come first, or undefined: all of them withhold */
function grindSeed(start: Uint8Array, choose: (options: readonly Option[]) => Option | undefined) {
  let [seed, led, withheld, drawn] = [start, 0, 0, 0]
  for (let height = 0; height < HEIGHTS; height++) {
    const at = seed
    const order = Array.from({ length: ELECTORS }, (_, peer) => ({ peer, lot: lotOf(at, peer) })).sort((a, b) => a.lot - b.lot)
    const honest = order.findIndex(({ peer }) => peer >= TRAITORS)
    const options = order.slice(0, honest).map(({ peer }) => ({ leader: peer, seed: seedAfter(at, peer) }))
    const chosen = choose(options)
    const leader = chosen?.leader ?? (order[honest]?.peer as number)
    if (leader < TRAITORS) led++
    withheld += chosen === undefined ? options.length : options.indexOf(chosen)
    seed = seedAfter(at, leader)
    if (drawsTraitor(seed)) drawn++
  }
  return { seed, led, withheld, drawn }
}

/** How often a fresh key has the lowest lot: any key; the best of many for the seed of the height; and that one when it may vote, heights later. In thousandths. */
function grindKeys(start: Uint8Array, random: Random): readonly number[] {
  const wins = [0, 0, 0]
  let seed = start
  for (let trial = 0; trial < TRIALS; trial++) {
    const later = sha256(concatBytes(seed, Uint8Array.of(1)))
    const isLowest = (at: Uint8Array, key: Uint8Array) => {
      const lot = lotOf(at, key)
      return Array.from({ length: ELECTORS - 1 }, (_, peer) => peer).every((peer) => lotOf(at, peer) > lot)
    }
    const keys = Array.from({ length: KEYS_GROUND }, () => random.bytes(32))
    const at = seed
    const best = keys.reduce((a, b) => (lotOf(at, a) <= lotOf(at, b) ? a : b))
    if (isLowest(seed, keys[0] as Uint8Array)) wins[0] = (wins[0] as number) + 1
    if (isLowest(seed, best)) wins[1] = (wins[1] as number) + 1
    if (isLowest(later, best)) wins[2] = (wins[2] as number) + 1
    seed = sha256(later)
  }
  return wins.map((count) => Math.round((1_000 * count) / TRIALS))
}
