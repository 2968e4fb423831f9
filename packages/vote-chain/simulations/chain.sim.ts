import { createSigner, type PeerId, type Signer, sealOf, sha256 } from '@interpeer/crypto-ids'
import {
  drawStorm,
  type Fault,
  isFault,
  type Outcome,
  type PlanEvent,
  planFaults,
  Random,
  type ScenarioInput,
  type Storm,
  type Weather,
  World,
} from '@interpeer/simulator'
import { concatBytes, encodeCbor, hexOf } from '@interpeer/wire-codec'
import type { CertifiedBlock } from '../src/block.js'
import type { GossipRules } from '../src/gossip/gossip.js'
import {
  type Application,
  createVerification,
  electorateOf,
  type Genesis,
  parseGenesis,
  quorumOf,
  SETTINGS,
  verifyChainCertificate,
} from '../src/index.js'
import { ChainNode, type Log, type Surroundings } from './chain-node.js'
import { cheapVerification, withCheapLottery } from './cheap-lottery.js'
import { ownVotesIn, PassedOn } from './passed-on.js'
import { brokenRule } from './rules-kept.js'
import { TACTICS, type Tactic } from './traitors.js'
import { Words } from './words.js'

export const START_MS = 1_700_000_000_000
const STORM_MS = 12_000
/** When all faults have stopped, so many heights more are final on all within so many of the longest round that the storm can have left. */
const HEIGHTS_AFTER = 3
const LIMIT_ROUNDS = 160
const SKEW_MS = 300
const DICE = { settings: 10, plan: 11, writes: 12, traitors: 14 } as const
/** Proposals, each kind of vote, bundles, blocks. */
const HUNTED = [82, 'soft', 'certify', 'certify', 'next', 84, 86] as const

/** The first byte of a transaction that spends a coin: then the coin, and to whom. */
export const SPEND = 2
/** Any bytes are welcome, but a coin is spent once. */
const log: Application<Log> = {
  begin: ({ seed, peers }) => ({ electors: peers, count: 0, digest: seed, spent: new Map() }),
  apply(state, transactions) {
    const refused: { readonly index: number; readonly code: string }[] = []
    let { digest, count } = state
    const spent = new Map(state.spent)
    for (const [index, bytes] of transactions.entries()) {
      const [kind, coin = 0, to = 0] = bytes
      if (kind === SPEND && spent.has(coin)) {
        refused.push({ index, code: 'LOG_SPENT' })
        continue
      }
      if (kind === SPEND) spent.set(coin, to)
      digest = sha256(concatBytes(digest, bytes))
      count++
    }
    return { state: { ...state, count, digest, spent }, refused }
  },
  dataSets: ({ count, digest }) => {
    const set = (name: string) => sealOf(name, [])
    return { ledger: digest, settings: set('settings'), names: set('names'), peers: sealOf('count', [count]), jobs: set('jobs') }
  },
  electorate: ({ electors }) => electors,
  check: (_, bytes) => (bytes.length === 0 ? 'LOG_EMPTY' : undefined),
}
const signerAt = (i: number): Signer => withCheapLottery(createSigner(sha256(Uint8Array.of(3, i >> 8, i & 0xff))))

function genesisOf(signers: readonly Signer[], settings: Record<string, number>): Genesis {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
  const peers = signers.map(({ peerId }) => peerId)
  const json = { protocol: 1, settings: { ...usual, ...settings }, peers, balances: [], seed: '5a'.repeat(32), startMs: START_MS }
  return parseGenesis(JSON.stringify(json))
}

/** So many traitors that two quorums still share an honest elector. */
export const traitorsMax = (electors: number): number => Math.max(0, 2 * quorumOf(electors) - electors - 1)

/** Somebody hands in a transaction. */
interface Write extends PlanEvent {
  readonly type: 'write'
  readonly node: number
}

export interface ChainRun extends ScenarioInput {
  /** What is not honest, by number. */
  readonly tacticsOf?: (random: Random, peers: number) => ReadonlyMap<number, readonly Tactic[]>
  readonly settings?: Record<string, number>
  readonly weather?: Partial<Weather>
  /** In place of the usual: with these few electors are too many to be told directly. */
  readonly gossip?: GossipRules
  readonly storm?: Partial<Storm>
  /** How long a transaction is. */
  readonly writeBytes?: number
  /** Added to the drawn plan. */
  readonly faults?: readonly Fault[]
  /** Plans what else a scenario does; what it gives says at the end what went wrong. */
  readonly also?: (around: Surroundings) => () => readonly string[]
  /** Of the world when all is over. */
  readonly figures?: (around: Surroundings) => Readonly<Record<string, number | string>>
  readonly stormMs?: number
  readonly cycleMs?: number
  /** False: the storm is all, and only what is never to happen is checked. */
  readonly isLive?: boolean
}

/**
 * The vote-chain under a storm: loss, repetition, delay, overtaking, one-way cuts and partitions, clogs, hunted kinds of messages, crashes after any effect with lost,
 * torn and late writes, full disks, stalls, clocks that are apart, drift and jump; traitors, as many as it bears, that equivocate, withhold, vote for everything or forget what they
 * voted; in some runs, then without traitors, a group that is drawn. Never two blocks at one height, nor two words of one honest peer against each other; and when all has healed, it goes on.
 */
export function simulate(input: ScenarioInput): Outcome {
  const dice = Random.named(input.seed, DICE.traitors)
  const isDrawn = input.peers >= 5 && dice.chance(250)
  if (isDrawn) {
    // so large that those who did not certify are no quorum by themselves: then chance can't fork it either
    const sizes = Array.from({ length: input.peers - 1 }, (_, i) => i + 1).filter((size) => 2 * quorumOf(size) > input.peers)
    return simulateChain({ ...input, settings: { rootGroupSize: sizes[0] ?? input.peers } })
  }
  return simulateChain({ ...input, tacticsOf: drawTraitors })
}
export function drawTraitors(random: Random, peers: number): ReadonlyMap<number, readonly Tactic[]> {
  const [count, first] = [random.below(traitorsMax(peers) + 1), random.below(peers)]
  return new Map(Array.from({ length: count }, (_, i) => [(first + i) % peers, [random.pick(TACTICS)()]]))
}

export function simulateChain({
  seed,
  peers,
  plan: givenPlan,
  trace,
  tacticsOf,
  stormMs = STORM_MS,
  isLive = true,
  ...given
}: ChainRun): Outcome {
  const dice = Random.named(seed, DICE.settings)
  const weather = {
    lossPerMille: dice.pick([0, 20, 100, 250]),
    repeatPerMille: dice.pick([0, 50]),
    delayMsMin: 1,
    delayMsMax: dice.pick([5, 60, 300, 900]),
    latePerMille: dice.pick([0, 0, 50]),
    lateMsMax: 3_000,
  }
  const roundMs = given.settings?.roundMs ?? dice.pick([100, 300, 600])
  const cycleMs = given.cycleMs ?? dice.pick([300, 1_000])
  const syncMsMax = dice.pick([0, 5, 40])
  const world = new World({ seed, startMs: START_MS, trace, ...weather, ...given.weather })
  const signers = Array.from({ length: peers }, (_, i) => signerAt(i))
  const genesis = genesisOf(signers, { cycleMs, roundMs, ...given.settings })
  const verification = cheapVerification(createVerification(genesis.network))
  const traitors = tacticsOf?.(Random.named(seed, DICE.traitors, 1), peers) ?? new Map<number, readonly Tactic[]>()
  const problems: string[] = []
  const chain = new Map<number, { readonly hash: string; readonly seed: Uint8Array }>()
  const counts = new Map<string, number>()
  const said = new Map<number, Words>()
  const passed = new Map<string, PassedOn>()
  const electors = new Set(signers.map(({ peerId }) => peerId))
  const passedBy = ({ index, machine, signer }: ChainNode): PassedOn => {
    const life = `${index} ${machine.crashes}`
    const known = passed.get(life) ?? new PassedOn(signer.peerId, electors)
    passed.set(life, known)
    return known
  }
  let [digest, rounds] = [new Uint8Array(32) as Uint8Array, 0]
  const nodes: ChainNode[] = []
  const around: Surroundings = {
    world,
    genesis,
    application: log,
    verification,
    gossip: given.gossip,
    nodes,
    onBlock(node, { block, hash }) {
      if (!node.isHonest) return
      const { height } = block.header
      digest = sha256(concatBytes(digest, encodeCbor([node.index, height, hash])))
      const { certificate } = block as CertifiedBlock
      rounds = Math.max(rounds, certificate.round)
      const known = chain.get(height)
      if (known === undefined) {
        const before = height === 1 ? genesis.seed : chain.get(height - 1)?.seed
        const electorate = electorateOf(genesis.peers, genesis.settings.rootGroupSize)
        verifyChainCertificate(certificate, { height, hash }, { height, seed: before as Uint8Array, electorate }, verification)
        chain.set(height, { hash: hexOf(hash), seed: block.header.seed })
      } else if (known.hash !== hexOf(hash)) problems.push(`two blocks are final at height ${height}`)
      world.note(node.index, `height ${height} is final: ${hexOf(hash).slice(0, 8)}, round ${certificate.round}`)
    },
    onSay(node, to, envelope) {
      if (!node.isHonest) return
      const words = said.get(node.index) ?? new Words()
      said.set(node.index, words)
      for (const one of [envelope, ...ownVotesIn(envelope, node.signer.publicKey)]) {
        const problem = words.add(node.signer.publicKey, one)
        if (problem !== undefined) problems.push(problem)
      }
      const problem = passedBy(node).add(to, envelope, verification)
      if (problem !== undefined) problems.push(problem)
    },
    onStep(node, before, after) {
      const problem = node.isHonest ? brokenRule(before, after) : undefined
      if (problem !== undefined) problems.push(problem)
    },
    onHear: (node, from, envelope) => void passedBy(node).hear(from, envelope),
    onCount: (_, code) => void counts.set(code, (counts.get(code) ?? 0) + 1),
  }
  for (const [i, signer] of signers.entries()) {
    const clock = { offsetMs: dice.between(-SKEW_MS, SKEW_MS), driftPpm: dice.between(-200, 200) }
    const machine = world.machine({ ...clock, disk: { syncMsMin: 0, syncMsMax } })
    nodes.push(new ChainNode(machine, signer, around, traitors.get(i)))
  }
  const plan = givenPlan ?? [...(given.faults ?? []), ...drawPlan(seed, peers, stormMs, given.storm)]
  planFaults(world, plan.filter(isFault))
  for (const event of plan) if (event.type === 'write') world.at(START_MS + event.atMs, () => hand(nodes, event as Write, given.writeBytes))
  const finish = given.also?.(around) ?? (() => [])
  for (const { machine } of nodes) machine.start()

  world.run({ untilMs: START_MS + stormMs, actsMax: 400_000, done: () => problems.length > 0 })
  endStorm(world, nodes)
  const honest = nodes.filter((node) => node.isHonest)
  const highest = Math.max(0, ...chain.keys())
  const goal = highest + HEIGHTS_AFTER
  const longestMs = roundMs * (1 + Math.min(40, highestRound(nodes)) / 2)
  const limitMs = START_MS + stormMs + LIMIT_ROUNDS * longestMs + 20_000
  const done = () => problems.length > 0 || honest.every((node) => node.height >= goal)
  if (isLive) world.run({ untilMs: limitMs, actsMax: 900_000, done })
  const settledMs = world.nowMs - START_MS - stormMs
  if (isLive && problems.length === 0 && !done())
    problems.push(`it stands still: ${honest.map((node) => node.height - goal).join(' ')} heights from the goal`)
  problems.push(...shunned(honest), ...finish())
  for (const problem of problems) world.note(undefined, `PROBLEM: ${problem}`)
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      heights: Math.max(0, ...chain.keys()),
      heightsInStorm: highest,
      rounds,
      treason: [...traitors.values()].flatMap((all) => all.map(({ name }) => name)).join('+') || 'none',
      drawn: genesis.settings.rootGroupSize < peers ? genesis.settings.rootGroupSize : 0,
      settledMs,
      roundMs,
      crashes: nodes.reduce((sum, { machine }) => sum + machine.crashes, 0),
      twoVotes: counts.get('VOTE_TWO') ?? 0,
      sent: world.sent,
      lost: world.lost,
      virtualMs: world.nowMs - START_MS,
      ...given.figures?.(around),
    },
    digest: hexOf(digest).slice(0, 16),
    plan,
  }
}
/** Whoever is honest passes on nothing for which another would shun it. */
function shunned(honest: readonly ChainNode[]): readonly string[] {
  const isHonest = new Set<PeerId>(honest.map(({ signer }) => signer.peerId))
  const out = honest.flatMap(({ state }) => [...(state?.gossip.shunned.keys() ?? [])])
  return out.some((peer) => isHonest.has(peer)) ? ['an honest peer shuns another'] : []
}
const highestRound = (nodes: readonly ChainNode[]): number => Math.max(0, ...nodes.map(({ state }) => state?.round ?? 0))

function drawPlan(seed: number, peers: number, forMs: number, storm: Partial<Storm> = {}): readonly PlanEvent[] {
  const random = Random.named(seed, DICE.plan)
  const faults = drawStorm(random, {
    nodes: Array.from({ length: peers }, (_, i) => i),
    forMs,
    crashes: 8,
    powerCuts: 1,
    ambushes: { most: 4, kinds: HUNTED, aloneMsMax: 2_000 },
    cuts: 4,
    partitions: 2,
    clogs: 1,
    hunts: { most: 2, kinds: HUNTED },
    jumps: { most: 3, msMax: 1_500 },
    stalls: 2,
    slows: 1,
    fulls: 1,
    ...storm,
  })
  const writes = Array.from({ length: random.below(8) }, (): Write => {
    return { type: 'write', atMs: random.below(forMs), node: random.below(peers) }
  })
  return [...faults, ...writes].sort((a, b) => a.atMs - b.atMs)
}
function hand(nodes: readonly ChainNode[], { node, atMs }: Write, bytes = 4): void {
  const transaction = new Uint8Array(Math.max(4, bytes))
  transaction.set([1, node, atMs & 0xff, atMs >> 8])
  nodes[node]?.tell({ type: 'submit', transaction })
}
/** All machines come back, whatever the plan said, and their clocks are set right within the skew that peers have. */
function endStorm(world: World, nodes: readonly ChainNode[]): void {
  world.heal(20)
  for (const { machine } of nodes) {
    const offMs = machine.nowMs - world.nowMs
    if (Math.abs(offMs) > SKEW_MS) machine.clock.jump(world.nowMs, -offMs)
    machine.clock.drift(world.nowMs, 0)
    machine.start()
  }
}
