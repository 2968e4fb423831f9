import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { quorumOf } from '../src/index.js'
import { drawTraitors, simulateChain } from './chain.sim.js'
import { babbler } from './traitors.js'

/** So few neighbours that votes and blocks have to be passed on, though there are no more electors than a run can have. */
const FEW = { directMax: 2, own: 2, guests: 4, fanOut: 2, gatherMs: 20 }
/** Of a transaction: what is passed on, offered, or makes a proposal that is offered. */
const WRITE_BYTES = [4, 4, 6_000, 70_000] as const
/** Proposals, bundles, blocks, and what neighbours tell each other: votes, what they have, offers and wishes. */
const HUNTED = [82, 84, 86, 96, 96, 97, 98, 99] as const

/**
 * The storm of `chain`, with its traitors or with some that pass on what is wrong, where electors know but a few neighbours each and pass on what they hear: what one link or neighbour loses comes
 * by another. Honest peers pass on what is right, to each neighbour once, and shun none of each other.
 */
export function simulate(input: ScenarioInput): Outcome {
  const peers = Math.max(6, input.peers)
  const dice = Random.named(input.seed, 31)
  const gossip = { ...FEW, own: dice.pick([2, 3]), gatherMs: dice.pick([0, 20]) }
  const tacticsOf = dice.pick([undefined, drawTraitors, drawBabblers])
  const writeBytes = dice.pick(WRITE_BYTES)
  const storm = { hunts: { most: 3, kinds: HUNTED } }
  return simulateChain({ ...input, peers, gossip, writeBytes, storm, ...(tacticsOf === undefined ? {} : { tacticsOf }) })
}
/** No more than the others do without: who passes on what is wrong is soon heard by nobody. */
const drawBabblers: typeof drawTraitors = (random, peers) =>
  new Map([...drawTraitors(random, peers).keys()].slice(0, peers - quorumOf(peers)).map((i) => [i, [babbler]]))
