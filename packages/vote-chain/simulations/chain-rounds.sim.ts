import { type Fault, type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { simulateChain, traitorsMax } from './chain.sim.js'
import { everything, forger, twoFaced } from './traitors.js'

export const ROUNDS_MS = 6_000

/**
 * Rounds only: waits are short, and votes that certify, and blocks for who is behind, hardly ever arrive, so that a block is final with one or two while the others go through
 * many rounds; traitors, as many as order bears, vote for everything, show two faces, or forge bundles. Two blocks are never to be final at one height; nothing else is asked.
 */
export function simulate(input: ScenarioInput): Outcome {
  return simulateRounds(input, [])
}
/** The same, with what else goes wrong. */
export function simulateRounds(input: ScenarioInput, faults: readonly Fault[]): Outcome {
  const dice = Random.named(input.seed, 22)
  const tactic = dice.pick([everything, everything, twoFaced, forger])
  const lossPerMille = dice.pick([600, 800, 900])
  // who forgot a vote casts another, if there are crashes enough
  const isCrashing = dice.chance(400)
  return simulateChain({
    ...input,
    isLive: false,
    stormMs: ROUNDS_MS,
    cycleMs: 300,
    settings: { roundMs: dice.pick([50, 100]) },
    weather: {
      lossPerMille: dice.pick([0, 50, 150]),
      repeatPerMille: 0,
      delayMsMax: dice.pick([5, 30]),
      latePerMille: dice.pick([50, 300]),
      lateMsMax: 300,
    },
    tacticsOf: () => new Map(Array.from({ length: traitorsMax(input.peers) }, (_, i) => [i, [tactic()]])),
    faults: [{ type: 'hunt', atMs: 0, forMs: ROUNDS_MS, kinds: ['certify', 86], lossPerMille }, ...faults],
    storm: {
      crashes: isCrashing ? 12 : 4,
      powerCuts: 0,
      ambushes: { most: isCrashing ? 10 : 2, kinds: ['certify', 'next', 'soft'], aloneMsMax: 500 },
      hunts: { most: 2, kinds: ['soft', 'next', 82, 84] },
      clogs: 0,
      stalls: 0,
      slows: 0,
      fulls: 0,
      jumps: { most: 0, msMax: 1 },
    },
  })
}
