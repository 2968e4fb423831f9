import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { drawTraitors, simulateChain } from './chain.sim.js'

/** So few neighbours that votes and blocks have to be passed on, though there are no more electors than a run can have. */
const FEW = { directMax: 2, own: 2, guests: 4, fanOut: 2, gatherMs: 20 }

/** The storm of `chain`, with its traitors, where electors know but a few neighbours each and pass on what they hear: what one link or neighbour loses comes by another. */
export function simulate(input: ScenarioInput): Outcome {
  const peers = Math.max(6, input.peers)
  const dice = Random.named(input.seed, 31)
  const gossip = { ...FEW, own: dice.pick([2, 3]), gatherMs: dice.pick([0, 20]) }
  return simulateChain({ ...input, peers, gossip, ...(dice.chance(500) ? { tacticsOf: drawTraitors } : {}) })
}
