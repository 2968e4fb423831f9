import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { SPEND, START_MS, simulateChain, traitorsMax } from './chain.sim.js'
import type { ChainNode, Surroundings } from './chain-node.js'
import { twoFaced } from './traitors.js'

const [SPLIT_AT_MS, SPLIT_MS] = [3_000, 9_000]
const COINS = 4

/**
 * The network is split, and each coin spent on both sides (WP §8.5); traitors, as many as it bears, hear both sides and show each another face. Measured: what they gain,
 * coins final on two sides, which is none; how far each side comes; and how long after the split all have one chain.
 */
export function simulate({ seed, peers, trace }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 20)
  const traitors = Array.from({ length: traitorsMax(peers) }, (_, i) => i)
  const honest = Array.from({ length: peers }, (_, i) => i).filter((i) => !traitors.includes(i))
  const cut = dice.between(1, honest.length - 1)
  const sides = [honest.slice(0, cut), honest.slice(cut)] as const
  const faults = [sides, [sides[1], sides[0]] as const].map(([from, to]) => {
    return { type: 'cut' as const, atMs: SPLIT_AT_MS, forMs: SPLIT_MS, from, to }
  })
  let during: readonly number[] = []
  let before = 0
  return simulateChain({
    seed,
    peers,
    trace,
    plan: faults,
    stormMs: SPLIT_AT_MS + SPLIT_MS,
    weather: { lossPerMille: 0, repeatPerMille: 0, delayMsMax: 60, latePerMille: 0 },
    tacticsOf: () => new Map(traitors.map((i) => [i, [twoFaced()]])),
    also(around) {
      const heights = () => sides.map((side) => Math.max(...side.map((i) => (around.nodes[i] as ChainNode).height)))
      around.world.at(START_MS + SPLIT_AT_MS, () => {
        before = Math.max(...heights())
      })
      for (let coin = 0; coin < COINS; coin++) {
        sides.forEach((side, to) => {
          const at = START_MS + SPLIT_AT_MS + 500 + coin * 1_500
          around.world.at(at, () => around.nodes[dice.pick(side)]?.tell({ type: 'submit', transaction: Uint8Array.of(SPEND, coin, to) }))
        })
      }
      around.world.at(START_MS + SPLIT_AT_MS + SPLIT_MS - 1, () => {
        during = heights().map((height) => Math.max(0, height - before))
      })
      return () => spentTwice(around, honest)
    },
    figures: (around) => {
      const spent = (around.nodes[honest[0] as number] as ChainNode).state?.tip.state.spent
      return {
        sides: `${sides[0].length}+${sides[1].length}+${traitors.length} traitors`,
        // traitors hand final blocks on to the other side too: then both follow one chain
        heightsInSplit: Math.max(0, ...during),
        heightsOfOtherSide: Math.min(...during),
        coinsSpentTwice: spentTwice(around, honest).length,
        coinsSpent: spent?.size ?? 0,
      }
    },
  })
}
/** Coins that are final in two ways, among honest peers. */
function spentTwice({ nodes }: Surroundings, honest: readonly number[]): readonly string[] {
  const to = new Map<number, number>()
  const problems: string[] = []
  for (const i of honest) {
    for (const [coin, whom] of nodes[i]?.state?.tip.state.spent ?? []) {
      if ((to.get(coin) ?? whom) !== whom) problems.push(`coin ${coin} is spent twice`)
      to.set(coin, whom)
    }
  }
  return problems
}
