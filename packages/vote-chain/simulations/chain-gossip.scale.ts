import { createSigner, networkIdOf, type PeerId, peerIdOfKey, type Signer, sealOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { type Machine, type Outcome, type ScenarioInput, World } from '@interpeer/simulator'
import { compareBytes, concatBytes, hexOf } from '@interpeer/wire-codec'
import { beginGossip, GOSSIP, type Gossip, type GossipEffect, withNeighbour } from '../src/gossip/gossip.js'
import { gossipMessage, linkMessage, numberOfNeighbours } from '../src/gossip/messages.js'
import { type Circle, onLink, tend } from '../src/gossip/neighbours.js'
import { charge, flush, meets, note, passOn, passOwn } from '../src/gossip/pass-on.js'
import { nameOfMessage } from '../src/gossip/seen.js'
import { electorateOf, lotInput, quorumOf } from '../src/index.js'
import { openVote, voteMessage } from '../src/messages.js'
import { nameOfTransaction } from '../src/pool.js'
import { drawOwn, faultOfVote, type RootGroup } from '../src/root-group.js'
import { createVerification, type Verification } from '../src/verification.js'
import { cheapVerification, withCheapLottery } from './cheap-lottery.js'
import { WARM_COSTS_US } from './costs.js'
import { Links, nearestRank } from './links.js'

const START_MS = 1_700_000_000_000
const GROUP = 200
/** Neighbours find each other; then each peer draws for one step, and who is drawn votes. */
const [VOTE_AT_MS, UNTIL_MS] = [6_000, 12_000]
const TIMES = { answerMs: 1_500, silentMs: 60_000, renewMs: 600_000 }

interface Common {
  readonly world: World
  readonly group: RootGroup
  readonly verification: Verification
  readonly quorum: number
  /** What was verified, by name: once for all peers, though each is charged for it. */
  readonly checked: Map<string, boolean>
  readonly post: (from: number, to: PeerId, envelope: Uint8Array) => void
  readonly onQuorum: (peer: number) => void
}

/** Sortition and gossip of one peer, and nothing else. */
class GossipPeer {
  gossip: Gossip = beginGossip(START_MS)
  readonly machine: Machine
  readonly #at: Common
  readonly #signer: Signer
  readonly #circle: Circle
  readonly #voters = new Set<string>()
  #effects: GossipEffect[] = []
  #us = 0
  #flushAtMs = Number.POSITIVE_INFINITY

  constructor(machine: Machine, signer: Signer, at: Common) {
    this.machine = machine
    this.#signer = signer
    this.#at = at
    const { electors, members } = at.group.electorate
    const diceOf = (bout: number) => at.verification.ownOutput(signer.vrfProve(sealOf('chain neighbours', [bout])))
    this.#circle = { self: signer.peerId, electors, members, bout: 0, diceOf }
    machine.host({ start: () => this.#tend(), stop: () => {} })
  }
  get nowMs(): number {
    return this.machine.nowMs
  }
  get effects(): { push(effect: GossipEffect): unknown } {
    return this.#effects
  }

  hear(from: PeerId, message: Uint8Array): void {
    this.#work(() => {
      if (numberOfNeighbours(message) === linkMessage.number) {
        onLink(this, from, linkMessage.decode(message).says, this.#circle, GOSSIP)
        return
      }
      if (!this.gossip.neighbours.has(from)) return
      this.gossip = withNeighbour(this.gossip, from, { isLinked: true, heardMs: this.nowMs })
      for (const vote of gossipMessage.decode(message).votes) this.#take(from, vote)
    })
  }
  /** Draws for the step, and votes if it was drawn. */
  draw(): void {
    this.#work(() => {
      this.#us += WARM_COSTS_US.vrfProve
      const proof = drawOwn(this.#at.group, { round: 0, step: 'soft', attempt: 0 }, this.#signer, this.#at.verification)
      if (proof === undefined) return
      this.#us += WARM_COSTS_US.sign
      const said = { height: this.#at.group.height, round: 0, kind: 'soft', attempt: 0, block: this.#at.group.seed } as const
      const value = { ...said, voter: this.#signer.publicKey, proof }
      const vote = signMessage(voteMessage, value, this.#signer, NETWORK)
      this.#voters.add(this.#signer.peerId)
      passOwn(this, 'vote', vote)
    })
  }

  #take(from: PeerId, vote: Uint8Array): void {
    const name = nameOfMessage(vote)
    if (!meets(this, from, name)) return
    note(this, from, name)
    if (this.#voters.size >= this.#at.quorum) {
      charge(this, from)
      return
    }
    this.#us += WARM_COSTS_US.verify + WARM_COSTS_US.vrfVerify
    if (!this.#holds(name, vote)) throw new Error('a vote that does not hold')
    this.#voters.add(name)
    passOn(this, 'vote', vote, GOSSIP.gatherMs, name)
    if (this.#voters.size === this.#at.quorum) this.#at.onQuorum(this.machine.index)
  }
  #holds(name: string, vote: Uint8Array): boolean {
    const { checked, group, verification } = this.#at
    const known = checked.get(name)
    if (known !== undefined) return known
    const opened = openVote(vote, verification.opener)
    const holds = faultOfVote(opened, peerIdOfKey(opened.voter), group, verification) === undefined
    checked.set(name, holds)
    return holds
  }
  #tend(): void {
    this.#work(() => tend(this, this.#circle, GOSSIP, TIMES))
    this.machine.later(TIMES.answerMs, () => this.#tend())
  }
  #work(work: () => void): void {
    this.machine.work(() => {
      work()
      flush(this, GOSSIP.fanOut, nameOfTransaction)
      const effects = this.#effects
      this.#effects = []
      const costUs = this.#us + WARM_COSTS_US.event
      this.#us = 0
      return { costUs, done: () => this.#perform(effects) }
    })
  }
  #perform(effects: readonly GossipEffect[]): void {
    for (const effect of effects) if (effect.type === 'send') this.#at.post(this.machine.index, effect.to, effect.envelope)
    const atMs = this.gossip.flushAtMs ?? Number.POSITIVE_INFINITY
    if (atMs === Number.POSITIVE_INFINITY || atMs === this.#flushAtMs) return
    this.#flushAtMs = atMs
    this.machine.later(atMs - this.nowMs, () => this.#work(() => {}))
  }
}

const seed = sha256(Uint8Array.of(40))
const NETWORK = networkIdOf(Uint8Array.of(40))

/** Sortition and gossip alone, of very many: one step's votes, of 200 that are drawn, until each peer has a quorum of them. */
export function simulate({ seed: given, peers, trace }: ScenarioInput): Outcome {
  const world = new World({ seed: given, startMs: START_MS, trace })
  const signers = Array.from({ length: peers }, (_, i) =>
    withCheapLottery(createSigner(sha256(Uint8Array.of(6, i >> 16, i >> 8, i)))),
  ).sort((a, b) => compareBytes(a.publicKey, b.publicKey))
  const indexes = new Map(signers.map(({ peerId }, i) => [peerId, i]))
  const electorate = electorateOf(
    signers.map(({ peerId }) => peerId),
    GROUP,
  )
  const links = new Links(world, peers)
  const quorumMs: number[] = []
  const group: RootGroup = { height: 1, seed: sha256(seed, Uint8Array.of(given)), electorate }
  const common: Common = {
    world,
    group,
    verification: cheapVerification(createVerification(NETWORK)),
    quorum: quorumOf(electorate.size),
    checked: new Map(),
    post(from, to, envelope) {
      const hearer = indexes.get(to) as number
      const peer = (signers[from] as Signer).peerId
      links.post(from, hearer, envelope, () => nodes[hearer]?.hear(peer, envelope))
    },
    onQuorum: () => void quorumMs.push(world.nowMs - START_MS - VOTE_AT_MS),
  }
  const nodes = signers.map((signer) => new GossipPeer(world.machine(), signer, common))
  for (const { machine } of nodes) machine.start()
  world.run({ untilMs: START_MS + VOTE_AT_MS - 1, actsMax: 1e9 })
  const linking = links.take()
  for (const node of nodes) world.at(START_MS + VOTE_AT_MS, () => node.draw())
  world.run({ untilMs: START_MS + UNTIL_MS, actsMax: 1e9 })
  const sent = links.take()
  const degrees = nodes.map(({ gossip }) => [...gossip.neighbours.values()].filter(({ isLinked }) => isLinked).length)
  const problem = quorumMs.length < peers ? `${peers - quorumMs.length} of ${peers} have no quorum` : undefined
  const ranks = (values: Iterable<number>) => {
    const all = [...values]
    return { p50: nearestRank(all, 50), p99: nearestRank(all, 99), max: nearestRank(all, 100) }
  }
  return {
    verdict: problem === undefined ? 'pass' : 'fail',
    figures: {
      ...(problem === undefined ? {} : { problem }),
      drawn: common.checked.size,
      quorumMs: ranks(quorumMs),
      messages: ranks(sent.messages),
      bytes: ranks(sent.bytes),
      neighbours: { least: Math.min(...degrees), ...ranks(degrees) },
      linkingMessages: ranks(linking.messages),
    },
    digest: hexOf(
      sha256(concatBytes(...[...quorumMs].map((ms) => Uint8Array.of(ms >> 8, ms))), lotInput(group.seed, 1, 0, 'soft', 0)),
    ).slice(0, 16),
  }
}
