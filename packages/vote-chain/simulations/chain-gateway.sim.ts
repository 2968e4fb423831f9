import { proveEntry, readHeldMap } from '@interpeer/content-store'
import { createSigner, peekPayload, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { compareBytes, hexOf } from '@interpeer/wire-codec'
import {
  blocksMessage,
  type Certificate,
  ChainError,
  checkCertificateLightly,
  createVerification,
  encodeBlock,
  openChain,
  parseGenesis,
  pickVotes,
  SETTINGS,
  stepChain,
  type Tip,
  voteMessage,
} from '../src/index.js'
import { cheapVerification, withCheapLottery } from './cheap-lottery.js'
import { firstTip, madeBlock, type Roll, rollOf } from './forge.js'

const START_MS = 1_700_000_000_000
const ELECTORS = 120
const TRIALS = 40
/** What a gateway says that lies to who begins: so many real votes among made-up ones, in thousandths of a quorum. */
const REAL_PER_MILLE = [200, 500, 800, 950] as const

/**
 * A lying gateway at bootstrap. *A light client*, which knows one header, is shown a block that was never certified: the traitors' real votes, and the rest made up: in others' names,
 * of keys that are no electors', of another network, or for another block. *A peer* that begins with the genesis is sent the same block, in place of the chain.
 * Measured: how many such certificates pass, how many votes are looked at until the first false one shows, and whether the peer takes the chain afterwards.
 */
export function simulate({ seed }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 42)
  const realPerMille = dice.pick(REAL_PER_MILLE)
  const lie = dice.pick(['names', 'strangers', 'networks', 'blocks'] as const)
  const signer = (i: number) => withCheapLottery(createSigner(sha256(Uint8Array.of(6, seed & 0xff, seed >> 8, i & 0xff, i >> 8))))
  const all = Array.from({ length: ELECTORS }, (_, i) => signer(i)).sort((a, b) => compareBytes(a.publicKey, b.publicKey))
  const strangers = Array.from({ length: ELECTORS }, (_, i) => signer(1_000 + i))
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
  const peers = all.map(({ peerId }) => peerId)
  const json = { protocol: 1, settings: { ...usual, lookBack: 2 }, peers, balances: [], seed: '5a'.repeat(32), startMs: START_MS }
  const genesis = parseGenesis(JSON.stringify(json))
  const other = parseGenesis(JSON.stringify({ ...json, seed: '5b'.repeat(32) }))
  const verification = cheapVerification(createVerification(genesis.network))
  const application = rollOf(all)
  const fixed = { network: genesis.network, genesis, application, verification }
  const before = firstTip(fixed, all[0] as Signer)
  const { electorate } = before.group
  const { quorum } = electorate
  const real = Math.floor((quorum * realPerMille) / 1_000)
  const made = madeBlock(fixed, before, { leader: all[0] as Signer, voters: all.slice(0, real), transactions: [Uint8Array.of(66)] })
  const { header, body, certificate } = made.block
  const forgedVote = (i: number): Uint8Array => {
    const who = (lie === 'strangers' ? strangers[i] : all[i]) as Signer
    const block = lie === 'blocks' ? sha256(certificate.block) : certificate.block
    const value = { height: 1, round: 0, kind: 'certify' as const, attempt: 0, block, voter: who.publicKey, proof: null }
    const hand = lie === 'names' ? (strangers[i] as Signer) : who
    return signMessage(voteMessage, value, hand, lie === 'networks' ? other.network : genesis.network)
  }
  const votes = [...certificate.votes, ...Array.from({ length: quorum - real }, (_, i) => forgedVote(real + i))]
  const forged: Certificate = { ...certificate, votes: shuffled(votes, dice) }

  let [passed, looked] = [0, 0]
  const light = { height: 1, seed: genesis.seed, electorate: electorate.map.root.hash, sizeMax: genesis.settings.rootGroupSize }
  const prove = (key: Uint8Array) => readHeldMap(electorate.map, (get, root) => proveEntry(get, root, key)).proof
  for (let trial = 0; trial < TRIALS; trial++) {
    const places = pickVotes(forged, (count) => dice.below(count))
    const proofs = new Map(places.map((place) => [place, prove(voterOf(forged.votes[place] as Uint8Array))]))
    const first = places.findIndex((place) => !certificate.votes.includes(forged.votes[place] as Uint8Array))
    looked += first < 0 ? places.length : first + 1
    if (passes(() => checkCertificateLightly(forged, { height: 1, hash: certificate.block }, light, { places, proofs }, verification)))
      passed++
  }

  /** A peer that begins, and hears the gateway first, then the chain. */
  const newcomer = createSigner(sha256(Uint8Array.of(7, seed & 0xff)))
  const gateway = strangers[0] as Signer
  const true1 = madeBlock(fixed, before, { leader: all[1] as Signer, voters: all.slice(0, quorum) })
  const sent = (bytes: Uint8Array) => signMessage(blocksMessage, { blocks: [bytes], sender: gateway.publicKey }, gateway, genesis.network)
  const nowMs = START_MS + 60_000
  let { state } = openChain({ genesis, application, signer: newcomer, blocks: [], record: undefined, nowMs, verification })
  const tell = (bytes: Uint8Array): Tip<Roll> => {
    state = stepChain(state, { type: 'message', from: gateway.peerId, envelope: sent(bytes), nowMs }).state
    return state.tip
  }
  const lied = tell(encodeBlock({ header, body, certificate: forged })).height
  const told = tell(true1.bytes)
  const figures = {
    lie,
    realPerMille,
    quorum,
    votesReal: real,
    lightTrials: TRIALS,
    lightPassed: passed,
    votesLookedAtPerMille: Math.round((1_000 * looked) / TRIALS),
    heightsTakenByPeer: lied,
    heightsTakenAfterwards: told.height,
  }
  const problems = [
    // with nearly all of a quorum the odds are others: 64 of 83 votes miss the five that are false once in 2,500
    passed > 0 && realPerMille < 950 ? 'a light client takes a block that was never certified' : [],
    lied > 0 ? 'a peer that begins takes a block that was never certified' : [],
    told.height !== 1 ? 'a peer that was lied to does not take the chain afterwards' : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: { ...(problems.length === 0 ? {} : { problem: problems[0] as string }), ...figures },
    digest: hexOf(sha256(told.hash)).slice(0, 16),
  }
}

const voterOf = (envelope: Uint8Array): Uint8Array => voteMessage.decode(peekPayload(envelope) as Uint8Array).voter
function shuffled<T>(all: readonly T[], dice: Random): readonly T[] {
  const left = [...all]
  return all.map(() => left.splice(dice.below(left.length), 1)[0] as T)
}
function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (error instanceof ChainError) return false
    throw error
  }
}
