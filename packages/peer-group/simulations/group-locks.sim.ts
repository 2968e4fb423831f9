import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { simulateGroup } from './group.sim.js'
import { denier, doubleProposer, hider, lowballer } from './signing-adversary.js'
import { DICE } from './storm.js'

/**
 * Locks only: nothing is sent again, timers are shorter than what they wait for, and kinds of messages vanish, so that a step goes through many ranks while
 * commit sets and certificates lie with one or two. One member, or as many as order bears, hides commit sets, shows old ones, or proposes
 * another batch to who has sealed. Two
 * different certificates are never to be; nothing else is asked.
 */
export function simulate(input: ScenarioInput): Outcome {
  const dice = Random.named(input.seed, DICE.traitors)
  const first = dice.below(input.peers)
  const count = input.peers < 4 ? 0 : dice.between(1, Math.max(1, Math.floor((input.peers - 1) / 2)))
  const seats = Array.from({ length: count }, (_, i) => (first + i) % input.peers)
  // another batch is sealed by who forgot the first, if there is time for a restart before the rank is over
  const isSlow = dice.chance(300)
  const draw = () => [isSlow ? doubleProposer() : dice.pick([lowballer(), lowballer(), lowballer(), hider, denier])]
  const stormMs = 4_000
  return simulateGroup({
    ...input,
    isLive: false,
    isQuick: true,
    stormMs,
    tacticsOf: () => new Map(seats.map((seat) => [seat, draw()])),
    settings: { rankTimerMs: isSlow ? 1_500 : dice.pick([80, 120, 200]), resendMs: 20_000, resendMsMax: 20_000, idleEveryMs: 300 },
    weather: {
      lossPerMille: dice.pick([0, 20, 100]),
      repeatPerMille: 0,
      delayMsMax: dice.pick([5, 20]),
      latePerMille: dice.pick([0, 100]),
      lateMsMax: 400,
    },
    // who has a certificate can't tell the others
    faults: [{ type: 'hunt', atMs: 0, forMs: stormMs, kinds: [55], lossPerMille: dice.pick([500, 950]) }],
    storm: {
      crashes: isSlow ? 8 : 1,
      powerCuts: 0,
      ambushes: { most: isSlow ? 6 : 0, kinds: [50, 50, 52], aloneMsMax: 1 },
      hunts: { most: 3, kinds: [51, 52, 53] },
      clogs: 0,
      stalls: 0,
      slows: 0,
      fulls: 0,
      spoils: 0,
    },
    writesMax: 6,
  })
}
