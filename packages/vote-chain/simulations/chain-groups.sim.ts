import { sealOf, sha256 } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { hexOf } from '@interpeer/wire-codec'
import { isDrawn, lotInput, STEPS } from '../src/electorate.js'
import { quorumOf, SETTINGS } from '../src/index.js'

const ELECTORS_MIN = 10_000
const TRAITORS_PER_MILLE = 200
const ROUNDS = 3

/**
 * Groups of the size that is usual, 2,000, as the code draws them, with a fifth of the electors traitors who vote for all that there is, and honest ones of whom they choose who sees what. A step forks where that makes two
 * quorums (docs/protocol/vote-chain.md, "Groups that are drawn"), and halts where the honest ones drawn are no quorum. Measured: how many votes the closest step was from either.
 */
export function simulate({ seed, peers }: ScenarioInput): Outcome {
  const electors = Math.max(ELECTORS_MIN, peers)
  const size = Number(SETTINGS.rootGroupSize.usual)
  const quorum = quorumOf(size)
  const dice = Random.named(seed, 33)
  const [blockSeed, height] = [dice.bytes(32), dice.below(1_000_000)]
  const keys = Array.from({ length: electors }, (_, i) => sha256(Uint8Array.of(7, i >> 8, i & 0xff)))
  const traitors = Math.floor((electors * TRAITORS_PER_MILLE) / 1_000)
  const first = dice.below(electors)
  let [steps, fork, halt] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  let digest: Uint8Array = blockSeed
  for (let round = 0; round < ROUNDS; round++) {
    for (const step of STEPS) {
      const input = lotInput(blockSeed, height, round, step, 0)
      const drawn = { honest: 0, traitors: 0 }
      for (const [i, key] of keys.entries()) {
        // in place of a VRF's output: as unpredictable in a simulation, and cheap
        if (!isDrawn(sealOf('cheap lot', [key, input]), size, electors)) continue
        if ((i - first + electors) % electors < traitors) drawn.traitors++
        else drawn.honest++
      }
      fork = Math.min(fork, 2 * quorum - drawn.honest - 2 * drawn.traitors)
      halt = Math.min(halt, drawn.honest - quorum)
      steps++
      digest = sha256(digest, Uint8Array.of(drawn.honest >> 8, drawn.honest & 0xff, drawn.traitors >> 8, drawn.traitors & 0xff))
    }
  }
  const problem = fork <= 0 ? 'a step forks' : halt < 0 ? 'a step has no quorum of honest votes' : undefined
  const figures = { electors, traitors, size, quorum, steps, votesFromFork: fork, votesFromHalt: halt }
  return {
    verdict: problem === undefined ? 'pass' : 'fail',
    figures: problem === undefined ? figures : { problem, ...figures },
    digest: hexOf(digest).slice(0, 16),
  }
}
