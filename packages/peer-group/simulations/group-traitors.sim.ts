import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import {
  censorMember,
  clockSetter,
  eagerRevealer,
  liar,
  mute,
  silent,
  slow,
  splitter,
  staleServer,
  type Tactic,
  withholder,
} from './adversary.js'
import { quorumOf } from './checks.js'
import { simulateGroup } from './group.sim.js'
import { execute } from './jobs.js'
import { parrot } from './parrot.js'
import {
  censorRequests,
  denier,
  doubleProposer,
  doubleSealer,
  equivocator,
  hider,
  idThief,
  lowballer,
  misnamer,
  rankJumper,
  repeater,
  stuffer,
} from './signing-adversary.js'
import { DICE, HUNTED } from './storm.js'

/** What one traitor may be up to. */
const TACTICS: readonly ((random: Random) => Tactic)[] = [
  () => liar,
  () => silent,
  (random) => mute(random, HUNTED),
  (random) => slow(random.pick([100, 1_000, 4_000])),
  (random) => censorMember(random),
  () => splitter([49, 51, 55]),
  (random) => clockSetter(random),
  () => eagerRevealer,
  () => withholder,
  () => staleServer,
  () => equivocator,
  () => equivocator,
  () => doubleProposer(),
  () => doubleSealer,
  () => hider,
  () => hider,
  () => lowballer(),
  () => denier,
  () => rankJumper,
  (random) => misnamer(random),
  (random) => misnamer(random),
  () => censorRequests,
  () => repeater(),
  () => repeater(),
  () => repeater(),
  () => repeater(),
  () => parrot((effect) => [execute(effect), execute({ ...effect, timeMs: effect.timeMs + 1 })]),
]

/** What some do instead, with the requests that they batch: nothing else must be amiss, so that such a batch has its chance. */
const REQUEST_TACTICS: readonly Tactic[] = [idThief, stuffer]

/**
 * The storm of `group`, with traitors of every kind of tactic, one or two each. With at most floor((N-1)/3) of them everything must hold that holds
 * among honest members; with more, but fewer than 2q-N, all that is never to happen: two certificates, a write lost or run twice, an honest member marked or accused.
 */
export function simulate(input: ScenarioInput): Outcome {
  const { seed, peers } = input
  const random = Random.named(seed, DICE.traitors)
  const few = Math.floor((peers - 1) / 3)
  const many = 2 * quorumOf(peers) - peers - 1
  const isLive = many <= few || random.chance(700)
  const count = Math.min(isLive ? few : many, 5)
  const first = random.below(peers)
  const seats = Array.from({ length: count }, (_, i) => (first + i * random.between(1, 2)) % peers)
  const more = Random.named(seed, DICE.traitors, 2)
  const draw = (): readonly Tactic[] => {
    const drawn = Array.from({ length: random.between(1, 2) }, () => random.pick(TACTICS)(random))
    return more.chance(200) ? [more.pick(REQUEST_TACTICS)] : drawn
  }
  return simulateGroup({ ...input, isLive, tacticsOf: () => new Map(seats.map((seat) => [seat, draw()])) })
}
