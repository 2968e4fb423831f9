import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { simulateChain, traitorsMax } from './chain.sim.js'
import { everything, type Tactic, twoFaced, withholder, withholdingLeader } from './traitors.js'

const CALM_MS = 20_000
const KINDS: readonly (readonly [name: string, make: () => Tactic])[] = [
  ['withholding-leader', () => withholdingLeader],
  ['two-faced', twoFaced],
  ['withholder', () => withholder],
  ['everything', everything],
]

/**
 * What traitors gain by one treason in a calm network, as many of them as it bears: two votes and two blocks, blocks withheld, messages shown to some only. Measured:
 * blocks in twenty cycles beside those of the same network without them, and the highest round. No fork in any case.
 */
export function simulate({ seed, peers, trace }: ScenarioInput): Outcome {
  const [name, make] = Random.named(seed, 21).pick(KINDS)
  const calm = {
    seed,
    peers,
    trace,
    plan: [],
    stormMs: CALM_MS,
    settings: { roundMs: 400 },
    weather: { lossPerMille: 10, repeatPerMille: 0, delayMsMax: 60, latePerMille: 0 },
  }
  const honest = simulateChain(calm)
  const outcome = simulateChain({
    ...calm,
    tacticsOf: () => new Map(Array.from({ length: traitorsMax(peers) }, (_, i) => [i, [make()]])),
  })
  const { heightsInStorm: heights, rounds, twoVotes } = outcome.figures
  const figures = {
    ...('problem' in outcome.figures ? { problem: outcome.figures.problem as string } : {}),
    treason: name,
    traitors: traitorsMax(peers),
    heights: heights as number,
    heightsWithout: honest.figures.heightsInStorm as number,
    rounds: rounds as number,
    twoVotes: twoVotes as number,
  }
  return { ...outcome, figures }
}
