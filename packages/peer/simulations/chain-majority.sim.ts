import { accountOfPeer, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { balanceOf } from '@interpeer/intercoin-ledger'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { type BlockInfo, type ChangePatch, changeIdOf, quorumOf, signChangeRequest, signChangeVote, signJoin } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { type NetworkState, networkApplication } from '../src/network/index.js'
import { CYCLE_MS, genesisOf, START_MS, signersOf } from './network-peers.js'

const PEERS = 100
const [CHANGE_CYCLES, MATURE_CYCLES] = [10, 10]
const HELD = 2_000_000_000n
const STOLEN = 1_500_000_000n
/** A simple majority, one that alone is enough neither to certify nor to change anything protected, and one that is enough for both. */
const SHARES = [510, 600, 700] as const
const NOTHING: ChangePatch = { settings: [], moves: [], ends: [] }

/**
 * 51 %, then corrected (WP §8.3). Traitors hold so many of a hundred places, and ask for the coins of ten others; all vote, honest peers against it. Where that does not pass they stop the chain for
 * a while. Where it passes, the honest bring in as many new peers as it takes, pay for them, and ask for the correction: coins back, as much as is there, and the traitors' accounts ended. Rules and state
 * are those that ship; how votes on blocks travel is left out: a block comes where a quorum takes part. Traitors who hold a quorum and take nobody's join into a block can't be corrected: that is not measured, for it is no
 * question of numbers. Measured: coins taken, and brought back, and cycles until then.
 */
export function simulate({ seed }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 52)
  const sharePerMille = SHARES[seed % SHARES.length] as number
  const signers = signersOf(3, PEERS + 140)
  const [first, further] = [signers.slice(0, PEERS), signers.slice(PEERS)]
  const traitors = first.slice(0, (PEERS * sharePerMille) / 1_000)
  const honest = first.slice(traitors.length)
  const balances = signers.map(({ peerId }) => ({ account: accountOfPeer(peerId), amount: String(HELD) }))
  const settings = { cycleMs: CYCLE_MS, roundMs: 120, changeCyclesMin: CHANGE_CYCLES, matureCycles: MATURE_CYCLES, blockReward: 0 }
  const genesis = genesisOf(first, settings, balances)
  const application = networkApplication(genesis.network)
  let state: NetworkState = application.begin(genesis)
  const refused: string[] = []
  /** The next block, if so many of those who may vote take part. */
  const block = (taking: (peer: PeerId) => boolean, ...transactions: readonly Uint8Array[]): boolean => {
    const electors = application.electorate(state)
    const certifiers = electors.filter(taking)
    if (certifiers.length < quorumOf(electors.length)) return false
    const height = state.height + 1
    const timeMs = START_MS + height * CYCLE_MS
    const info: BlockInfo = {
      height,
      timeMs,
      seed: sha256(Uint8Array.of(height, seed & 0xff)),
      leader: electors[0] as PeerId,
      certifiers: height === 1 ? [] : certifiers,
    }
    const applied = application.apply(state, transactions, info)
    refused.push(...applied.refused.map(({ code }) => code))
    state = applied.state
    return true
  }
  const isTraitor = new Set(traitors.map(({ peerId }) => peerId))
  const everyone = () => true
  const until = (height: number) => {
    while (state.height < height) block(everyone)
  }
  const ask = (patch: ChangePatch, by: Signer, yes: readonly Signer[], no: readonly Signer[]): string => {
    const validHeight = state.height + 2 + CHANGE_CYCLES
    const request = signChangeRequest({ validHeight, reason: 'it is right', patch }, by, genesis.network)
    const vote = (says: 'no' | 'yes') => (signer: Signer) =>
      signChangeVote({ request: changeIdOf(request), turn: 0, vote: says }, signer, genesis.network)
    block(everyone, request)
    block(everyone, ...yes.map(vote('yes')), ...no.map(vote('no')))
    until(validHeight)
    return state.changes.get(hexOf(changeIdOf(request)))?.outcome ?? 'none'
  }

  block(everyone)
  const victims = honest.slice(0, 10)
  const thief = traitors[dice.below(traitors.length)] as Signer
  const coinsOf = (all: readonly Signer[]) => all.reduce((sum, { peerId }) => sum + balanceOf(state.ledger, accountOfPeer(peerId)), 0n)
  const before = coinsOf(victims)
  const move = (from: Signer, to: Signer) => ({ from: accountOfPeer(from.peerId), to: accountOfPeer(to.peerId), amount: STOLEN })
  const theft = ask({ ...NOTHING, moves: victims.map((victim) => move(victim, thief)) }, thief, traitors, honest)
  const stolen = before - coinsOf(victims)
  const stolenHeight = state.height
  // the other thing that they can do is nothing: then nobody certifies
  let stood = 0
  for (let cycle = 0; cycle < 20; cycle++) if (!block((peer) => !isTraitor.has(peer))) stood++

  let [correction, joined] = ['none', 0]
  if (stolen > 0n) {
    // so many that the traitors are under a third, and cannot stop it any more
    joined = Math.max(0, traitors.length * 3 + 1 - PEERS)
    const newcomers = further.slice(0, joined)
    for (let from = 0; from < joined; from += 40)
      block(everyone, ...newcomers.slice(from, from + 40).map((signer) => signJoin({ slots: 1 }, signer, genesis.network)))
    until(state.height + MATURE_CYCLES + 1)
    const all = [...honest, ...newcomers]
    const back = {
      moves: victims.map((victim) => move(thief, victim)),
      ends: traitors.slice(0, 32).map(({ peerId }) => peerId),
      settings: [],
    }
    correction = ask(back, honest.at(-1) as Signer, all, traitors)
  }
  const left = traitors.filter(({ peerId }) => state.registry.get(peerId)?.standing === 'joined').length
  const returned = coinsOf(victims) - (before - stolen)
  const figures = {
    sharePerMille,
    theft,
    coinsTakenPerMille: Number((1_000n * stolen) / before),
    cyclesHalted: stood,
    newcomers: joined,
    correction,
    coinsReturnedPerMille: stolen === 0n ? 0 : Number((1_000n * returned) / stolen),
    cyclesUntilCorrected: correction === 'applied' ? state.height - stolenHeight : 0,
    traitorsLeft: left,
  }
  const problems = [
    theft === 'applied' && sharePerMille * 1_000 < genesis.settings.changeYesPerMille * PEERS * 10
      ? 'fewer than two thirds changed what is protected'
      : [],
    theft !== 'applied' && stolen > 0n ? 'coins are gone though it was refused' : [],
    stolen > 0n && (correction !== 'applied' || returned !== stolen) ? 'it could not be corrected' : [],
    refused.length > 0 ? `refused: ${refused[0]}` : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: { ...(problems.length === 0 ? {} : { problem: problems[0] as string }), ...figures },
    digest: hexOf(application.dataSets(state).ledger).slice(0, 16),
  }
}
