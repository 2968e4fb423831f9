import { proveEntry, readHeldMap } from '@interpeer/content-store'
import { createSigner, keyOfPeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput } from '@interpeer/simulator'
import { concatBytes, hexOf, sameBytes } from '@interpeer/wire-codec'
import {
  blocksReply,
  ChainError,
  checkCertificateLightly,
  createVerification,
  openChain,
  parseGenesis,
  pickVotes,
  quorumOf,
  SETTINGS,
  stepChain,
  type Tip,
} from '../src/index.js'
import { cheapVerification, withCheapLottery } from './cheap-lottery.js'
import { firstTip, madeBlock, REPLACE, type Roll, rollOf } from './forge.js'

const START_MS = 1_700_000_000_000
const CYCLE_MS = 1_000
const ELECTORS = 10
const HEIGHTS = 60
/** One of the first electors leaves every four heights; by height 42 none of them votes any more. */
const REPLACE_EVERY = 4
/** Until here a peer had followed the chain that slept since: some of the first electors had left. */
const ASLEEP_SINCE = 12
/** A light client trusts this header. */
const CHECKPOINT = 50

/**
 * A history from old keys: whoever left the electorate may sell its key, and who has bought a quorum of one height's can make another history from there on, with all that they like
 * in it. Measured: how many of its blocks are taken by a peer that is awake, by one that slept since some of the keys voted, by a newcomer who begins with the genesis and
 * hears the forgers first, and by a light client with a newer header that it trusts.
 */
export function simulate({ seed }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 40)
  const keys = dice.between(4, ELECTORS)
  const all = Array.from({ length: 2 * ELECTORS }, (_, i) =>
    withCheapLottery(createSigner(sha256(Uint8Array.of(4, seed & 0xff, seed >> 8, i)))),
  )
  const first = all.slice(0, ELECTORS)
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
  const settings = { ...usual, cycleMs: CYCLE_MS, roundMs: 400, lookBack: 2 }
  const peers = first.map(({ peerId }) => peerId)
  const json = { protocol: 1, settings, peers, balances: [], seed: '5a'.repeat(32), startMs: START_MS }
  const genesis = parseGenesis(JSON.stringify(json))
  const verification = cheapVerification(createVerification(genesis.network))
  const application = rollOf(all)
  const fixed = { network: genesis.network, genesis, application, verification }
  const quorum = quorumOf(ELECTORS)
  const nowMs = START_MS + (HEIGHTS + 1) * CYCLE_MS

  /** The chain that all agreed on, and the tip at each height. */
  const honest: Uint8Array[] = []
  const tips: Tip<Roll>[] = [firstTip(fixed, all[0] as Signer)]
  for (let height = 1; height <= HEIGHTS; height++) {
    const tip = tips.at(-1) as Tip<Roll>
    const voters = all.filter(({ peerId }) => tip.group.electorate.members.has(peerId))
    const leaving = height % REPLACE_EVERY === 0 ? height / REPLACE_EVERY - 1 : ELECTORS
    const transactions = leaving < ELECTORS ? [Uint8Array.of(REPLACE, leaving, ELECTORS + leaving)] : []
    const made = madeBlock(fixed, tip, { leader: dice.pick(voters), voters, transactions })
    honest.push(made.bytes)
    tips.push(made.tip)
  }
  const stranger = all.at(-1) as Signer
  /** A peer that has these blocks, and then is sent others. It has a key of its own, and votes nowhere. */
  const observer = createSigner(sha256(Uint8Array.of(5, seed & 0xff)))
  const told = (has: readonly Uint8Array[], ...replies: readonly (readonly Uint8Array[])[]): Tip<Roll> => {
    let { state } = openChain({ genesis, application, signer: observer, blocks: has, record: undefined, nowMs, verification })
    for (const blocks of replies) {
      const envelope = blocksReply(blocks, stranger, genesis.network)
      if (envelope !== undefined) state = stepChain(state, { type: 'message', from: stranger.peerId, envelope, nowMs }).state
    }
    return state.tip
  }

  /** Another history from a height on, with keys of electors of that time. With fewer than a quorum, votes twice fill the first certificate, and on that nothing can be built. */
  const forge = (from: number): readonly Uint8Array[] => {
    const bought = first.slice(-keys)
    const forged: Uint8Array[] = []
    let tip = tips[from] as Tip<Roll>
    let count = Number.POSITIVE_INFINITY
    while (tip.height < HEIGHTS && count >= quorum) {
      const { electorate } = tip.group
      const own = bought.filter(({ peerId }) => electorate.members.has(peerId))
      count = own.length
      const leader = own[0] ?? (bought[0] as Signer)
      const voters = Array.from({ length: Math.max(own.length, electorate.quorum) }, (_, i) => own[i % Math.max(1, own.length)] ?? leader)
      const made = madeBlock(fixed, tip, { leader, voters, transactions: [Uint8Array.of(9, tip.height)] })
      forged.push(made.bytes)
      tip = made.tip
    }
    return forged
  }
  const forged = forge(0)
  const forgedLater = forge(ASLEEP_SINCE)
  const awake = told(honest, forged)
  const asleep = told(honest.slice(0, ASLEEP_SINCE), forgedLater)
  const newcomer = told([], forged)
  const newcomerLater = told([], forged, honest)
  const honestFirst = told([], honest, forged)
  // one of today's electors leads for them, and they certify
  const tip = tips.at(-1) as Tip<Roll>
  const today = madeBlock(fixed, tip, { leader: all[ELECTORS] as Signer, voters: first.slice(-keys) })
  const grown = told(honest, [today.bytes])
  const isTrue = ({ height, hash }: Tip<Roll>) => sameBytes(hash, (tips[height] ?? today.tip).hash)
  const light = takenLightly()

  /** The block after a header that is trusted, from keys that voted long before. */
  function takenLightly(): boolean {
    const trusted = tips[CHECKPOINT] as Tip<Roll>
    const own = first.slice(-keys)
    const { block } = madeBlock(fixed, trusted, { leader: own[0] as Signer, voters: own })
    const { header, certificate } = block
    const places = pickVotes(certificate, (count) => dice.below(count))
    const { map } = trusted.group.electorate
    const prove = (signer: Signer) => readHeldMap(map, (get, root) => proveEntry(get, root, keyOfPeerId(signer.peerId))).proof
    const proofs = new Map(places.map((place) => [place, prove(own[place] as Signer)]))
    const group = { height: header.height, seed: trusted.seed, electorate: map.root.hash, sizeMax: genesis.settings.rootGroupSize }
    try {
      checkCertificateLightly(certificate, { height: header.height, hash: certificate.block }, group, { places, proofs }, verification)
      return true
    } catch (error) {
      if (error instanceof ChainError) return false
      throw error
    }
  }

  const stillThere = first
    .slice(-keys)
    .filter(({ peerId }) => (tips[ASLEEP_SINCE] as Tip<Roll>).group.electorate.members.has(peerId)).length
  const taken = (tip: Tip<Roll>, from = 0) => (isTrue(tip) ? 0 : tip.height - from)
  const figures = {
    keys,
    quorum,
    takenAwake: taken(awake) + (grown.height - HEIGHTS),
    takenAsleep: taken(asleep, ASLEEP_SINCE),
    takenByNewcomer: taken(newcomer),
    takenByNewcomerThatHearsBoth: taken(newcomerLater),
    takenByNewcomerThatHeardTheChainFirst: taken(honestFirst),
    takenFromCheckpoint: light ? 1 : 0,
  }
  const problems = [
    figures.takenAwake > 0 || figures.takenByNewcomerThatHeardTheChainFirst > 0 ? 'who has the chain takes another history' : [],
    light ? 'keys of the past certify a block of today' : [],
    keys < quorum && (figures.takenByNewcomer > 0 || figures.takenAsleep > 0) ? 'fewer old keys than a quorum make a history' : [],
    stillThere < quorum && figures.takenAsleep > 0 ? 'who slept takes a history of fewer keys than a quorum of its time' : [],
  ].flat()
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: { ...(problems.length === 0 ? {} : { problem: problems[0] as string }), ...figures },
    digest: hexOf(sha256(concatBytes(awake.hash, asleep.hash, newcomer.hash))).slice(0, 16),
  }
}
