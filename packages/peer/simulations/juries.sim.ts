import {
  accountOfPeer,
  bytesOfContentId,
  contentIdOf,
  createSigner,
  keyOfPeerId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { accountOf, assertConserved, balanceOf, signTransfer } from '@interpeer/intercoin-ledger'
import { groupQuorum, type Job, jobOfManifest, signManifest, signPublish } from '@interpeer/job-scheduler'
import {
  type AccusationFinding,
  type Answer,
  accusationMessage,
  accusationVerdict,
  batchMessage,
  certificateMessage,
  disputeMessage,
  revealMessage,
  showMessage,
  verdictMessage,
  withheldMessage,
} from '@interpeer/peer-group'
import { Random } from '@interpeer/simulator'
import { parseGenesis, SETTINGS } from '@interpeer/vote-chain'
import { bytesOfHex } from '@interpeer/wire-codec'
import type { AccusationCase } from '../src/network/accusations.js'
import type { DisputeCase } from '../src/network/disputes.js'
import { epochCloseTransaction, type NetworkState, networkApplication } from '../src/network/index.js'

const [BLOCKS, SEATS, CYCLE_MS, START_MS] = [120, 4, 1_000, 1_000_000]
/** Blocks in which who is to leave its seat has left it: recoveries, three at the most, each with its grace. */
const LEAVES_WITHIN = 40
const root = contentIdOf(Uint8Array.of(0x91), 'dag-cbor')
const files = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')
const zeros = new Uint8Array(32)
const batch = sha256(Uint8Array.of(90))
const answer = (final: number): Answer => {
  return { root: bytesOfContentId(root), responses: zeros, effects: zeros, fuel: 0, final, disputed: 0, own: zeros }
}

/**
 * What a peer is. `liar`: answers reads falsely, so an accusation of it is right. `slanderer`: accuses members that did nothing, accuses liars of nothing so that nobody else can accuse them of
 * something, and says that it was not given batches. Both are jurors that find the contrary of what is so. Some of either kind, and some honest peers, never say anything.
 */
type Kind = 'honest' | 'liar' | 'slanderer'
interface Cast {
  readonly signers: ReadonlyMap<PeerId, Signer>
  readonly kinds: ReadonlyMap<PeerId, Kind>
  readonly silent: ReadonlySet<PeerId>
}

/**
 * The chain's own code for juries (jury.md, 33 to 53), block by block: who calls a jury in vain, with and without coins to pay for it, who lies where only a run shows it, jurors that find the
 * contrary, and jurors that never judge. What members and jurors would find by running is given; what the chain makes of it is run.
 */
export function simulate({ seed, peers: count }: { readonly seed: number; readonly peers: number }) {
  const random = new Random(seed)
  const world = new World(random, Math.max(14, Math.min(count, 24)))
  while (world.height < BLOCKS && world.problem === undefined) world.step()
  const { figures, problem, trace } = world
  return {
    verdict: problem === undefined ? ('pass' as const) : ('fail' as const),
    figures: problem === undefined ? figures : { ...figures, problem },
    digest: Buffer.from(trace).toString('hex'),
  }
}

class World implements Cast {
  readonly signers: ReadonlyMap<PeerId, Signer>
  readonly kinds: ReadonlyMap<PeerId, Kind>
  readonly silent: ReadonlySet<PeerId>
  readonly figures = { accusations: 0, disputes: 0, upheld: 0, inVain: 0, unjudged: 0, settled: 0, late: 0, left: 0, paid: 0, bought: 0 }
  height = 0
  problem: string | undefined
  trace: Uint8Array = zeros
  readonly #random: Random
  readonly #application
  readonly #genesis
  #state: NetworkState
  /** By peer: the height up to which it has to have left. */
  readonly #leaving = new Map<PeerId, number>()
  /** Cases that are decided, and what accounts had before the block that did. */
  readonly #decided = new Set<string>()
  #epochHeight = 0

  constructor(random: Random, count: number) {
    this.#random = random
    const made = Array.from({ length: count }, (_, i) => createSigner(sha256(Uint8Array.of(84, i))))
    this.signers = new Map(made.map((signer) => [signer.peerId, signer]))
    const kindOf = (): Kind => (random.chance(750) ? 'honest' : random.chance(500) ? 'liar' : 'slanderer')
    this.kinds = new Map(made.map(({ peerId }) => [peerId, kindOf()]))
    this.silent = new Set([...this.kinds].filter(([, kind]) => random.chance(kind === 'honest' ? 250 : 500)).map(([peer]) => peer))
    const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
    const settings = { ...usual, cycleMs: CYCLE_MS, tenureMs: 60_000, roundMs: 400, blockReward: 0, activeCycles: 100_000 }
    const times = { disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2 }
    this.#genesis = parseGenesis(
      JSON.stringify({
        protocol: 1,
        settings: { ...settings, ...times },
        peers: made.map(({ peerId }) => peerId),
        balances: [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }],
        seed: 'a5'.repeat(32),
        startMs: START_MS,
      }),
    )
    this.#application = networkApplication(this.#genesis.network)
    this.#state = this.#application.begin(this.#genesis)
    // half of the peers have coins for some juries, the others none
    const rich = made.filter(() => random.chance(500))
    const { nonce } = accountOf(this.#state.ledger, accountOfPeer(uploader.peerId))
    const sent = rich.map(({ peerId }, i) =>
      signTransfer({ to: accountOfPeer(peerId), amount: 30_000_000n, nonce: nonce + i }, uploader, this.#genesis.network),
    )
    const given = { name: 'wiki', seats: SEATS, files, runtime: 'php-test', createdMs: 1 }
    const manifest = signManifest(given, uploader, this.#genesis.network)
    this.#job = jobOfManifest(manifest)
    this.#block([...sent, signPublish(manifest, 1_000_000_000n, uploader, this.#genesis.network)])
    this.#block([])
  }
  readonly #job

  get #entry(): Job {
    return this.#state.jobs.get(this.#job) as Job
  }

  step(): void {
    const { epoch, recovering, next } = this.#entry
    const transactions: Uint8Array[] = []
    for (const peer of epoch.members) {
      if (recovering !== null) transactions.push(this.#show(peer))
      else if (this.#random.chance(120)) transactions.push(...this.#complaintsOf(peer))
    }
    for (const one of this.#state.accusations.values()) transactions.push(...this.#verdictsOn(one))
    for (const one of this.#state.disputes.values()) transactions.push(...this.#verdictsIn(one))
    if (recovering === null && next !== null && this.#timeMs(this.height + 1) > next.atMs) transactions.push(this.#closing())
    this.#block(transactions)
  }

  #complaintsOf(peer: PeerId): Uint8Array[] {
    const { closedEpochs } = this.#state
    const closed = closedEpochs.get(this.#job)
    const isLate = closed?.members.includes(peer) === true && this.#random.chance(500)
    const { epoch, members } = isLate ? closed : { epoch: this.#entry.epoch.number, members: this.#entry.epoch.members }
    const kind = this.kinds.get(peer)
    const others = members.filter((one) => one !== peer)
    const liar = others.find((one) => this.kinds.get(one) === 'liar')
    if (kind === 'honest') return liar === undefined ? [] : [this.#accusation(peer, liar, epoch)]
    if (kind === 'liar') return []
    if (this.#random.chance(400)) return [this.#withheld(peer)]
    const victim = others.find((one) => this.kinds.get(one) === 'honest')
    const whom = liar !== undefined && this.#random.chance(500) ? liar : victim
    return whom === undefined ? [] : [this.#accusation(peer, whom, epoch)]
  }

  #accusation(by: PeerId, of: PeerId, epoch: number): Uint8Array {
    const signer = this.signers.get(by) as Signer
    const about = { job: bytesOfContentId(this.#job), epoch, accused: keyOfPeerId(of) }
    const value = { ...about, kind: 'read', evidence: sha256(batch, signer.publicKey) } as const
    return signMessage(accusationMessage, { ...value, from: signer.publicKey }, signer, this.#genesis.network)
  }

  /** All others certified a step; this one says that it was not given the batch. */
  #withheld(by: PeerId): Uint8Array {
    const { number, members, start } = this.#entry.epoch
    const { network } = this.#genesis
    const place = { job: bytesOfContentId(this.#job), epoch: number, step: 1, batch }
    const reveals = members
      .filter((peer) => peer !== by)
      .map((peer) => {
        const signer = this.signers.get(peer) as Signer
        const value = { ...place, rank: 0, from: signer.publicKey, start: bytesOfContentId(start), salt: zeros }
        return signMessage(revealMessage, { ...value, answer: answer(0) }, signer, network)
      })
    const certificate = certificateMessage.encode({ ...place, rank: 0, reveals })
    const signer = this.signers.get(by) as Signer
    const said = signMessage(withheldMessage, { ...place, rank: 0, from: signer.publicKey, stretch: null }, signer, network)
    return disputeMessage.encode({ ...place, base: null, steps: [certificate], evidence: { type: 'objection', statements: [said] } })
  }

  #verdictsOn(one: AccusationCase): Uint8Array[] {
    const right = this.#truthOf(one)
    const wrong: AccusationFinding = right === 'accused-lied' ? 'accuser-lied' : 'accused-lied'
    return this.#jurorsOf(one, one.outcome === 'open', new Set(one.verdicts.map(({ juror }) => juror))).map((signer) => {
      const finding = this.kinds.get(signer.peerId) === 'honest' ? right : wrong
      const value = { job: bytesOfContentId(one.job), epoch: one.epoch, accusation: bytesOfHex(one.id), from: signer.publicKey, finding }
      return signMessage(accusationVerdict, value, signer, this.#genesis.network)
    })
  }
  /** What honest jurors find. */
  #truthOf({ accuser, accused }: AccusationCase): AccusationFinding {
    if (this.kinds.get(accused) !== 'liar') return 'accuser-lied'
    return this.kinds.get(accuser) === 'slanderer' ? 'unfit' : 'accused-lied'
  }
  #verdictsIn(one: DisputeCase): Uint8Array[] {
    return this.#jurorsOf(one, one.judgment === null, new Set(one.verdicts.map(({ juror }) => juror))).map((signer) => {
      const said = this.kinds.get(signer.peerId) === 'honest' ? answer(0) : { ...answer(0), fuel: 7 }
      const finding = { type: 'answered', step: 1, answer: said } as const
      const value = { job: bytesOfContentId(one.job), epoch: one.epoch, dispute: bytesOfHex(one.id), from: signer.publicKey, finding }
      return signMessage(verdictMessage, value, signer, this.#genesis.network)
    })
  }
  /** Who says something in this block: each sooner or later, but who never does. */
  #jurorsOf({ jury }: { readonly jury: readonly PeerId[] | null }, isOpen: boolean, spoke: ReadonlySet<PeerId>): readonly Signer[] {
    if (!isOpen || jury === null) return []
    const speaks = (peer: PeerId) => !spoke.has(peer) && !this.silent.has(peer) && this.#random.chance(800)
    return jury.filter(speaks).map((peer) => this.signers.get(peer) as Signer)
  }

  #show(peer: PeerId): Uint8Array {
    const signer = this.signers.get(peer) as Signer
    const held = { steps: [], bound: null, boundBatch: null, reveal: null, seen: 0 }
    const value = { job: bytesOfContentId(this.#job), epoch: this.#entry.epoch.number, from: signer.publicKey, ...held }
    return signMessage(showMessage, value, signer, this.#genesis.network)
  }

  #closing(): Uint8Array {
    const { epoch, next, paid } = this.#entry
    const place = { job: bytesOfContentId(this.#job), epoch: epoch.number, step: 4 }
    const agreed = { agreed: 3, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
    const bytes = batchMessage.encode({
      ...place,
      ancestors: [],
      from: bytesOfContentId(root),
      collator: (this.signers.get(epoch.members[0] as PeerId) as Signer).publicKey,
      timeMs: (next?.atMs ?? 0) + 5,
      proof: new Uint8Array(80),
      requests: [],
      events: [],
      final: 3,
      disputed: 0,
      dissents: [],
      closing: true,
      settled: paid,
      mayPay: epoch.mayPay,
      payments: [],
      outcomes: epoch.members.map(() => agreed),
    })
    const reveals = epoch.members.slice(0, groupQuorum(SEATS)).map((peer) => {
      const signer = this.signers.get(peer) as Signer
      const value = { ...place, rank: 0, batch: sha256(bytes), from: signer.publicKey, start: bytesOfContentId(root), salt: zeros }
      return signMessage(revealMessage, { ...value, answer: answer(3) }, signer, this.#genesis.network)
    })
    return epochCloseTransaction(this.#job, certificateMessage.encode({ ...place, rank: 0, batch: sha256(bytes), reveals }), bytes)
  }

  #timeMs = (height: number): number => START_MS + height * CYCLE_MS

  #block(transactions: readonly Uint8Array[]): void {
    const before = this.#state
    const height = before.height + 1
    this.height = height
    const info = {
      height,
      timeMs: this.#timeMs(height),
      seed: this.#random.bytes(32),
      leader: [...this.signers.keys()][0] as PeerId,
      certifiers: [],
    }
    this.#state = this.#application.apply(before, transactions, info).state
    this.trace = sha256(this.trace, ...Object.values(this.#application.dataSets(this.#state)))
    this.#check(before)
  }

  #check(before: NetworkState): void {
    const state = this.#state
    assertConserved(state.ledger)
    const { epoch } = this.#entry ?? {}
    if (epoch === undefined) return
    if (epoch.number !== before.jobs.get(this.#job)?.epoch.number) this.#epochHeight = this.height
    // three recoveries, and juries before them, take less than this
    if (epoch.members.length > 0 && this.height - this.#epochHeight > 80) this.#violate('the site stands still')
    for (const one of state.accusations.values()) this.#checkAccusation(one, before)
    for (const one of state.disputes.values()) this.#checkDispute(one, before)
    for (const [peer, until] of this.#leaving) {
      if (epoch.members.includes(peer)) {
        if (this.height > until) this.#violate('who has to leave keeps its seat')
      } else {
        this.figures.left++
        this.#leaving.delete(peer)
      }
    }
    for (const [peer, { agreement }] of state.registry) {
      const wasBad = before.registry.get(peer)?.agreement.bad ?? 0
      if (agreement.bad > wasBad && this.kinds.get(peer) === 'honest' && this.figures.bought === 0)
        this.#violate('an honest peer is marked')
    }
  }

  #checkAccusation(one: AccusationCase, before: NetworkState): void {
    if (one.outcome === 'open') {
      if (one.jury !== null && this.#timeMs(this.height) >= one.deadlineMs) this.#violate('a jury that does not judge holds its case open')
      return
    }
    if (this.#decided.has(one.id)) return
    this.#decided.add(one.id)
    this.figures.accusations++
    if (one.epoch !== this.#entry.epoch.number) this.figures.late++
    if (this.#isBought(one.jury ?? [])) {
      this.figures.bought++
      return
    }
    const { accuser, accused, outcome } = one
    if (outcome === 'settled') {
      this.figures.settled++
      const isUpheld = (other: AccusationCase) => other.accused === accused && other.epoch === one.epoch && other.leave.includes(accused)
      if (one.leave.length > 0 || ![...this.#state.accusations.values()].some(isUpheld)) this.#violate('a case is settled by no other')
      return
    }
    if (outcome === 'unjudged') {
      this.figures.unjudged++
      if (one.leave.length > 0) this.#violate('somebody leaves for what nobody found')
      return
    }
    if (outcome !== this.#truthOf(one)) {
      this.#violate('a jury whose honest jurors all spoke found what is not so')
      return
    }
    const isUpheld = outcome === 'accused-lied'
    if (isUpheld) this.figures.upheld++
    else this.figures.inVain++
    this.#lost(isUpheld ? accused : accuser, before, outcome !== 'unfit' || one.leave.includes(accuser))
  }

  /** Who lost pays as far as it has coins, and leaves where that was too little, or it lied. */
  #lost(loser: PeerId, before: NetworkState, leaves: boolean): void {
    const [had, has] = [before, this.#state].map((state) => this.#held(state, loser)) as [bigint, bigint]
    if (!this.#earnedSince(before, loser)) {
      if (had === 0n && !leaves) this.#violate('who can not pay for a jury that it called in vain stays')
      if (had > 0n && has === had) this.#violate('who lost paid nothing')
    }
    if (has < had) this.figures.paid++
    if (leaves) this.#leaving.set(loser, this.height + LEAVES_WITHIN)
  }

  /** Whether its epoch was paid for in this block, before juries were: then what it had when it was judged is not what it had in the block before. */
  #earnedSince(before: NetworkState, peer: PeerId): boolean {
    const epoch = before.jobs.get(this.#job)?.epoch
    return epoch?.number !== this.#entry.epoch.number && epoch?.members.includes(peer) === true
  }

  #checkDispute(one: DisputeCase, before: NetworkState): void {
    if (one.judgment === null) {
      if (one.jury !== null && this.#timeMs(this.height) >= one.deadlineMs) this.#violate('a jury that does not judge holds its group up')
      return
    }
    if (this.#decided.has(one.id)) return
    this.#decided.add(one.id)
    this.figures.disputes++
    if (this.#isBought(one.jury ?? [])) this.figures.bought++
    else if (one.judgment.by !== 'jury') this.figures.unjudged++
    else {
      // who said for nothing that it was not given the batch
      this.figures.inVain++
      const [loser] = one.judgment.unresolved
      if (loser === undefined || one.judgment.outcome !== 'stands') {
        this.#violate('a jury undid what was right')
        return
      }
      this.#lost(loser, before, one.debtors.includes(loser))
    }
  }

  /** Whether the jurors that find the contrary are at least as many as the others: then what it finds says nothing. */
  #isBought(jury: readonly PeerId[]): boolean {
    const honest = jury.filter((peer) => this.kinds.get(peer) === 'honest').length
    return 2 * honest <= jury.length
  }
  #held = (state: NetworkState, peer: PeerId): bigint => balanceOf(state.ledger, accountOfPeer(peer))

  #violate(what: string): void {
    this.problem ??= what
  }
}
const uploader = createSigner(sha256(Uint8Array.of(85)))
