import { accountOfPeer, signMessage } from '@interpeer/crypto-ids'
import { balanceOf } from '@interpeer/intercoin-ledger'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { evidenceMessage, quorumOf, type Vote, voteMessage } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { CYCLE_MS, genesisOf, type NetworkPeer, NetworkPeers, START_MS, signersOf, voteIn } from './network-peers.js'

const RUN_MS = 12_000
/** Blocks that a traitor names beside the true one, in soft and certify votes, for half of its hearers: in so many of a thousand votes. */
const DOUBLE_PER_MILLE = [20, 200, 1_000] as const
const HELD = 100_000_000n

/**
 * Double votes: as many traitors as the network bears vote for one block here and for another there, now and then or always. What honest peers heard is compared, as if one
 * of them had heard it all, and two votes against each other are brought as evidence, which ends an account and burns what it holds. Measured: forks, which are none; blocks beside those that a network without them makes; how long until the first and the last traitor are out,
 * and what they lost.
 */
export function simulate({ seed, peers: given }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 51)
  const count = Math.max(7, given)
  const signers = signersOf(2, count)
  const traitors = 2 * quorumOf(count) - count - 1
  const doublePerMille = dice.pick(DOUBLE_PER_MILLE)
  const balances = signers.map(({ peerId }) => ({ account: accountOfPeer(peerId), amount: String(HELD) }))
  const settings = { cycleMs: CYCLE_MS, roundMs: 120, matureCycles: 0, lookBack: 2, blockReward: 0 }
  const genesis = genesisOf(signers, settings, balances)
  const network = new NetworkPeers({ seed, signers, genesis })
  const isTraitor = ({ index }: NetworkPeer) => index < traitors
  const outAt = new Map<number, number>()
  let [doubled, evidences] = [0, 0]

  const faces = new Map<string, boolean>()
  network.tamper = (from, to, envelope) => {
    const vote = isTraitor(from) ? voteIn(envelope) : undefined
    if (vote === undefined || vote.kind === 'next' || vote.block === null) return [envelope]
    const name = `${from.index} ${vote.height} ${vote.round} ${vote.kind}`
    const isDouble = faces.get(name) ?? dice.chance(doublePerMille)
    if (!faces.has(name) && isDouble) doubled++
    faces.set(name, isDouble)
    if (!isDouble || to.index % 2 === 0) return [envelope]
    const other: Vote = { ...vote, block: vote.block.map((byte) => byte ^ 0xff) }
    return [signMessage(voteMessage, other, from.signer, genesis.network)]
  }
  const heard = new Map<string, Uint8Array>()
  const brought = new Set<string>()
  network.onHear = (hearer, envelope) => {
    const vote = isTraitor(hearer) ? undefined : voteIn(envelope)
    if (vote === undefined || vote.kind === 'next') return
    const name = [hexOf(vote.voter), vote.height, vote.round, vote.kind].join(' ')
    const first = heard.get(name)
    if (first === undefined) heard.set(name, envelope)
    else if (hexOf(first) !== hexOf(envelope) && !brought.has(hexOf(vote.voter))) {
      brought.add(hexOf(vote.voter))
      evidences++
      network.submit(hearer.index, evidenceMessage.encode({ job: null, epoch: 0, peer: vote.voter, envelopes: [first, envelope] }))
    }
    if (heard.size > 2_000) heard.clear()
  }
  network.onBlock = (_, { state }) => {
    for (const [i, signer] of signers.entries()) {
      if (state.registry.get(signer.peerId)?.standing === 'terminated' && !outAt.has(i)) outAt.set(i, state.height)
    }
  }
  network.world.run({ untilMs: START_MS + RUN_MS })
  const heightsInRun = network.newest.height
  network.world.run({
    untilMs: START_MS + RUN_MS + 10_000,
    done: () => network.peers.every(({ chain }) => (chain?.tip.height ?? 0) > heightsInRun),
  })

  const state = network.newest
  const lost = signers.slice(0, traitors).reduce((sum, { peerId }) => sum + HELD - balanceOf(state.ledger, accountOfPeer(peerId)), 0n)
  const electors = network.peers.find((peer) => !isTraitor(peer))?.chain?.tip.group.electorate.electors ?? []
  const stillVoting = electors.filter((peer) => signers.findIndex(({ peerId }) => peerId === peer) < traitors).length
  const honestOut = [...outAt.keys()].filter((i) => i >= traitors)
  const problems = [
    network.problems,
    honestOut.length > 0 ? [`${honestOut.length} honest peers were ended`] : [],
    outAt.size < brought.size ? ['evidence against a traitor was brought, and it is still there'] : [],
    network.peers.some(({ chain }) => (chain?.tip.height ?? 0) <= heightsInRun) ? ['it stands still'] : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      traitors,
      doublePerMille,
      doubleVotes: doubled,
      evidences,
      traitorsOut: outAt.size,
      firstOutHeight: Math.min(0xffff_ffff, ...outAt.values()) === 0xffff_ffff ? 0 : Math.min(...outAt.values()),
      lastOutHeight: Math.max(0, ...outAt.values()),
      traitorsThatStillVote: stillVoting,
      coinsLostPerMille: Number((1_000n * lost) / (HELD * BigInt(Math.max(1, traitors)))),
      heights: heightsInRun,
      heightsInTime: Math.floor(RUN_MS / CYCLE_MS),
    },
    digest: network.final.get(state.height)?.slice(0, 16) ?? '',
  }
}
