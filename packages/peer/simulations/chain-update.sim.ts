import { accountOfPeer } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { type ChangePatch, changeIdOf, quorumOf, signChangeRequest, signChangeVote } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { CYCLE_MS, genesisOf, NetworkPeers, START_MS, signersOf } from './network-peers.js'

/** Cycles to vote in. */
const CHANGE_CYCLES = 16
const RUN_MS = 12_000
const NOTHING: ChangePatch = { settings: [], moves: [], ends: [] }

/**
 * A nefarious update (WP §8.6): traitors, a fifth of all, ask for a change that takes from everybody, or for coins, and say yes to it. Of the honest peers some look at what is asked for, and say no;
 * the others are silent. Some sleep while it is asked for, voted on and settled, and others crash all the time. Measured: who said what, whether it applied, and at which height on which peer.
 */
export function simulate({ seed, peers: given }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 50)
  const count = Math.max(7, given)
  const signers = signersOf(1, count)
  const traitors = Math.floor(count / 5)
  const kind = dice.pick(['tax', 'reward', 'coins'] as const)
  const lookingPerMille = dice.pick([0, 300, 600, 1_000])
  const balances = signers.map(({ peerId }) => ({ account: accountOfPeer(peerId), amount: '1000000000' }))
  const settings = { cycleMs: CYCLE_MS, roundMs: 120, changeCyclesMin: CHANGE_CYCLES, matureCycles: 0 }
  const genesis = genesisOf(signers, settings, balances)
  const crashPerMille = dice.pick([0, 0, 1])
  const network = new NetworkPeers({ seed, signers, genesis, crashPerMille, lossPerMille: dice.pick([0, 20]) })
  const [thief, victim] = [signers[0], signers[count - 1]].map((signer) => accountOfPeer((signer as (typeof signers)[number]).peerId)) as [
    never,
    never,
  ]
  const patch: ChangePatch = {
    tax: { ...NOTHING, settings: [{ name: 'transferTaxPerMille', value: 100n }] },
    reward: { ...NOTHING, settings: [{ name: 'blockReward', value: 1_000_000_000_000n }] },
    coins: { ...NOTHING, moves: [{ from: victim, to: thief, amount: 500_000_000n }] },
  }[kind]

  // as many sleep as the chain can do without where nobody crashes, from before the request until after it is settled
  const asleepMost = crashPerMille > 0 ? 1 : count - quorumOf(count)
  const asleep = dice.chance(700) ? Array.from({ length: dice.below(asleepMost) + 1 }, (_, i) => count - 1 - i) : []
  const askAtMs = START_MS + 1_500 + dice.below(600)
  const wakeAtMs = askAtMs + (CHANGE_CYCLES + 10) * CYCLE_MS
  for (const i of asleep) {
    network.world.at(askAtMs - 500, () => network.stop(i))
    network.world.at(wakeAtMs, () => network.start(i))
  }
  let request: Uint8Array | undefined
  let lookers = 0
  network.world.at(askAtMs, () => {
    const validHeight = network.newest.height + CHANGE_CYCLES + 8
    request = signChangeRequest({ validHeight, reason: 'smaller fees', patch }, signers[0] as never, genesis.network)
    const asked = request
    for (let turn = 0; turn < 6; turn++) network.world.after(turn * CYCLE_MS, () => network.submit(0, asked))
    const id = changeIdOf(request)
    for (let i = 0; i < count; i++) {
      const isTraitor = i < traitors
      if (!isTraitor && (asleep.includes(i) || !dice.chance(lookingPerMille))) continue
      if (!isTraitor) lookers++
      const vote = signChangeVote({ request: id, turn: 0, vote: isTraitor ? 'yes' : 'no' }, signers[i] as never, genesis.network)
      // each hands it in until it is in a block: it may crash
      for (let turn = 1; turn <= CHANGE_CYCLES + 1; turn++)
        network.world.after(turn * CYCLE_MS + dice.below(CYCLE_MS), () => network.submit(i, vote))
    }
  })
  const settledAt = new Map<number, string>()
  network.onBlock = ({ index }, { state }) => {
    const name = request === undefined ? undefined : hexOf(changeIdOf(request))
    const outcome = name === undefined ? undefined : state.changes.get(name)?.outcome
    if (outcome !== undefined && outcome !== 'open' && !settledAt.has(index)) settledAt.set(index, `${outcome} at ${state.height}`)
  }
  network.world.run({ untilMs: START_MS + RUN_MS })
  network.calm()
  network.world.run({ untilMs: START_MS + RUN_MS + 20_000, done: () => settledAt.size === count || network.newest.changes.size === 0 })

  const change = network.newest.changes.get(hexOf(changeIdOf(request as Uint8Array)))
  const tally = change?.tally ?? { voters: 0, yes: 0, no: 0 }
  const outcomes = [...new Set(settledAt.values())]
  const isApplied = change?.outcome === 'applied'
  const vetoAt = (genesis.settings.changeVetoPerMille * tally.voters) / 1_000
  const mayApply = kind === 'tax' && tally.no < vetoAt
  const problems = [
    network.problems,
    change !== undefined && settledAt.size < count ? [`it never was settled on ${count - settledAt.size} peers`] : [],
    outcomes.length > 1 ? ['it is settled in two ways, or at two heights'] : [],
    change !== undefined && isApplied !== mayApply ? ['it applied though it was voted down, or the other way round'] : [],
    kind !== 'tax' && isApplied ? ['a protected change applied on a fifth of the votes'] : [],
    tally.no < lookers && crashPerMille === 0 ? ['somebody said no, and it was not counted'] : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      kind,
      lookingPerMille,
      asleep: asleep.length,
      voters: tally.voters,
      yes: tally.yes,
      no: tally.no,
      outcome: change?.outcome ?? 'none',
      settled: outcomes.join(', '),
      heights: network.newest.height,
    },
    digest: network.final.get(network.newest.height)?.slice(0, 16) ?? '',
  }
}
