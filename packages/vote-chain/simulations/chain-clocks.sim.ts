import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { drawTraitors, simulateChain } from './chain.sim.js'

const STORM_MS = 10_000

/**
 * Clocks that are set, by many seconds to and fro, and peers that crash in between: a peer comes back to its record with a clock that is far behind, or ahead of it. It must not
 * contradict what it signed, and make no second block of a height.
 */
export function simulate(input: ScenarioInput): Outcome {
  const dice = Random.named(input.seed, 43)
  return simulateChain({
    ...input,
    tacticsOf: drawTraitors,
    stormMs: STORM_MS,
    cycleMs: 300,
    settings: { roundMs: dice.pick([100, 300]) },
    weather: { delayMsMax: dice.pick([5, 60]), lossPerMille: dice.pick([0, 100, 250]), lateMsMax: 500 },
    storm: {
      crashes: 14,
      powerCuts: 2,
      ambushes: { most: 8, kinds: [82, 82, 'soft', 'certify', 'next'], aloneMsMax: 500 },
      hunts: { most: 3, kinds: ['soft', 'certify', 82] },
      clogs: 0,
      stalls: 0,
      slows: 0,
      fulls: 0,
      jumps: { most: 12, msMax: 8_000 },
    },
  })
}
