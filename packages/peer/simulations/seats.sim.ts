import { accountOfJob, accountOfPeer, createSigner, type JobId, keyOfPeerId, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { type Job, jobOfManifest, type SeatClaim, signManifest, signPublish } from '@interpeer/job-scheduler'
import { Random } from '@interpeer/simulator'
import {
  type BlockInfo,
  type Header,
  hashOfHeader,
  type PeerEntry,
  parseGenesis,
  recoveryOf,
  SETTINGS,
  signRecovery,
  signRevocation,
  signRotation,
  signTerms,
  standingFor,
} from '@interpeer/vote-chain'
import { checkSeatProof, type NetworkState, networkApplication, presentTransaction, seatProofOf } from '../src/network/index.js'
import { closingTransaction, emptyShow, FILES } from './site-closings.js'

const [BLOCKS, SITES, SEATS, CYCLE_MS, START_MS] = [70, 12, 4, 1_000, 1_000_000]
/** One draw of so many is checked by an outsider, from its proof alone. */
const PROVEN_ONE_IN = 4
const DECLINES_MAX = 8
const zeros = new Uint8Array(32)

/**
 * What a peer does about seats. `dodger`: nothing in those that it does not like, half of them; it shows nothing in their recoveries either. `quitter`: ends its key when it is named for one. `seller`: hands its place, as
 * soon as it is named, to another key, which then does nothing there. `chooser`: makes each block, so knows its seed before anybody else, and states in it that it declines most sites but its favourite.
 */
const KINDS = ['dodger', 'quitter', 'seller', 'chooser'] as const
type Kind = 'honest' | (typeof KINDS)[number]

/**
 * Choosing, selling and dodging a seat (WP §6.4.3, §6.6), block by block with the chain's own code. Nothing that a block brings changes whom its seed draws. Who is named for a seat gets it, whatever it states afterwards; who does
 * nothing there pays with a ticket and a bad rating, under whichever key. Everyone can check a draw from its proof and the block's hash. Measured: how often choosers get their favourite.
 */
export function simulate({ seed, peers: count }: { readonly seed: number; readonly peers: number }) {
  const world = new Seats(new Random(seed), Math.max(24, Math.min(count, 60)))
  while (world.state.height < BLOCKS && world.problem === undefined) world.step()
  const { figures, problem, trace } = world
  return {
    verdict: problem === undefined ? ('pass' as const) : ('fail' as const),
    figures: problem === undefined ? figures : { ...figures, problem },
    digest: Buffer.from(trace).toString('hex'),
  }
}

interface Block {
  readonly header: Header
  readonly state: NetworkState
}

class Seats {
  readonly figures = {
    draws: 0,
    proven: 0,
    dodged: 0,
    quit: 0,
    sold: 0,
    seatsOfChoosers: 0,
    favourites: 0,
    seatsOfHonest: 0,
    favouritesOfHonest: 0,
  }
  state: NetworkState
  problem: string | undefined
  trace: Uint8Array = zeros
  readonly #random: Random
  readonly #application
  readonly #genesis
  readonly #signers = new Map<PeerId, Signer>()
  readonly #kinds = new Map<PeerId, Kind>()
  /** The seats that a peer does nothing in, by name. */
  readonly #disliked = new Map<string, boolean>()
  readonly #jobs: readonly JobId[]
  /** Of those whose epochs the last block ended: how many they did nothing in, and how many they finished. */
  readonly #ended = new Map<PeerId, { readonly idle: number; readonly done: number }>()
  #last: Block | undefined

  constructor(random: Random, count: number) {
    this.#random = random
    const made = Array.from({ length: count }, (_, i) => createSigner(sha256(Uint8Array.of(86, i))))
    for (const signer of made) this.#signers.set(signer.peerId, signer)
    for (const { peerId } of made) this.#kinds.set(peerId, random.chance(600) ? 'honest' : random.pick(KINDS))
    const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual: value }]) => [name, value]))
    const settings = {
      ...usual,
      cycleMs: CYCLE_MS,
      tenureMs: 16 * CYCLE_MS,
      roundMs: 400,
      blockReward: 0,
      intervalCycles: 25,
      recoveryCycles: 2,
    }
    const json = {
      protocol: 1,
      settings: { ...settings, secondRecoveryCycles: 3, activeCycles: 100_000, matureCycles: 0, slotsMax: 16 },
      peers: made.map(({ peerId }) => peerId),
      balances: [{ account: accountOfPeer(uploader.peerId), amount: '100000000000' }],
      seed: 'a5'.repeat(32),
      startMs: START_MS,
    }
    this.#genesis = parseGenesis(JSON.stringify(json))
    this.#application = networkApplication(this.#genesis.network)
    this.state = this.#application.begin(this.#genesis)
    const manifests = Array.from({ length: SITES }, (_, i) =>
      signManifest({ name: `site-${i}`, seats: SEATS, files: FILES, runtime: 'php-test', createdMs: 1 }, uploader, this.#genesis.network),
    )
    this.#jobs = manifests.map(jobOfManifest)
    this.#block(manifests.map((manifest) => signPublish(manifest, 4_000_000_000n, uploader, this.#genesis.network)))
    // sellers say at once which key may take their place
    const sellers = made.filter(({ peerId }) => this.#kinds.get(peerId) === 'seller')
    this.#block(sellers.map((signer) => signRecovery(0, recoveryOf(this.#spare(signer).publicKey), signer, this.#genesis.network)))
  }

  step(): void {
    const transactions: Uint8Array[] = []
    const add = (transaction: Uint8Array | undefined) => transaction !== undefined && transactions.push(transaction)
    for (const job of this.state.jobs.values()) {
      if (job.state !== 'running') continue
      const present = job.epoch.members.filter((peer) => !this.#isIdle(job, peer))
      if (job.recovering !== null) for (const peer of present) add(emptyShow(job, this.#signerOf(peer), this.#genesis.network))
      else if (job.next !== null && this.#nextMs > job.next.atMs)
        add(closingTransaction(job, { present }, (peer) => this.#signerOf(peer), this.#genesis.network))
    }
    for (const [peer, entry] of this.state.registry) {
      if (entry.standing === 'joined') add(presentTransaction(this.state, this.#signerOf(peer)))
    }
    this.#block(transactions, this.#orders())
  }

  /** What peers state about themselves in the next block, now that they know whom the last one named. */
  #orders(): Uint8Array[] {
    const { network } = this.#genesis
    return [...this.state.registry.values()].flatMap((entry): Uint8Array[] => {
      const signer = this.#signerOf(entry.peer)
      const kind = this.#kinds.get(entry.peer)
      if (entry.standing !== 'joined') return []
      if (kind === 'chooser') return this.#declining(entry, signer)
      const isNamed = [...this.state.jobs.values()].some((job) => job.state === 'running' && job.next?.joiner === entry.peer)
      if (!isNamed || entry.former.length > 0 || !this.#random.chance(300)) return []
      if (kind === 'quitter') {
        this.figures.quit++
        return [signRevocation(signer.publicKey, entry.orders, signer, network)]
      }
      if (kind !== 'seller' || entry.recovery === null) return []
      const heir = this.#spare(signer)
      this.#signers.set(heir.peerId, heir)
      this.#kinds.set(heir.peerId, 'honest')
      for (const { job, epoch } of this.state.jobs.values()) {
        for (let number = epoch.number + 1; number < epoch.number + 9; number++) this.#disliked.set(`${job} ${number} ${entry.peer}`, true)
      }
      this.figures.sold++
      return [signRotation(signer.publicKey, null, heir, network)]
    })
  }
  /** All but its favourite, and as many as may be. It knows the next block's seed, and that it says this in that block. */
  #declining({ peer, orders, slots }: PeerEntry, signer: Signer): Uint8Array[] {
    const favourite = this.#favouriteOf(peer)
    const others = this.#jobs.filter((job) => job !== favourite)
    const from = this.#random.below(others.length)
    const declines = Array.from({ length: DECLINES_MAX }, (_, i) => accountOfJob(others[(from + i) % others.length] as JobId))
    return [signTerms({ order: orders, slots, declines }, signer, this.#genesis.network)]
  }
  #favouriteOf = (peer: PeerId): JobId => this.#jobs[(keyOfPeerId(peer)[0] as number) % SITES] as JobId
  #spare = (signer: Signer): Signer => createSigner(sha256(Uint8Array.of(87, ...signer.publicKey)))
  #signerOf = (peer: PeerId): Signer => this.#signers.get(peer) as Signer

  #isIdle({ job, epoch }: Job, peer: PeerId): boolean {
    const name = `${job} ${epoch.number} ${peer}`
    const known = this.#disliked.get(name)
    if (known !== undefined) return known
    const isGone = this.state.registry.get(peer)?.standing === 'left'
    const idle = isGone || (this.#kinds.get(peer) === 'dodger' && this.#random.chance(500))
    this.#disliked.set(name, idle)
    return idle
  }

  get #nextMs(): number {
    return START_MS + (this.state.height + 1) * CYCLE_MS
  }
  /** @param orders what its maker, or anybody, may bring to influence it, beside what groups bring */
  #block(given: readonly Uint8Array[], orders: readonly Uint8Array[] = []): void {
    const before = this.state
    const info: BlockInfo = {
      height: before.height + 1,
      timeMs: this.#nextMs,
      seed: this.#random.bytes(32),
      leader: [...this.#signers.keys()][0] as PeerId,
      certifiers: [],
    }
    const [without, now] = [given, [...given, ...orders]].map((all) => this.#application.apply(before, all, info).state) as [
      NetworkState,
      NetworkState,
    ]
    this.state = now
    const data = this.#application.dataSets(now)
    this.trace = sha256(this.trace, ...Object.values(data))
    const rest = { leader: uploader.publicKey, proof: new Uint8Array(80), electorate: zeros, certificate: zeros, body: zeros }
    const previous = this.#last === undefined ? zeros : hashOfHeader(this.#last.header)
    const header: Header = { height: info.height, timeMs: info.timeMs, seed: info.seed, previous, ...rest, ...data }
    const at = { header, state: now }
    this.#ended.clear()
    for (const job of now.jobs.values()) this.#check(job, before, without, at)
    for (const [peer, { idle, done }] of this.#ended) if (idle > 0) this.#checkMark(peer, before, idle, done)
    this.#last = at
  }

  #check(job: Job, before: NetworkState, without: NetworkState, at: Block): void {
    const [was, other] = [before.jobs.get(job.job), without.jobs.get(job.job)]
    const drawn = (one: Job | undefined) => JSON.stringify([one?.epoch.members, one?.next?.joiner, one?.next?.seat])
    if (drawn(job) !== drawn(other)) this.#violate('what stands in a block changed whom its seed drew')
    if (was === undefined || was.state !== 'running' || job.state !== 'running') return
    const isNamed = job.next !== null && (was.next === null || was.epoch.number !== job.epoch.number)
    if (isNamed) this.#checkDraw(job, at)
    if (job.epoch.number === was.epoch.number) return
    const named = was.next
    const isClosed = was.recovering === null
    if (isClosed && named !== null && JSON.stringify(job.epoch.members) !== JSON.stringify(named.members))
      this.#violate('who was named for a seat did not get it')
    for (const peer of was.epoch.members) {
      const who = standingFor(before.registry, peer)?.peer ?? peer
      const { idle, done } = this.#ended.get(who) ?? { idle: 0, done: 0 }
      const isIdle = this.#disliked.get(`${job.job} ${was.epoch.number} ${peer}`) === true
      this.#ended.set(who, { idle: idle + Number(isIdle), done: done + Number(!isIdle && isClosed) })
    }
  }

  #checkDraw(job: Job, { header, state }: Block): void {
    const { next } = job
    if (next === null || this.#last === undefined) return
    const { joiner } = next
    this.figures.draws++
    const kind = this.#kinds.get(joiner)
    const isFavourite = this.#favouriteOf(joiner) === job.job
    if (kind === 'chooser') {
      this.figures.seatsOfChoosers++
      if (isFavourite) this.figures.favourites++
    } else if (kind === 'honest') {
      this.figures.seatsOfHonest++
      if (isFavourite) this.figures.favouritesOfHonest++
    }
    if (joiner === job.epoch.members[next.seat] || this.figures.draws % PROVEN_ONE_IN !== 0) return
    const claim: SeatClaim = { job: job.job, seat: next.seat, of: 'next' }
    const proof = seatProofOf(this.#last, { header, state }, claim)
    this.figures.proven++
    if (checkSeatProof(hashOfHeader(header), claim, proof, this.#genesis.settings) !== joiner)
      this.#violate('an outsider finds somebody else in a seat')
  }

  /** Who did nothing in a seat is marked, under whichever key it is now; who did something in another one has a ticket for that. */
  #checkMark(peer: PeerId, before: NetworkState, idle: number, done: number): void {
    const [was, is] = [before, this.state].map(({ registry }) => standingFor(registry, peer)) as [PeerEntry, PeerEntry]
    if (is.intervalHeight === this.state.height) return // its reviews faded in the same block
    this.figures.dodged += idle
    if (is.connection.bad <= was.connection.bad) this.#violate('who did nothing in a seat has no bad rating for it')
    if (is.tickets > Math.max(0, was.tickets - idle) + done) this.#violate('who did nothing in a seat has lost no ticket')
    if (is.standing === 'joined' && is.awaySinceHeight === null) this.#violate('who did nothing in a seat may have the next')
  }

  #violate(what: string): void {
    this.problem ??= what
  }
}
const uploader = createSigner(sha256(Uint8Array.of(85)))
