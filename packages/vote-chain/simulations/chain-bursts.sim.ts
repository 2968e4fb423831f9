import { type Fault, type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { ROUNDS_MS, simulateRounds } from './chain-rounds.sim.js'

/** What is lost in a burst: then a round comes to nothing. */
const LOST = [[82, 'soft'], ['soft'], [82]] as const

/**
 * The rounds of `chain-rounds` in bursts: for some rounds each message of a kind is lost, then for some none is. So rounds that end for none, that decide a block which few know, and that come to nothing
 * although the one before did, follow each other: what ended a round must be remembered in the next, and counts for no other.
 */
export function simulate(input: ScenarioInput): Outcome {
  const dice = Random.named(input.seed, 23)
  const faults: Fault[] = []
  for (let atMs = dice.between(0, 400); atMs < ROUNDS_MS; atMs += dice.between(100, 600)) {
    const forMs = dice.between(50, 500)
    faults.push({ type: 'hunt', atMs, forMs, kinds: dice.pick(LOST), lossPerMille: 1_000 })
    atMs += forMs
  }
  return simulateRounds(input, [...faults, { type: 'hunt', atMs: 0, forMs: ROUNDS_MS, kinds: ['certify', 86], lossPerMille: 800 }])
}
