import { accountOfPeer, bytesOfAccount, type PeerId, type Signer, signMessage } from '@interpeer/crypto-ids'
import { signTransfer } from '@interpeer/intercoin-ledger'
import { type Job, signManifest, signPublish } from '@interpeer/job-scheduler'
import { drawStorm, type Fault, isFault, type Outcome, planFaults, Random, type ScenarioInput } from '@interpeer/simulator'
import { quorumOf, type Vote, voteMessage } from '@interpeer/vote-chain'
import { Books } from './books.js'
import { CYCLE_MS, genesisOf, type NetworkPeer, NetworkPeers, START_MS, signersOf, voteIn } from './network-peers.js'
import { closingTransaction, emptyShow, FILES } from './site-closings.js'

const [RUN_MS, SPLIT_AT_MS, SPLIT_MS] = [9_000, 2_000, 5_000]
const AGAIN_MS = 700
/** What was handed in and is not final is handed in again so much later: a crash forgets it. */
const PATIENCE_MS = 2_500
const [CUSTOMERS, PAYEES, ORDERS] = [4, 3, 3]
const [HELD, ESCROW] = [1_000_000_000n, 400_000_000n]
const SITES = ['wiki', 'shop'] as const
/** What can be spent of what is held, so that the tax is there too. */
const SPENT_MAX = 300_000_000

/**
 * Payments under faults. Each order of each customer is signed twice, for two payees, and handed in on two sides; so is what sites pay at the end of each epoch; who was paid spends it on; and the
 * last order of all is for more than is there. Half of the runs are a split (WP §8.5), with traitors, as many as the network bears, that hear both sides and vote for one block here and for another there; the
 * others a storm of cuts, partitions and clogs with crashes at any effect. After each block every peer's accounts are compared with what the blocks come to.
 */
export function simulate({ seed, peers: given, plan: givenPlan }: ScenarioInput): Outcome {
  const dice = Random.named(seed, 53)
  const count = Math.max(7, given)
  const signers = signersOf(4, count)
  const isSplit = dice.chance(500)
  const traitors = isSplit ? 2 * quorumOf(count) - count - 1 : 0
  const honest = Array.from({ length: count - traitors }, (_, i) => traitors + i)
  const cut = dice.between(1, honest.length - 1)
  const sides = [honest.slice(0, cut), honest.slice(cut)] as const
  const everyone = [...signersOf(5, CUSTOMERS + PAYEES + 1)]
  const [customers, payees, uploader] = [everyone.slice(0, CUSTOMERS), everyone.slice(CUSTOMERS, -1), everyone.at(-1) as Signer]
  const accountOf = ({ peerId }: Signer) => accountOfPeer(peerId)
  const balances = [...customers, uploader].map((signer) => ({ account: accountOf(signer), amount: String(HELD) }))
  const settings = {
    cycleMs: CYCLE_MS,
    roundMs: 120,
    matureCycles: 0,
    lookBack: 2,
    tenureMs: 6 * CYCLE_MS,
    seatPricePerCycle: 100_000,
    blockReward: 1_000,
    newAccountMin: 0, // payees begin with orders of any amount
  }
  const genesis = genesisOf(signers, settings, balances)
  const crashPerMille = dice.pick([0, 1, 2])
  const network = new NetworkPeers({ seed, signers, genesis, crashPerMille, lossPerMille: dice.pick([0, 20, 100]) })
  const { world } = network
  const plan = givenPlan ?? (isSplit ? splitOf(sides) : stormOf(seed, count))
  planFaults(world, plan.filter(isFault))
  if (isSplit) network.tamper = twoFaced(traitors, signers, network)

  const tracked = new Map([
    ...customers.map((one) => [accountOf(one), HELD] as const),
    ...payees.map((one) => [accountOf(one), 0n] as const),
  ])
  const rules = { network: genesis.network, taxPerMille: genesis.settings.transferTaxPerMille, blockReward: genesis.settings.blockReward }
  const books = new Books(tracked, network.newest.ledger, rules)
  const handedMs = new Map<Uint8Array, number>()
  /** To somebody on each side: the first, and what is signed against it. */
  const handIn = (rivals: readonly Uint8Array[]) =>
    rivals.forEach((transaction, i) => {
      if (world.nowMs < (handedMs.get(transaction) ?? 0) + PATIENCE_MS) return
      handedMs.set(transaction, world.nowMs)
      network.submit(dice.pick(sides[i % 2] as readonly number[]), transaction)
    })
  const signed = new Map<string, readonly Uint8Array[]>()
  /** The next order of an account: two, of one nonce. */
  const rivalsOf = (signer: Signer, nonce: number, amount: bigint): readonly Uint8Array[] => {
    const name = `${signer.peerId} ${nonce}`
    const first = dice.below(payees.length)
    const known =
      signed.get(name) ??
      [0, 1].map((i) => {
        const to = accountOf(payees[(first + i) % payees.length] as Signer)
        return signTransfer({ to, amount, nonce }, signer, genesis.network)
      })
    signed.set(name, known)
    return known
  }
  const order = () => {
    for (const customer of customers) {
      const nonce = books.nonceOf(accountOf(customer))
      // all at once, so that one block can have several
      for (let one = nonce; one < ORDERS; one++) handIn(rivalsOf(customer, one, BigInt(dice.between(1, SPENT_MAX))))
      if (nonce === ORDERS) handIn(rivalsOf(customer, nonce, HELD))
    }
    for (const payee of payees) {
      const held = books.balanceOf(accountOf(payee))
      if (held > 1_000n) handIn(rivalsOf(payee, books.nonceOf(accountOf(payee)), held / 2n))
    }
  }
  for (const name of SITES) {
    const manifest = signManifest({ name, seats: 3, files: FILES, runtime: 'php-test', createdMs: START_MS }, uploader, genesis.network)
    const publish = signPublish(manifest, ESCROW, uploader, genesis.network)
    for (let atMs = 50; atMs < 1_500; atMs += AGAIN_MS) world.at(START_MS + atMs, () => handIn([publish]))
  }
  const signerOf = (peer: PeerId) => signers.find(({ peerId }) => peerId === peer) as Signer
  const tend = (job: Job, timeMs: number) => {
    if (job.state !== 'running') return
    if (job.recovering !== null) {
      for (const peer of job.epoch.members) handIn([emptyShow(job, signerOf(peer), genesis.network)])
      return
    }
    if (job.next === null || timeMs + CYCLE_MS < job.next.atMs) return
    const name = `${job.job} ${job.epoch.number}`
    const free = job.epoch.mayPay > job.paid ? job.epoch.mayPay - job.paid : 0n
    const first = dice.below(payees.length)
    const known =
      signed.get(name) ??
      [0, 1].map((i) => {
        const account = bytesOfAccount(accountOf(payees[(first + i) % payees.length] as Signer))
        const payments = free < 10n ? [] : [{ account, amount: free / 10n }]
        return closingTransaction(job, { payments }, signerOf, genesis.network) as Uint8Array
      })
    signed.set(name, known)
    handIn(known)
  }
  const problems: string[] = []
  const say = (problem: string | undefined) => problem !== undefined && problems.push(problem)
  network.onBlock = (_, { block, state }) => {
    const { height } = block.header
    if (height === books.height + 1) say(books.add(block.body.transactions))
    say(books.compare(state.ledger, height))
  }
  const again = () => {
    const { jobs, timeMs } = network.newest
    order()
    for (const job of jobs.values()) tend(job, timeMs)
    world.after(AGAIN_MS, again)
  }
  world.at(START_MS + 400, again)

  const isWrong = () => problems.length + network.problems.length > 0
  world.run({ untilMs: START_MS + RUN_MS, done: isWrong })
  network.calm()
  const heightsInRun = network.newest.height
  const epochsInRun = books.epochs
  const isPaid = () => customers.every((one) => books.nonceOf(accountOf(one)) >= ORDERS)
  const running = () => [...network.newest.jobs.values()].filter(({ state }) => state === 'running')
  const isDone = () =>
    isPaid() &&
    (books.epochs > epochsInRun || running().length === 0) &&
    network.peers.every(({ chain }) => (chain?.tip.height ?? 0) > heightsInRun + 2)
  world.run({ untilMs: START_MS + RUN_MS + 30_000, done: () => isWrong() || isDone() })
  const ends = network.peers.map(({ chain }) => chain?.tip.height ?? 0)
  if (!isWrong() && !isDone()) problems.push(isPaid() ? 'it stands still' : 'an order that can be carried out never was')
  problems.push(...network.problems)
  const overspent = customers.filter((one) => books.nonceOf(accountOf(one)) > ORDERS).length
  if (overspent > 0) problems.push('somebody spent more than it held')
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      faults: isSplit ? `split ${sides[0].length}+${sides[1].length}+${traitors} traitors` : 'storm',
      heights: Math.max(...ends),
      heightsInRun,
      transfers: books.transfers,
      sitePayments: books.payments,
      epochs: books.epochs,
      rivalsSigned: signed.size,
      sites: running().length,
      settledMs: world.nowMs - START_MS - RUN_MS,
    },
    digest: network.final.get(books.height)?.slice(0, 16) ?? '',
    plan,
  }
}

function splitOf(sides: readonly [readonly number[], readonly number[]]): readonly Fault[] {
  return [sides, [sides[1], sides[0]] as const].map(([from, to]) => ({ type: 'cut', atMs: SPLIT_AT_MS, forMs: SPLIT_MS, from, to }))
}
const stormOf = (seed: number, count: number): readonly Fault[] =>
  drawStorm(Random.named(seed, 54), { nodes: Array.from({ length: count }, (_, i) => i), forMs: RUN_MS, cuts: 4, partitions: 3, clogs: 1 })

/** For one block here, and for another there. */
function twoFaced(traitors: number, signers: readonly Signer[], { genesis }: NetworkPeers): NetworkPeers['tamper'] {
  return ({ index }: NetworkPeer, to, envelope) => {
    const vote = index < traitors && to.index % 2 === 1 ? voteIn(envelope) : undefined
    if (vote === undefined || vote.block === null) return [envelope]
    const other: Vote = { ...vote, block: vote.kind === 'next' ? null : vote.block.map((byte) => byte ^ 0xff) }
    return [signMessage(voteMessage, other, signers[index] as Signer, genesis.network)]
  }
}
